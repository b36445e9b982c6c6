using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace PipelineBackup.Ese;

/// <summary>Reads log files from a disk: their header, or all of them through a <see cref="LogScanner"/>.</summary>
public static class LogFileReader
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Reads and judges the header of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">The header, when it can be read.</param>
    /// <param name="fault">Why not. Not thrown.</param>
    /// <param name="length">Length of the file in bytes.</param>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be opened.</exception>
    public static bool TryReadHeader(
        string path, [NotNullWhen(true)] out LogHeader? header, [NotNullWhen(false)] out EseException? fault,
        out long length)
    {
        using var file = Open(path, FileOptions.None);
        return TryReadHeader(file, out header, out fault, out length);
    }

    /// <summary>Reads and judges the header of an open file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="header">The header, when it can be read.</param>
    /// <param name="fault">Why not. Not thrown.</param>
    /// <param name="length">Length of the file in bytes.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal static bool TryReadHeader(
        IDiskFile file, [NotNullWhen(true)] out LogHeader? header, [NotNullWhen(false)] out EseException? fault,
        out long length)
    {
        Span<byte> block = stackalloc byte[LogHeader.Size];
        length = file.Length;
        return LogHeader.TryRead(block[..file.Read(block, 0)], out header, out fault);
    }

    /// <summary>Scans a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="collectSegments">Whether the result lists the valid segments.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be opened.</exception>
    public static LogScanResult Scan(string path, bool collectSegments = false)
    {
        using var file = Open(path, FileOptions.SequentialScan);
        return Scan(file, collectSegments);
    }

    /// <summary>Scans an open file from its first byte. Places that cannot be read are part of the verdict.</summary>
    /// <param name="handle">The file.</param>
    /// <param name="collectSegments">Whether the result lists the valid segments.</param>
    public static LogScanResult Scan(SafeFileHandle handle, bool collectSegments = false)
    {
        using var file = LocalDisk.Over(handle, owned: false);
        return Scan(file, collectSegments);
    }

    /// <summary>Scans an open file from its first byte. Places that cannot be read are part of the verdict.</summary>
    /// <param name="file">The file.</param>
    /// <param name="collectSegments">Whether the result lists the valid segments.</param>
    internal static LogScanResult Scan(IDiskFile file, bool collectSegments = false)
    {
        var scanner = new LogScanner(collectSegments);
        long length = file.Length;
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(length, LogHeader.Size, ChunkBytes));
        try
        {
            long at = 0;
            while (at < length && !scanner.IsDecided)
            {
                int wanted = (int)Math.Min(ChunkBytes, length - at);
                int read = Feed(scanner, file, buffer.AsSpan(0, wanted), at);
                if (read == 0)
                    break;
                at += read;
            }

            if (scanner.IsDecided)
                scanner.Skip(length - at);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return scanner.Complete();
    }

    private static IDiskFile Open(string path, FileOptions options) => LocalDisk.Over(
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, options),
        owned: true);

    // A chunk that cannot be read is read again segment by segment: what else is in it still counts.
    private static int Feed(LogScanner scanner, IDiskFile file, Span<byte> chunk, long at)
    {
        try
        {
            int read = file.Read(chunk, at);
            scanner.Append(chunk[..read]);
            return read;
        }
        catch (IOException) when (chunk.Length > LogHeader.Size)
        {
            int done = 0;
            while (done < chunk.Length)
            {
                int read = Feed(scanner, file, chunk[done..Math.Min(done + LogHeader.Size, chunk.Length)], at + done);
                if (read == 0)
                    break;
                done += read;
            }

            return done;
        }
        catch (IOException)
        {
            scanner.AppendUnreadable(chunk.Length);
            return chunk.Length;
        }
    }
}
