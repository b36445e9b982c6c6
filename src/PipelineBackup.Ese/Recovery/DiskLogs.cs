using System.Buffers;

namespace PipelineBackup.Ese;

/// <summary>Log files on an <see cref="IDisk"/>: their headers, scans and records.</summary>
internal static class DiskLogs
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Reads the headers of the logs of one stream in a directory; none when there is no such directory.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="baseName">The three characters that the names begin with.</param>
    public static IReadOnlyList<LogFileEntry> Find(IDisk disk, string directory, string baseName)
    {
        var found = new List<LogFileEntry>();
        foreach (string path in disk.DirectoryExists(directory) ? disk.ListFiles(directory) : [])
        {
            if (LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name)
                && name.Kind is LogFileKind.Numbered or LogFileKind.Current or LogFileKind.Temporary
                && name.Base.Equals(baseName, StringComparison.OrdinalIgnoreCase))
                found.Add(Open(disk, path, name));
        }

        return found;
    }

    /// <summary>Scans a log unless that was done.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="log">The log, on that disk.</param>
    public static LogScanResult Scan(IDisk disk, LogFileEntry log) => log.Scan ??= Scan(disk, log.Path!, false);

    /// <summary>Scans a log and lists its segments.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="log">The log, on that disk.</param>
    public static LogScanResult ScanSegments(IDisk disk, LogFileEntry log) => Scan(disk, log.Path!, true);

    /// <summary>Opens a scanned log to read its records.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="log">The log, on that disk, scanned.</param>
    /// <exception cref="EseException">The file became another one since it was scanned.</exception>
    public static LogRecordReader OpenRecords(IDisk disk, LogFileEntry log)
    {
        using var file = disk.Open(log.Path!, DiskAccess.Read);
        byte[] bytes = new byte[log.Length];
        int length = file.Read(bytes, 0);
        return LogRecordReader.Over(bytes.AsMemory(0, length), Scan(disk, log));
    }

    private static LogFileEntry Open(IDisk disk, string path, LogFileName name)
    {
        using var file = disk.Open(path, DiskAccess.Read);
        byte[] block = new byte[LogHeader.Size];
        int length = file.Read(block, 0);
        return LogFileEntry.Of(path, name, block.AsSpan(0, length), file.Length);
    }

    private static LogScanResult Scan(IDisk disk, string path, bool collectSegments)
    {
        using var file = disk.Open(path, DiskAccess.Read);
        var scanner = new LogScanner(collectSegments);
        long length = file.Length, at = 0;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            while (at < length && !scanner.IsDecided)
            {
                int read = Feed(scanner, file, buffer.AsSpan(0, (int)Math.Min(ChunkBytes, length - at)), at);
                if (read == 0)
                    break;
                at += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (scanner.IsDecided)
            scanner.Skip(length - at);
        return scanner.Complete();
    }

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
