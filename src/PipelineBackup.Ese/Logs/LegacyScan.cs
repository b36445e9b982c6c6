namespace PipelineBackup.Ese;

/// <summary>The scan of a whole log of version 7: the chain of its checksum records.</summary>
/// <remarks>
/// Records run through the sectors as one stream of bytes. A checksum record covers a range of it and says where the
/// next
/// one stands, in the sector behind the range; the last one says 0. Behind the end of the log stands at most a shadow
/// of
/// the last sector, then the fill pattern of sectors never written.
/// </remarks>
/// <param name="bytes">The file; it is mended in place where a shadow allows it.</param>
/// <param name="header">Its header, which names the length of <paramref name="bytes"/>.</param>
internal sealed class LegacyScan(Memory<byte> bytes, LogHeader header)
{
    /// <summary>A checksum record and the end of what it covers.</summary>
    internal readonly record struct Link(int At, LegacyLogChecksum Record, int End);

    private readonly int _sector = header.SectorSize;
    // The last sector is for a shadow only.
    private readonly int _limit = (header.SectorCount - 1) * header.SectorSize;
    private readonly List<Link> _links = [];
    private int _torn, _end, _empty, _stale;

    /// <summary>Scans the file.</summary>
    public LogScanResult Run()
    {
        var (verdict, failed) = Walk();
        return new()
        {
            Verdict = verdict,
            Header = header,
            FailedSegment = failed,
            LastValidSegment = _links.Count == 0 ? 0 : (_end - 1) / _sector,
            End = Position(_end),
            TornSegment = _torn,
            ValidSegments = _links.Count,
            EmptySegments = _empty,
            StaleSegments = _stale,
            CleanShutdown = verdict == LogScanVerdict.Good ? FindClosingRecord() : default,
        };
    }

    /// <summary>The chain, as far as it is sound.</summary>
    public IReadOnlyList<Link> Links => _links;

    /// <summary>
    /// Whether a checksum record begins anew behind a repair: the bytes before it, back to the end of the range before,
    /// are void, and so is a record that reaches into them.
    /// </summary>
    /// <param name="link">A link of the chain.</param>
    public bool BeginsAnew(Link link) => link.Record.Backwards == 0 && link.At % _sector != 0;

    private Span<byte> File => bytes.Span;

    private (LogScanVerdict Verdict, int Sector) Walk()
    {
        int at = _end = LogHeader.Size;
        while (true)
        {
            if (!TryRecord(at, out var link))
            {
                if (MendFromShadow(at))
                    continue;
                return EndAtBadRecord(at);
            }

            if (LongOf(link) != link.Record.Long)
            {
                if (link.Record.HasShort)
                    return EndAtBadRange(link);
                if (MendFromShadow(at))
                    continue;
                int sector = at / _sector;
                return IsStillShadow(sector) ? EndAtShadow(sector) : (LogScanVerdict.ChecksumRangeCorrupt, sector);
            }

            _links.Add(link);
            _end = link.End;
            if (link.Record.Next == 0)
                return CheckRest((_end - 1) / _sector + 1);
            at += LegacyLogChecksum.Size + (int)link.Record.Next;
        }
    }

    // Structure and short checksum; the range is judged by the caller.
    private bool TryRecord(int at, out Link link)
    {
        link = default;
        if (at + LegacyLogChecksum.Size > _limit || File[at] != LegacyLogChecksum.RecordType)
            return false;
        var record = LegacyLogChecksum.Read(File[at..]);
        int sectorEnd = SectorEnd(at);
        long end = at + LegacyLogChecksum.Size + (long)record.Forwards;
        bool spans = end > sectorEnd;
        if (record.Backwards != 0 && record.Backwards != at % _sector || !record.IsMarked || end > _limit
            || spans != record.HasShort || spans && end % _sector != 0)
            return false;
        long next = at + LegacyLogChecksum.Size + (long)record.Next;
        if (record.Next != 0 && next / _sector != (end + _sector - 1) / _sector)
            return false;
        link = new(at, record, (int)end);
        int behind = Math.Min(at + LegacyLogChecksum.Size, sectorEnd);
        return !record.HasShort
            || record.ComputeShort(Before(link), File[behind..sectorEnd], header.Generation) == record.Short;
    }

    // The sector behind holds a copy of this one: the write of this one was cut short.
    private bool MendFromShadow(int at)
    {
        int sector = at / _sector;
        if (_torn != 0 || at + LegacyLogChecksum.Size > _limit || !IsShadow(sector + 1, at % _sector))
            return false;
        var target = File.Slice(sector * _sector, _sector);
        File.Slice((sector + 1) * _sector, _sector).CopyTo(target);
        // Bytes 13 to 16 of the record: the long checksum, without the mark of a shadow.
        for (int i = 0; i < 4; i++)
            target[at % _sector + 13 + i] ^= (byte)(LegacyLogChecksum.ShadowMask >> (8 * i));
        _torn = sector;
        return true;
    }

