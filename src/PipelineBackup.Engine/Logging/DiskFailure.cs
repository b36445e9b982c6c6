namespace PipelineBackup.Engine;

/// <summary>What the failures of disks mean.</summary>
internal static class DiskFailure
{
    // ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows; ENOSPC and EDQUOT elsewhere.
    private const int WindowsFull = 112, WindowsHandleFull = 39, NoSpace = 28, QuotaLinux = 122, QuotaMac = 69;

    /// <summary>Whether there was no room.</summary>
    /// <param name="failure">The failure.</param>
    public static bool IsFull(IOException failure)
    {
        int code = failure.HResult, low = code & 0xFFFF;
        bool isWindows = (code >> 16 & 0x1FFF) == 7 && code < 0;
        return isWindows ? low is WindowsFull or WindowsHandleFull : code is NoSpace or QuotaLinux or QuotaMac;
    }

    /// <summary>The error that a failure is told as.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="otherwise">The error when it is not a full disk.</param>
    public static EseError Of(Exception failure, EseError otherwise) => failure switch
    {
        EseException known => known.Error,
        IOException io when IsFull(io) => EseError.DiskFull,
        _ => otherwise,
    };
}
