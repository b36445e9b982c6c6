using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PipelineBackup.Shared;

/// <summary>Why an operation on a file failed, as far as a caller acts on it.</summary>
internal enum FileFault
{
    /// <summary>Anything else.</summary>
    Other,

    /// <summary>The name is taken.</summary>
    Exists,

    /// <summary>The file, or a directory on the way to it, is not there.</summary>
    NotFound,

    /// <summary>A part of the path that should be a directory is a file.</summary>
    NotDirectory,

    /// <summary>No space or quota left.</summary>
    Full,

    /// <summary>Not permitted, or the file system is read-only.</summary>
    Denied,

    /// <summary>The two names lie on different file systems.</summary>
    CrossDevice,

    /// <summary>The file system cannot do this.</summary>
    Unsupported,

    /// <summary>
    /// A time-out, a stale handle of a network file system, a lock of another process: may pass by itself.
    /// </summary>
    Passing,
}

/// <summary>
/// What must be on disk before a name may point to it, and how a name is taken without replacing another's file.
/// </summary>
/// <remarks>
/// The order that makes a file durable: write it under a temporary name, <see cref="Flush"/> it, rename it with
/// <see cref="TryRenameNoReplace"/>, <see cref="FlushDirectory"/> the directory that now holds the name. Failures are
/// <see cref="IOException"/>s or <see cref="UnauthorizedAccessException"/>s; <see cref="FaultOf"/> tells them apart.
/// </remarks>
internal static partial class DurableFile
{
    private const int RenameNoReplaceOnLinux = 1;
    private const int RenameExclusiveOnMacOS = 4;
    private const int MoveWriteThrough = 8;
    private const int WorkingDirectory = -100;
    private const int StartWriteback = 2;
    private const int CloseOnExecOnLinux = 0x80000;
    private const int CloseOnExecOnMacOS = 0x1000000;

