using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PipelineBackup.Sources;

/// <summary>
/// The number by which a file system knows a file (inode, file index). Not every file system keeps a time of creation, and
/// Windows gives that of a file to the next one of its name.
/// </summary>
internal static partial class FileNumber
{
    // struct statx and BY_HANDLE_FILE_INFORMATION are the same on every processor.
    private const int StatxBytes = 256, StatxNumber = 32, StatxWantsNumber = 0x100, EmptyPath = 0x1000, WorkingDirectory = -100;
    private const int InformationBytes = 52, InformationNumberHigh = 44, InformationNumberLow = 48;

    /// <summary>The number of an open file; 0 where the system does not tell.</summary>
    public static ulong Of(SafeFileHandle file)
    {
        try
        {
            return OperatingSystem.IsLinux() ? OnLinux(file) : OperatingSystem.IsWindows() ? OnWindows(file) : 0;
        }
        catch (EntryPointNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>The number of the file that a path names; 0 where there is none or the system does not tell.</summary>
    public static ulong Of(string path)
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        try
        {
            Span<byte> buffer = stackalloc byte[StatxBytes];
            return Statx(WorkingDirectory, path, 0, StatxWantsNumber, buffer) == 0 ? BitConverter.ToUInt64(buffer[StatxNumber..]) : 0;
        }
        catch (EntryPointNotFoundException)
        {
            return 0;
        }
    }

    private static ulong OnLinux(SafeFileHandle file)
    {
        Span<byte> buffer = stackalloc byte[StatxBytes];
        return Statx(file, "", EmptyPath, StatxWantsNumber, buffer) == 0 ? BitConverter.ToUInt64(buffer[StatxNumber..]) : 0;
    }

    private static ulong OnWindows(SafeFileHandle file)
    {
        Span<byte> buffer = stackalloc byte[InformationBytes];
        return GetInformation(file, buffer) != 0
            ? (ulong)BinaryPrimitives.ReadUInt32LittleEndian(buffer[InformationNumberHigh..]) << 32
                | BinaryPrimitives.ReadUInt32LittleEndian(buffer[InformationNumberLow..])
            : 0;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeFileHandle file, string path, int flags, uint mask, Span<byte> buffer);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, Span<byte> buffer);

    [LibraryImport("kernel32", EntryPoint = "GetFileInformationByHandle")]
    private static partial int GetInformation(SafeFileHandle file, Span<byte> information);
}