    private (LogScanVerdict Verdict, int Sector) EndAtBadRecord(int at)
    {
        int sector = Math.Min(at, _limit) / _sector;
        if (IsStillShadow(sector))
            return EndAtShadow(sector);
        if (!IsPatternFrom(sector))
            return (LogScanVerdict.ChecksumRecordCorrupt, sector);
        _torn = sector;
        _empty = header.SectorCount - sector;
        return (LogScanVerdict.Good, 0);
    }

    private (LogScanVerdict Verdict, int Sector) EndAtBadRange(Link link)
    {
        int first = link.At / _sector, behind = (link.End + _sector - 1) / _sector;
        bool neverWritten = false;
        for (int sector = first + 1; sector < behind; sector++)
            neverWritten |= IsPattern(sector);
        bool stillShadow = behind - first == 2 && IsShadow(first + 1, link.At % _sector);
        if (!(neverWritten || stillShadow) || !IsPatternFrom(behind))
            return (LogScanVerdict.ChecksumRangeCorrupt, first);
        // The short checksum proves the record's own sector, so much survives.
        _links.Add(link with { End = SectorEnd(link.At) });
        _end = SectorEnd(link.At);
        _torn = first + 1;
        _empty = header.SectorCount - behind;
        return (LogScanVerdict.Good, 0);
    }

    // The sector before was completed, the one that should hold the next record was not reached: it still is the
    // shadow.
    private bool IsStillShadow(int sector) =>
        _links is [.., var last] && last.At / _sector == sector - 1 && IsShadow(sector, last.At % _sector);

    private (LogScanVerdict Verdict, int Sector) EndAtShadow(int sector)
    {
        _torn = sector;
        return CheckRest(sector);
    }

    private (LogScanVerdict Verdict, int Sector) CheckRest(int rest)
    {
        for (int sector = rest; sector < header.SectorCount; sector++)
        {
            if (IsPattern(sector))
                _empty++;
            else if (sector == rest && IsShadow(sector, _links[^1].At % _sector))
                _stale++;
            else
                return (LogScanVerdict.DataAfterEnd, sector);
        }

        return (LogScanVerdict.Good, 0);
    }

    // Whether a sector is a copy, made for safety, of one that ended the log with a checksum record at this offset.
    private bool IsShadow(int sector, int offset)
    {
        int at = sector * _sector + offset;
        if (sector >= header.SectorCount || offset + LegacyLogChecksum.Size > _sector
            || File[at] != LegacyLogChecksum.RecordType)
            return false;
        var record = LegacyLogChecksum.Read(File[at..]);
        long end = at + LegacyLogChecksum.Size + (long)record.Forwards;
        if (record.Backwards != 0 && record.Backwards != offset || record.Next != 0
            || record.HasShort || !record.IsMarked || end > SectorEnd(at))
            return false;
        return (LongOf(new(at, record, (int)end)) ^ LegacyLogChecksum.ShadowMask) == record.Long;
    }

    private uint LongOf(Link link) => link.Record.ComputeLong(
        Before(link), File[(link.At + LegacyLogChecksum.Size)..link.End], header.Generation);

    private ReadOnlySpan<byte> Before(Link link) => File[(link.At - (int)link.Record.Backwards)..link.At];

    private bool IsPattern(int sector) => LegacyLogChecksum.IsPattern(File.Slice(sector * _sector, _sector));

    private bool IsPatternFrom(int sector) => LegacyLogChecksum.IsPattern(File[(sector * _sector)..]);

    private int SectorEnd(int at) => (at / _sector + 1) * _sector;

    private LogPosition Position(int at) => new(header.Generation, at / _sector, at % _sector);

    /// <summary>
    /// The closing record, if the last record but filler is one. A checksum record inside a sector that covers nothing
    /// before itself follows a repair: the bytes between the range before and it are void, and so is a record that
    /// reaches into them.
    /// </summary>
    private LogPosition FindClosingRecord()
    {
        LogPosition closing = default;
        int at = LogHeader.Size;
        for (int i = 0; i < _links.Count; i++)
        {
            bool isLast = i == _links.Count - 1;
            bool isVoid = !isLast && BeginsAnew(_links[i + 1]);
            if (!isLast && !isVoid)
                continue;
            bool whole = WalkRecords(ref at, isLast ? _end : _links[i].End, ref closing);
            if (!whole && isLast && _torn == 0)
                return default;
            at = isVoid ? _links[i + 1].At : at;
        }

        return closing;
    }

    private bool WalkRecords(ref int at, int end, ref LogPosition closing)
    {
        while (at < end)
        {
            var type = (LogRecordType)File[at];
            int size = type == LogRecordType.Nop ? 1 : LogRecordCatalogue.Measure(File[at..end]);
            if (size == 0)
            {
                closing = default;
                return false;
            }

            if (LogRecordCatalogue.IsClosing(type))
                closing = Position(at);
            else if (type is not (LogRecordType.Nop or LogRecordType.Nop2 or LogRecordType.Checksum))
                closing = default;
            at += size;
        }

        return true;
    }
}
