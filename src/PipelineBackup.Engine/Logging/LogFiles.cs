using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PipelineBackup.Engine;

/// <summary>The files of a log stream as their one writer has them: the current log, and how the next one comes.</summary>
/// <remarks>
/// <code>
/// rest of g ──flush──► edbtmp.log made, all of it zero, with the header of g+1 ──flush──►
///     edb.log becomes edb&lt;g&gt;.log ──► edbtmp.log becomes edb.log          names made durable behind each step
/// </code>
/// Segments are written once and never again. Each tells, in bytes that the engine does not use, which segment was the
/// first that was perhaps not durable when it was written, and has a CRC there: so a last write that a crash left in
/// part, in whatever order its sectors came to the disk, can be told from damage. When there is no room for the next
/// log, one of the two reserve logs becomes it. For one thread at once.
/// </remarks>
internal sealed class LogFiles : ILogFiles
{
    private const int Reserves = 2, ZeroBytes = 256 << 10;

    private static readonly byte[] s_zeros = new byte[ZeroBytes];

    private readonly IDisk _disk;
    private readonly LogStreamFolder _folder;
    private IDiskFile? _file;
    private int _durable, _next;
    private ulong _accumulated;
    private bool _isDirty;
    private (byte[] Header, string Path) _coming;

    /// <summary>The files in a folder, without a current log so far.</summary>
    /// <param name="folder">The folder.</param>
    public LogFiles(LogStreamFolder folder) => (_folder, _disk) = (folder, folder.Disk);

    /// <inheritdoc/>
    public LogHeader Header { get; private set; } = null!;

    /// <inheritdoc/>
    public bool IsOnReserve { get; private set; }

    /// <summary>Goes on with a log that is there and was closed in order.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="scan">What scanning it found.</param>
    public void Continue(LogHeader header, LogScanResult scan)
    {
        _file = _disk.Open(_folder.CurrentPath, DiskAccess.ReadWrite);
        (Header, _accumulated) = (header, scan.AccumulatedChecksum);
        _durable = _next = scan.LastValidSegment + 1;
    }

    /// <summary>Begins behind a log that is there, or a stream.</summary>
    /// <param name="header">Header of the new log.</param>
    /// <param name="before">Header of the log before; null for a new stream.</param>
    /// <param name="accumulated">XOR of the checksums of that log's segments.</param>
    public void Begin(byte[] header, LogHeader? before, ulong accumulated)
    {
        (Header, _accumulated) = (before!, accumulated);
        MakeNext(header);
        EndRoll();
    }

    /// <inheritdoc/>
    public void FillReserves()
    {
        for (int i = 1; i <= Reserves; i++)
        {
            string path = _folder.ReservePath(i);
            if (_disk.FileExists(path))
            {
                using var there = _disk.Open(path, DiskAccess.Read);
                if (there.Length == Header.FileLength)
                    continue;
            }

            try
            {
                _disk.Delete(path);
                using var file = _disk.Open(path, DiskAccess.CreateNew);
                Fill(file, Header.FileLength);
            }
            catch (IOException e) when (DiskFailure.IsFull(e))
            {
                _disk.Delete(path);
                throw new EseException(EseError.LogDiskFull, "there is no room for the reserve logs",
                    "free space on the disk of the logs");
            }
        }

        _disk.FlushDirectory(_folder.Directory);
    }

    /// <inheritdoc/>
    public void Write(Span<byte> segments, int first)
    {
        for (int at = 0; at < segments.Length; at += SegmentScan.Size)
        {
            var segment = segments.Slice(at, SegmentScan.Size);
            SegmentMark.Write(segment, _durable);
            uint index = (uint)(first + at / SegmentScan.Size);
            ulong checksum = XorEcc.Compute(segment, index, isFirst: true);
            BinaryPrimitives.WriteUInt64LittleEndian(segment, checksum);
            _accumulated ^= checksum;
        }

        if (segments.IsEmpty)
            return;
        if (_file is null)
            throw new IOException("the log that should follow was not made");
        _isDirty = true;
        _file.Write(segments, (long)first * SegmentScan.Size);
        _next = first + segments.Length / SegmentScan.Size;
    }

    /// <inheritdoc/>
    public void Flush()
    {
        if (!_isDirty)
            return;
        _file!.Flush();
        (_isDirty, _durable) = (false, _next);
    }

    /// <inheritdoc/>
    public void Roll(byte[] header)
    {
        BeginRoll(header);
        EndRoll();
    }

    /// <inheritdoc/>
    public void BeginRoll(byte[] header)
    {
        Flush();
        _file!.Dispose();
        _file = null;
        MakeNext(header);
    }

    /// <inheritdoc/>
    public void EndRoll()
    {
        var (header, path) = _coming;
        _disk.Rename(path, _folder.CurrentPath);
        _disk.FlushDirectory(_folder.Directory);
        if (path != _folder.TemporaryPath)
            _disk.Delete(_folder.TemporaryPath);
        _file = _disk.Open(_folder.CurrentPath, DiskAccess.ReadWrite);
        Header = LogHeader.Read(header);
        (_durable, _next, _accumulated, _isDirty) = (1, 1, 0, false);
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private void MakeNext(byte[] header)
    {
        var before = Header;
        long length = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(12)) * (long)SegmentScan.Size;
        string path = _folder.TemporaryPath;
        if (!TryMakeTemporary(length, mayFail: before is not null))
        {
            path = FindReserve(length);
            IsOnReserve = true;
        }

        using (var file = _disk.Open(path, DiskAccess.ReadWrite))
        {
            LogHeaderWriter.Finish(header, _accumulated, path != _folder.TemporaryPath);
            file.Write(header, 0);
            file.Flush();
        }

        _disk.FlushDirectory(_folder.Directory);
        if (before is not null && _disk.FileExists(_folder.CurrentPath))
        {
            _disk.Rename(_folder.CurrentPath, _folder.NumberedPath(before.Generation));
            _disk.FlushDirectory(_folder.Directory);
        }

        _coming = (header, path);
    }

    // All its bytes are written, so that the disk cannot be full in the middle of it later. When there is no room it is
    // left empty: until the next log has its name this one tells that none is missing.
    private bool TryMakeTemporary(long length, bool mayFail)
    {
        using var file = _folder.OpenTemporary();
        try
        {
            Fill(file, length);
            return true;
        }
        catch (IOException e) when (DiskFailure.IsFull(e) && mayFail)
        {
            file.SetLength(0);
            return false;
        }
    }

    private string FindReserve(long length)
    {
        for (int i = Reserves; i > 0; i--)
        {
            string path = _folder.ReservePath(i);
            if (!_disk.FileExists(path))
                continue;
            using (var file = _disk.Open(path, DiskAccess.Read))
            {
                if (file.Length == length)
                    return path;
            }

            _disk.Delete(path);
        }

        throw new EseException(EseError.LogDiskFull, "the disk of the logs is full, the reserve logs are used up",
            "free space, and open the engine again: what was committed is safe");
    }

    private static void Fill(IDiskFile file, long length)
    {
        for (long at = 0; at < length; at += ZeroBytes)
            file.Write(s_zeros.AsSpan(0, (int)Math.Min(ZeroBytes, length - at)), at);
        file.Flush();
    }
}
