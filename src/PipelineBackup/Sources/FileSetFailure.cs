namespace PipelineBackup.Sources;

/// <summary>What a failure of the file system means for a source of files.</summary>
internal static class FileSetFailure
{
    // ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION on Windows; EAGAIN of a lock elsewhere.
    private const int SharingViolation = 32, LockViolation = 33, LockedOnLinux = 11, LockedOnMacOS = 35;

    /// <summary>The failure to tell.</summary>
    public static SourceException Of(Exception failure, string path) => failure switch
    {
        FileNotFoundException or DirectoryNotFoundException => new($"'{path}' is not there", failure)
        {
            Error = JetError.FileNotFound,
            Hint = "check the path; a relative one counts from the current directory",
            ExitCode = ExitCode.NotFound,
        },
        UnauthorizedAccessException => new($"'{path}' may not be read: {failure.Message}", failure)
        {
            Error = JetError.AccessDenied,
            Hint = "run as a user who may read the files",
        },
        IOException io when IsInUse(io.HResult) => new($"'{path}' is in use: {failure.Message}", failure)
        {
            Hint = "back up a snapshot of the volume, or stop the program that has the file open",
            ExitCode = ExitCode.InUse,
        },
        _ => new($"'{path}' cannot be read: {failure.Message}", failure) { Error = JetError.DiskIO },
    };

    private static bool IsInUse(int code) => OperatingSystem.IsWindows()
        ? (code & 0xFFFF) is SharingViolation or LockViolation
        : code is LockedOnLinux or LockedOnMacOS;
}
