using Microsoft.Win32.SafeHandles;

namespace PipelineBackup.Ese;

/// <summary>
/// Reads the records of one log file, one after the other, from its start or from a position. It gives what replay
/// counts: filler of one byte, fragments' heads, and what a crash left unfinished are not records.
/// </summary>
/// <remarks>
/// A record is a view into the reader's buffers and valid until the next call. A log of version 8 takes 256 KiB and
/// the largest fragmented record of memory; one of version 7 is read whole. Not safe for several threads.
/// </remarks>
public abstract class LogRecordReader : IDisposable
{
    private protected LogRecordReader(LogScanResult scan) =>
        (Scan, Header, Position) = (scan, scan.Header!, new(scan.Header!.Generation, scan.Header.HeaderSectors, 0));

    /// <summary>What the scan of the file found.</summary>
    public LogScanResult Scan { get; }

    /// <summary>The header of the file.</summary>
    public LogHeader Header { get; }

    /// <summary>Position of the next record, if there is one: where the last one ended.</summary>
    public LogPosition Position { get; private protected set; }

    /// <summary>
    /// Number of records met so far that count for nothing: in version 8 those whose last fragments a crash lost, in
    /// version 7 those that reach into bytes a repair made void.
    /// </summary>
    public int Dropped { get; private protected set; }

    /// <summary>Opens a file, scans it and stands before its first record.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="EseException">The file is damaged or cannot be read: the error of its scan.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be opened.</exception>
    public static LogRecordReader Open(string path) => Open(path, Sound(LogFileReader.Scan(path)));

    /// <summary>Opens a file that was scanned. Of a damaged file it gives the records before the damage.</summary>
    /// <param name="path">The file.</param>
    /// <param name="scan">What the scan found.</param>
    /// <exception cref="EseException">The header cannot be read.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be opened.</exception>
    public static LogRecordReader Open(string path, LogScanResult scan)
    {
        ArgumentNullException.ThrowIfNull(scan);
        RequireHeader(scan);
        SafeFileHandle handle = File.OpenHandle(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        return Over(LocalDisk.Over(handle, owned: true), scan);
    }

    /// <summary>Reads a scanned file of a disk. Of a damaged file it gives the records before the damage.</summary>
    /// <param name="file">The file, from now on owned.</param>
    /// <param name="scan">What the scan found.</param>
    /// <exception cref="EseException">The header cannot be read.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal static LogRecordReader Over(IDiskFile file, LogScanResult scan)
    {
        try
        {
            var header = RequireHeader(scan);
            if (!header.Version.IsLegacy)
                return new SegmentRecordReader(scan, new SegmentSource(file, scan));
            using (file)
            {
                byte[] bytes = new byte[Math.Min(header.FileLength, file.Length)];
                int length = file.Read(bytes, 0);
                return LegacyRecordReader.Over(bytes.AsMemory(0, length), header);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a file in memory: scans it and stands before its first record.</summary>
    /// <param name="file">All bytes of the file; they must not change while they are read.</param>
    /// <exception cref="EseException">The file is damaged or cannot be read: the error of its scan.</exception>
    public static LogRecordReader Over(ReadOnlyMemory<byte> file)
    {
        var scanner = new LogScanner();
        scanner.Append(file.Span);
        return Over(file, Sound(scanner.Complete()));
    }

    /// <summary>Reads a scanned file in memory. Of a damaged file it gives the records before the damage.</summary>
    /// <param name="file">All bytes of the file; they must not change while they are read.</param>
    /// <param name="scan">What the scan found.</param>
    /// <exception cref="EseException">The header cannot be read.</exception>
    public static LogRecordReader Over(ReadOnlyMemory<byte> file, LogScanResult scan)
    {
        ArgumentNullException.ThrowIfNull(scan);
        return RequireHeader(scan).Version.IsLegacy
            ? LegacyRecordReader.Over(file.ToArray(), scan.Header!)
            : new SegmentRecordReader(scan, new SegmentSource(file, scan));
    }

    /// <summary>
    /// Goes to a position, as recovery does with the checkpoint: the next record is the first that begins at it or
    /// behind it. The position need not be that of a record and may lie inside a fragmented one, whose rest is skipped.
    /// </summary>
    /// <param name="position">A position of this file; sector 0 stands for its first record.</param>
    /// <exception cref="ArgumentException">The position belongs to another generation.</exception>
    /// <exception cref="EseException">−501: the records before it cannot be measured.</exception>
    public abstract void Seek(LogPosition position);

    /// <summary>Reads the next record.</summary>
    /// <param name="record">The record, valid until the next call.</param>
    /// <returns>False at the end of the log.</returns>
    /// <exception cref="EseException">
    /// −501: the bytes are no record, though their checksum is right; from then on at each call.
    /// </exception>
    public abstract bool TryRead(out LogRecordView record);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    private protected void RequireGeneration(LogPosition position)
    {
        if (position.Generation != Header.Generation)
        {
            throw new ArgumentException(
                $"position {position} is not in generation {Header.Generation.Value}", nameof(position));
        }
    }

    private protected virtual void Dispose(bool disposing)
    {
    }

    private static LogScanResult Sound(LogScanResult scan) =>
        scan.IsGood ? scan : throw scan.HeaderFault ?? new EseException(scan.Error, scan.Message);

    private static LogHeader RequireHeader(LogScanResult scan) => scan.Header ?? throw scan.HeaderFault!;
}
