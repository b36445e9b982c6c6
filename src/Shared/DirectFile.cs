using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PipelineBackup.Shared;

/// <summary>
/// Writing large files past the system's cache, where Linux and the file system allow it: copying into the cache costs three
/// to ten times the processor time, and pushes out what the live database has there. It needs memory, offsets and lengths in
/// whole blocks.
/// </summary>
internal static partial class DirectFile
{
    /// <summary>The largest of the block sizes that devices in use ask for, in bytes.</summary>
    public const int BlockSize = 4096;

    /// <summary>Files below this length are not worth the second way of opening them, in bytes.</summary>
    public const int WorthIt = 1 << 20;

    private const int WriteOnly = 1;
    private const int CloseOnExec = 0x80000;
    private const int KeepSize = 1;

    /// <summary>Opens a file that is there for writing past the cache; null where that cannot be.</summary>
    public static SafeFileHandle? TryOpen(string path)
    {
        int direct = !OperatingSystem.IsLinux() ? 0 : RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 0x4000,
            Architecture.Arm64 => 0x10000,
            _ => 0,
        };
        if (direct == 0)
            return null;
        int descriptor = Open(path, WriteOnly | CloseOnExec | direct);
        return descriptor < 0 ? null : new(descriptor, ownsHandle: true);
    }

    /// <summary>Whether memory starts on a block boundary.</summary>
    public static unsafe bool IsAligned(ReadOnlyMemory<byte> memory)
    {
        using var pin = memory.Pin();
        return ((nint)pin.Pointer & (BlockSize - 1)) == 0;
    }

    /// <summary>
    /// Takes space in one piece, so that a volume that is too small says so before the work. Where the file system cannot,
    /// nothing happens, and writing tells what is true.
    /// </summary>
    /// <exception cref="IOException">There is not enough space.</exception>
    public static void Allocate(SafeFileHandle file, long length)
    {
        const int NoSpace = 28;
        if (OperatingSystem.IsLinux() && length >= WorthIt && Allocate(file, KeepSize, 0, length) != 0
            && Marshal.GetLastPInvokeError() == NoSpace)
            throw new IOException($"no space is left for {length} bytes", NoSpace);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);
}