    /// <summary>
    /// Writes everything of a file to stable storage (<c>fsync</c>, <c>F_FULLFSYNC</c>, <c>FlushFileBuffers</c>).
    /// </summary>
    /// <param name="file">The file, open for writing.</param>
    public static void Flush(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    /// <summary>
    /// Writes the names that a directory holds to stable storage. On Windows nothing is to be done: NTFS and ReFS
    /// journal names, and <see cref="TryRenameNoReplace"/> there returns only once the rename is on disk.
    /// </summary>
    /// <param name="path">The directory.</param>
    public static void FlushDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        // File.OpenHandle refuses directories. O_DIRECTORY has another value on each processor and is not needed.
        int descriptor = Open(path, OperatingSystem.IsLinux() ? CloseOnExecOnLinux : CloseOnExecOnMacOS);
        if (descriptor < 0)
            throw Failure(Marshal.GetLastPInvokeError(), $"cannot open directory '{path}'");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>
    /// Creates a directory and whatever is missing above it, each made durable in the one above. Directories that are
    /// there already are taken to be durable.
    /// </summary>
    /// <param name="path">The directory.</param>
    public static void CreateDirectoryDurably(string path)
    {
        var missing = new Stack<string>();
        string? directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        for (; directory is not null && !Directory.Exists(directory); directory = Path.GetDirectoryName(directory))
            missing.Push(directory);
        foreach (string next in missing)
        {
            Directory.CreateDirectory(next);
            if (Path.GetDirectoryName(next) is { } parent)
                FlushDirectory(parent);
        }
    }

    /// <summary>Renames a file or directory unless the new name is taken; never replaces anything.</summary>
    /// <param name="from">The old name.</param>
    /// <param name="to">The new name, on the same file system.</param>
    /// <returns>False when the new name is taken.</returns>
    /// <remarks>
    /// Where the file system knows no such rename, a file gets the new name as a second link and then loses the old
    /// one: a crash between the two leaves both. A directory is then renamed after a look; what could slip between look
    /// and rename is an empty directory, which would be replaced.
    /// </remarks>
    public static bool TryRenameNoReplace(string from, string to)
    {
        if (OperatingSystem.IsWindows())
            return Succeeded(MoveFile(Extended(from), Extended(to),
                MoveWriteThrough) ? 0 : Marshal.GetLastPInvokeError(), from, to);

        int error;
        try
        {
            error = (OperatingSystem.IsLinux()
                ? RenameAt(WorkingDirectory, from, WorkingDirectory, to, RenameNoReplaceOnLinux)
                : RenameExclusive(from, to, RenameExclusiveOnMacOS)) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        catch (EntryPointNotFoundException)
        {
            error = Errno.NotImplemented;
        }

        if (error is Errno.Invalid or Errno.NotImplemented || error == Errno.NotSupported)
            error = RenameByLink(from, to);
        return Succeeded(error, from, to);
    }

    /// <summary>
    /// Asks the system to begin writing a part of a file to disk, so that a later <see cref="Flush"/> finds less to do.
    /// A hint: it promises nothing and never fails. Only Linux has it.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Number of bytes.</param>
    public static void BeginFlush(SafeFileHandle file, long offset, long length)
    {
        if (OperatingSystem.IsLinux())
            _ = SyncFileRange(file, offset, length, StartWriteback);
    }

    /// <summary>What a failure of a file operation, here or in the runtime, comes down to.</summary>
    /// <param name="failure">The exception.</param>
    public static FileFault FaultOf(Exception failure) => failure switch
    {
        FileNotFoundException or DirectoryNotFoundException => FileFault.NotFound,
        UnauthorizedAccessException => FileFault.Denied,
        IOException io when OperatingSystem.IsWindows() => FaultOnWindows(io.HResult & 0xFFFF),
        // On Unix the runtime hands errno on as it is.
        IOException io => FaultOnUnix(io.HResult),
        _ => FileFault.Other,
    };

    /// <summary>
    /// A rename by <c>link</c> and <c>unlink</c>, for file systems without an exclusive rename. Internal for its test.
    /// </summary>
    /// <param name="from">The old name.</param>
    /// <param name="to">The new name.</param>
    /// <returns>0, or errno.</returns>
    internal static int RenameByLink(string from, string to)
    {
        if (Directory.Exists(from) && new DirectoryInfo(from).LinkTarget is null)
        {
            return Path.Exists(to) ? Errno.Exists
                : Rename(from, to) == 0 ? 0
                : Marshal.GetLastPInvokeError() is var error && error == Errno.NotEmpty ? Errno.Exists : error;
        }

        return Link(from, to) == 0 && Unlink(from) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    private static bool Succeeded(int error, string from, string to)
    {
        if (error == 0)
            return true;
        if ((OperatingSystem.IsWindows() ? FaultOnWindows(error) : FaultOnUnix(error)) == FileFault.Exists)
            return false;
        // Windows says "access denied" where the new name is a directory.
        if (OperatingSystem.IsWindows() && Path.Exists(to))
            return false;
        throw Failure(error, $"cannot rename '{from}' to '{to}'");
    }

    private static Exception Failure(int error, string what)
    {
        string message = $"{what}: {new Win32Exception(error).Message}";
        var inner = new IOException(message, OperatingSystem.IsWindows() ? unchecked((int)0x80070000) | error : error);
        return FaultOf(inner) switch
        {
            FileFault.Denied => new UnauthorizedAccessException(message, inner),
            FileFault.NotFound => new FileNotFoundException(message, inner),
            _ => inner,
        };
    }

    private static FileFault FaultOnUnix(int error) => error switch
    {
        Errno.Exists => FileFault.Exists,
        Errno.NotFound => FileFault.NotFound,
        Errno.NotDirectory => FileFault.NotDirectory,
        Errno.NoSpace => FileFault.Full,
        Errno.NotPermitted or Errno.AccessDenied or Errno.ReadOnly => FileFault.Denied,
        Errno.CrossDevice => FileFault.CrossDevice,
        Errno.NotImplemented => FileFault.Unsupported,
        _ when error == Errno.Quota => FileFault.Full,
        _ when error == Errno.NotSupported => FileFault.Unsupported,
        _ when error == Errno.Stale || error == Errno.TimedOut || error == Errno.Again => FileFault.Passing,
        _ => FileFault.Other,
    };

    private static FileFault FaultOnWindows(int error) => error switch
    {
        80 or 183 => FileFault.Exists,
        2 or 3 => FileFault.NotFound,
        267 => FileFault.NotDirectory,
        39 or 112 or 1295 => FileFault.Full,
        5 or 19 => FileFault.Denied,
        17 => FileFault.CrossDevice,
        1 or 50 => FileFault.Unsupported,
        32 or 33 or 53 or 59 or 64 or 121 or 170 => FileFault.Passing,
        _ => FileFault.Other,
    };

    // Past 260 characters MoveFileEx wants the extended form, which takes only full paths.
    private static string Extended(string path)
    {
        string full = Path.GetFullPath(path);
        return full.StartsWith(@"\\", StringComparison.Ordinal) ? full : @"\\?\" + full;
    }

    /// <summary>Error numbers; those that differ between Linux and macOS are looked up at run time.</summary>
    private static class Errno
    {
        public const int NotPermitted = 1;
        public const int NotFound = 2;
        public const int AccessDenied = 13;
        public const int Exists = 17;
        public const int CrossDevice = 18;
        public const int NotDirectory = 20;
        public const int Invalid = 22;
        public const int NoSpace = 28;
        public const int ReadOnly = 30;

        // ENOSYS is 78 on macOS, where nothing here returns it; the number also stands for a missing entry point.
        public const int NotImplemented = 38;

        public static int Again => OperatingSystem.IsLinux() ? 11 : 35;

        public static int NotEmpty => OperatingSystem.IsLinux() ? 39 : 66;

        public static int NotSupported => OperatingSystem.IsLinux() ? 95 : 45;

        public static int TimedOut => OperatingSystem.IsLinux() ? 110 : 60;

        public static int Stale => OperatingSystem.IsLinux() ? 116 : 70;

        public static int Quota => OperatingSystem.IsLinux() ? 122 : 69;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "renamex_np", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameExclusive(string from, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("kernel32", EntryPoint =
        "MoveFileExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool MoveFile(string from, string to, int flags);
}
