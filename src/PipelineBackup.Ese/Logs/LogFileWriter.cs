namespace PipelineBackup.Ese;

/// <summary>
/// Writes the logs that continue a stream: generation after generation, as the records come. What exists is never
/// written to.
/// </summary>
/// <remarks>
/// <para>
/// A generation is written under the name of a log in preparation, which nobody replays, and gets the name of the
/// current log in one step when it is full or must be durable:
/// <code>
/// records ──► edbtmp.log ──flush──► edb.log of before becomes edb&lt;g&gt;.log ──► edbtmp.log becomes edb.log
/// </code>
/// So a crash leaves each generation whole or not there, where the engine, which goes on writing to the current log,
/// may leave one that it refuses to read. Each <see cref="Flush"/> that finds new records therefore ends a generation:
/// flush seldom.
/// </para>
/// <para>The last segment of a generation is followed by its shadow, as the engine leaves it.</para>
/// </remarks>
internal sealed class LogFileWriter : IDisposable
{
    private const int SpillBytes = 1 << 20;

    private readonly LogStreamFolder _folder;
    private readonly TimeProvider _clock;
    private readonly Func<IReadOnlyList<AttachedDatabase>> _attached;
    private readonly LogPosition _checkpoint;
    private LogHeader _before;
    private ulong _accumulated;
    private byte[] _headerBytes = [];
    private LogHeader? _header;
    private LogPacker? _packer;
    private IDiskFile? _file;

    /// <summary>Continues a stream. Nothing is written before there are records to write.</summary>
    /// <param name="folder">Where the logs go.</param>
    /// <param name="last">Header of the last log; when that is the current one it is renamed.</param>
    /// <param name="accumulated">XOR of the checksums of that log's segments.</param>
    /// <param name="checkpoint">The checkpoint, for the header.</param>
    /// <param name="attached">Tells the attached databases when a generation begins.</param>
    /// <param name="clock">Gives the times.</param>
    public LogFileWriter(
        LogStreamFolder folder, LogHeader last, ulong accumulated, LogPosition checkpoint,
        Func<IReadOnlyList<AttachedDatabase>> attached, TimeProvider clock)
    {
        (_folder, _clock, _attached, _checkpoint) = (folder, clock, attached, checkpoint);
        (_before, _accumulated) = (last, accumulated);
    }

    /// <summary>Header of the last generation that a crash cannot take away; null before the first one.</summary>
    public LogHeader? DurableHeader { get; private set; }

    /// <summary>Position that the next record gets, unless it does not fit.</summary>
    public LogPosition Position => _packer?.Position ?? new(_before.Generation.Next, 1, 0);

    /// <summary>Behind the last record that a crash cannot take away; not set while there is none.</summary>
    public LogPosition Durable { get; private set; }

    /// <summary>Bytes of all log files made.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>Appends records.</summary>
    /// <param name="records">One or more records that must not be parted, as a <see cref="LogRecordWriter"/> makes
    /// them.</param>
    /// <returns>Position of the first one.</returns>
    /// <exception cref="EseException">
    /// −517: they are longer than a log; −519: the stream has no number left.
    /// </exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public LogPosition Append(ReadOnlySpan<byte> records)
    {
        if (_packer is not null && !_packer.Fits(records))
            Complete();
        var packer = _packer ?? Begin();
        if (!packer.Fits(records))
        {
            throw new EseException(EseError.LogBufferTooSmall,
                $"records of {records.Length} bytes do not fit into a log of {_header!.FileLength}");
        }

        var position = packer.Append(records);
        if (packer.Done.Length >= SpillBytes)
            Spill(packer);
        return position;
    }

    /// <summary>Makes all records durable; nothing when they are.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Flush()
    {
        if (_packer is not null)
            Complete();
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private LogPacker Begin()
    {
        var created = LogTime.From(_clock.GetUtcNow());
        _headerBytes = LogHeaderWriter.Continue(_before, _accumulated, created, _checkpoint, _attached());
        _header = LogHeader.Read(_headerBytes);
        return _packer = new(_header.Generation, _header.SectorCount, _clock);
    }

    private IDiskFile Spill(LogPacker packer)
    {
        if (_file is null)
        {
            _file = _folder.OpenTemporary();
            _file.SetLength(_header!.FileLength);
        }

        if (!packer.Done.IsEmpty)
            _file.Write(packer.Done, (long)packer.DoneIndex * SegmentScan.Size);
        packer.Take();
        return _file;
    }

    private void Complete()
    {
        var packer = _packer!;
        var end = packer.Position;
        int last = packer.OpenIndex;
        bool hasShadow = packer.IsOpen;
        byte[] shadow = new byte[SegmentScan.Size];
        if (hasShadow)
            packer.CopyOpen(shadow);
        packer.Close();
        var file = Spill(packer);
        if (hasShadow)
            file.Write(shadow, (last + 1L) * SegmentScan.Size);
        file.Write(_headerBytes, 0);
        file.Flush();
        file.Dispose();
        _file = null;
        Reveal();
        BytesWritten += _header!.FileLength;
        (Durable, _before, _accumulated) = (end, _header, packer.AccumulatedChecksum);
        (DurableHeader, _header, _packer) = (_header, null, null);
    }

    // Between the two renames there is no current log: a state that recovery knows, because of the log in preparation.
    private void Reveal()
    {
        var disk = _folder.Disk;
        disk.FlushDirectory(_folder.Directory);
        if (disk.FileExists(_folder.CurrentPath))
        {
            RequireBefore();
            disk.Rename(_folder.CurrentPath, _folder.NumberedPath(_before.Generation));
            disk.FlushDirectory(_folder.Directory);
        }

        disk.Rename(_folder.TemporaryPath, _folder.CurrentPath);
        disk.FlushDirectory(_folder.Directory);
    }

    private void RequireBefore()
    {
        using var file = _folder.Disk.Open(_folder.CurrentPath, DiskAccess.Read);
        if (LogFileReader.TryReadHeader(file, out var current, out _, out _)
            && current.Signature == _before.Signature && current.Generation == _before.Generation)
            return;
        throw new EseException(EseError.InvalidLogSequence,
            $"the current log is not generation {_before.Generation}, which the new log continues",
            "remove it, or take the logs between from a backup");
    }
}
