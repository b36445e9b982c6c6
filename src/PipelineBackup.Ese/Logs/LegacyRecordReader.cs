namespace PipelineBackup.Ese;

/// <summary>
/// Reads the records of a log of version 7: one stream of bytes through all sectors, in ranges that checksum records
/// cover. Checksum records are given like others.
/// </summary>
/// <remarks>
/// Where a checksum record begins anew behind a repair, the bytes between the range before and it are void, and so is a
/// record that reaches into them, however complete it looks: it was never replayed, and its dbtime was given again.
/// </remarks>
internal sealed class LegacyRecordReader : LogRecordReader
{
    private readonly ReadOnlyMemory<byte> _file;
    private readonly bool _torn;
    // Stretches of records without void bytes inside.
    private readonly List<(int From, int To)> _stretches;
    private int _stretch, _at;
    private LogPosition _from;
    private EseException? _fault;

    private LegacyRecordReader(ReadOnlyMemory<byte> file, LogScanResult scan, List<(int From, int To)> stretches)
        : base(scan)
    {
        (_file, _stretches, _at) = (file, stretches, LogHeader.Size);
        _torn = scan.TornSegment != 0 || !scan.IsGood;
    }

    /// <summary>Reads a file.</summary>
    /// <param name="file">Its bytes, which may be mended in place.</param>
    /// <param name="header">Its header.</param>
    public static LegacyRecordReader Over(Memory<byte> file, LogHeader header)
    {
        if (file.Length < header.FileLength)
        {
            throw new EseException(EseError.LogFileSizeMismatch,
                $"the file has {file.Length} bytes, its header says {header.FileLength}");
        }

        file = file[..(int)header.FileLength];
        var scan = new LegacyScan(file, header);
        var result = scan.Run() with { Length = file.Length };
        List<(int, int)> stretches = [];
        int from = LogHeader.Size, to = from;
        foreach (var link in scan.Links)
        {
            if (scan.BeginsAnew(link))
            {
                stretches.Add((from, to));
                from = link.At;
            }

            to = link.End;
        }

        stretches.Add((from, to));
        return new(file, result, stretches);
    }

    /// <inheritdoc/>
    // Positions are exact here, but a record is found only by measuring all before it.
    public override void Seek(LogPosition position)
    {
        RequireGeneration(position);
        (_from, _stretch, _at, _fault) = (position, 0, LogHeader.Size, null);
        Position = At(_at);
    }

    /// <inheritdoc/>
    public override bool TryRead(out LogRecordView record)
    {
        if (_fault is not null)
            throw _fault;
        var file = _file.Span;
        while (_stretch < _stretches.Count)
        {
            int end = _stretches[_stretch].To;
            var rest = _at < end ? file[_at..end] : default;
            int next = rest.IndexOfAnyExcept((byte)0);
            if (next < 0)
            {
                NextStretch();
                continue;
            }

            _at += next;
            int size = LogRecordCatalogue.Measure(rest[next..]);
            if (size == 0)
            {
                DropOrThrow(rest[next]);
                continue;
            }

            var position = At(_at);
            var bytes = file.Slice(_at, size);
            _at += size;
            Position = At(_at);
            if (position < _from)
                continue;
            record = new(bytes, position, position, size);
            return true;
        }

        record = default;
        return false;
    }

    private void DropOrThrow(byte type)
    {
        bool isLast = _stretch == _stretches.Count - 1;
        if (LogRecordCatalogue.Fixed((LogRecordType)type) == 0 || isLast && !_torn)
            throw _fault = new(EseError.LogFileCorrupt, $"no record at {At(_at)}, in a range with a right checksum");
        Dropped++;
        NextStretch();
    }

    private void NextStretch()
    {
        if (++_stretch < _stretches.Count)
            _at = _stretches[_stretch].From;
        Position = At(_at);
    }

    private LogPosition At(int offset) =>
        new(Header.Generation, offset / Header.SectorSize, offset % Header.SectorSize);
}
