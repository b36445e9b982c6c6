using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>The scan of a log of version 8, segment by segment, in one pass.</summary>
/// <remarks>
/// A segment is
/// <code>
/// off size
///   0    8  checksum, over the whole segment and its index
///   8    8  its own position
///  16    8  when its first record was put in
///  24   12  0; where the header says so, 8 bytes of <see cref="SegmentMark"/>
///  36    4  flags: 0x2000 selects the error-correcting checksum
///  40 4056  records
/// </code>
/// The writer keeps a copy of a partly filled segment in the place behind it, its shadow, so that a write cut short
/// never loses what was there. A damaged segment is therefore judged when the one behind it is seen:
/// <code>
/// used ──valid──► used            used ──own shadow, zero, stale──► empty
/// used ──damaged──► waiting ──shadow of it──► (as the next segment says)      otherwise: corrupt
/// empty ──own shadow, zero, stale──► empty                                     otherwise: corrupt
/// </code>
/// Where segments tell what was durable before they were written, the end of the log may be what is left of a last
/// write whose segments came to the disk in any order, or in part. From the first segment that is missing on,
/// everything is given up, unless a segment behind it says that it was durable: then the file is damaged.
/// </remarks>
internal sealed class SegmentScan(LogHeader header, bool collect)
{
    /// <summary>Bytes of a segment.</summary>
    public const int Size = 4096;

    /// <summary>Bytes before the first record of a segment.</summary>
    public const int HeaderBytes = 40;

    private const byte FormatFlag = 0x20;

    private readonly byte[] _lastValid = new byte[Size];
    private readonly byte[] _mended = new byte[Size];
    private readonly List<CorrectedBit> _corrected = [];
    private readonly List<LogSegment> _segments = [];
    private readonly bool _zeroIsEmpty = header.Version.IsZeroFilled;
    private int _next = 1;
    private bool _emptySeen, _waiting;
    private int _cut;
    private int _valid, _empty, _stale, _last, _torn, _failed;
    private ulong _accumulated, _storedChecksum, _computedChecksum;
    private LogScanVerdict _verdict;

    /// <summary>Takes the next segments.</summary>
    /// <param name="segments">Whole segments.</param>
    public void Append(ReadOnlySpan<byte> segments)
    {
        // The newest valid segment is copied once a call, not once a segment; mended ones are copied as they come.
        int newest = -1;
        for (int at = 0; at < segments.Length && !IsDone; at += Size)
        {
            int last = _last;
            bool plain = Take(segments.Slice(at, Size));
            if (_last != last)
                newest = plain ? at : -1;
        }

        if (newest >= 0)
            segments.Slice(newest, Size).CopyTo(_lastValid);
    }

    /// <summary>Takes a segment that the disk did not give.</summary>
    public void AppendUnreadable()
    {
        if (IsDone)
            return;
        if (_waiting || _cut != 0)
        {
            Fail(LogScanVerdict.IOError, _next - 1);
            return;
        }

        _storedChecksum = _computedChecksum = 0;
        _waiting = _next++ < header.SectorCount - 1;
    }

    /// <summary>The result, when all segments were given.</summary>
    public LogScanResult Complete()
    {
        if (_waiting && _verdict == LogScanVerdict.Good)
            FailOrCut(LogScanVerdict.SegmentCorrupt, _next - 1);
        return new()
        {
            Verdict = _verdict,
            Header = header,
            FailedSegment = _failed,
            StoredChecksum = _verdict == LogScanVerdict.Good ? 0 : _storedChecksum,
            ComputedChecksum = _verdict == LogScanVerdict.Good ? 0 : _computedChecksum,
            LastValidSegment = _last,
            End = Position(_last + 1),
            AccumulatedChecksum = _accumulated,
            Corrected = _corrected,
            TornSegment = _torn,
            CutSegment = _verdict == LogScanVerdict.Good ? _cut : 0,
            ValidSegments = _valid,
            EmptySegments = _empty,
            StaleSegments = _stale,
            CleanShutdown = _last != 0 && _verdict == LogScanVerdict.Good ? FindClosingRecord() : default,
            Segments = _segments,
        };
    }

    private bool IsDone => _verdict != LogScanVerdict.Good || _next >= header.SectorCount;

    // True when the segment counts as it stands in the given bytes, uncorrected.
    private bool Take(ReadOnlySpan<byte> segment)
    {
        int index = _next++;
        // Behind zeros nothing can be hidden: zeros verify with no index, are nobody's shadow and have no position.
        bool isZero = BinaryPrimitives.ReadUInt64LittleEndian(segment) == 0 && !segment.ContainsAnyExcept((byte)0);
        var sum = isZero ? new(0, HeaderChecksum.Seed, false) : Sum.Of(segment);
        if (_cut != 0)
        {
            JudgeBehindCut(segment, sum, index);
            return false;
        }

        if (_waiting && !TakeShadow(segment, sum, index - 1))
            return false;
        // The last place is for a shadow only; in a file used again it may hold one of its earlier life.
        if (index == header.SectorCount - 1)
            return false;
        if (isZero && _zeroIsEmpty)
        {
            _emptySeen = true;
            _empty++;
            return false;
        }

        if (Verify(segment, sum, (uint)index, out int bit))
            return TakeValid(bit < 0 ? segment : _mended, index, bit);
        if (index != 1 && Verify(segment, sum, (uint)index - 1, out _))
        {
            _emptySeen = true;
            _stale++;
            return false;
        }

        (_storedChecksum, _computedChecksum) = (sum.Stored, sum.For((uint)index));
        if (_emptySeen)
            FailOrCut(LogScanVerdict.CorruptAfterEmptySegment, index);
        else
            _waiting = true;
        return false;
    }

    private bool TakeValid(ReadOnlySpan<byte> segment, int index, int bit)
    {
        int order = PositionOf(segment).CompareTo(Position(index));
        if (order < 0)
        {
            _emptySeen = true;
            _stale++;
            return false;
        }

        if (order > 0 || _emptySeen)
        {
            _storedChecksum = _computedChecksum = BinaryPrimitives.ReadUInt64LittleEndian(segment);
            if (order > 0)
                Fail(LogScanVerdict.BadSegmentLgpos, index);
            else if (FailOrCut(LogScanVerdict.ValidSegmentAfterEmpty, index))
                JudgeBehindCut(segment, Sum.Of(segment), index);
            return false;
        }

        if (bit >= 0)
            _corrected.Add(new(index, bit));
        Count(segment, index);
        if (bit >= 0)
            segment.CopyTo(_lastValid);
        return bit < 0;
    }

    // The segment before this one is damaged: this one must be its shadow.
    private bool TakeShadow(ReadOnlySpan<byte> segment, Sum sum, int index)
    {
        _waiting = false;
        if (!Verify(segment, sum, (uint)index, out int bit))
        {
            if (FailOrCut(LogScanVerdict.SegmentCorrupt, index))
                JudgeBehindCut(segment, sum, index + 1);
            return false;
        }

        if (bit >= 0)
            segment = _mended;
        if (PositionOf(segment) != Position(index))
        {
            Fail(LogScanVerdict.SegmentCorrupt, index);
            return false;
        }

        if (bit >= 0)
            _corrected.Add(new(index + 1, bit));
        _torn = index;
        Count(segment, index);
        segment.CopyTo(_lastValid);
        return true;
    }

    // True when the rest may be what is left of a last write.
    private bool FailOrCut(LogScanVerdict verdict, int index)
    {
        if (!header.TellsDurable)
        {
            Fail(verdict, index);
            return false;
        }

        (_cut, _waiting) = (_last + 1, false);
        return true;
    }

    private void JudgeBehindCut(ReadOnlySpan<byte> segment, Sum sum, int index)
    {
        bool isOwn = Verify(segment, sum, (uint)index, out int bit);
        if (isOwn && bit >= 0)
            segment = _mended;
        if (!isOwn || PositionOf(segment) != Position(index)
            || SegmentMark.Durable(segment) <= (uint)_cut)
            return;
        Fail(LogScanVerdict.SegmentCorrupt, _cut);
    }

    private void Count(ReadOnlySpan<byte> segment, int index)
    {
        ulong checksum = BinaryPrimitives.ReadUInt64LittleEndian(segment);
        _accumulated ^= checksum;
        _last = index;
        _valid++;
        if (collect)
            _segments.Add(new(index, checksum, PositionOf(segment), LogTime.Read(segment[16..])));
    }

    // bit: the one that was corrected, in _mended; -1 when the bytes are right as they stand.
    private bool Verify(ReadOnlySpan<byte> segment, Sum sum, uint index, out int bit)
    {
        bit = -1;
        ulong computed = sum.For(index);
        if (sum.Stored == computed)
            return !header.TellsDurable || SegmentMark.IsWhole(segment);
        if (!sum.IsCorrecting)
            return false;
        int flipped = XorEcc.FindFlippedBit(sum.Stored, computed, Size, isFirst: true);
        // Neither the checksum itself nor the bit that selects it is ever corrected.
        if (flipped is < 64 or XorEcc.FormatBit)
            return false;
        segment.CopyTo(_mended);
        _mended[flipped >> 3] ^= (byte)(1 << (flipped & 7));
        if (XorEcc.Compute(_mended, index, isFirst: true) != sum.Stored
            || (header.TellsDurable && !SegmentMark.IsWhole(_mended)))
            return false;
        bit = flipped;
        return true;
    }

    private void Fail(LogScanVerdict verdict, int index) => (_verdict, _failed, _waiting) = (verdict, index, false);

    private LogPosition Position(int index) => new(header.Generation, index, 0);

    private static LogPosition PositionOf(ReadOnlySpan<byte> segment) => LogPosition.Read(segment[8..]);

    // A stream was closed when the last record but filler says so. Fragments count as records here: a closing record
    // is never fragmented, since any first fragment takes more than it.
    private LogPosition FindClosingRecord()
    {
        LogPosition closing = default;
        int position = 0;
        for (int at = HeaderBytes; at < Size;)
        {
            var type = (LogRecordType)_lastValid[at];
            int size = type == LogRecordType.Nop ? 1 : LogRecordCatalogue.Measure(_lastValid.AsSpan(at));
            if (size == 0)
                return default;
            if (LogRecordCatalogue.IsClosing(type))
                closing = new(header.Generation, _last, position);
            else if (type is not (LogRecordType.Nop or LogRecordType.Nop2))
                closing = default;
            at += size;
            // Filler of one byte belongs to the record behind it.
            if (type != LogRecordType.Nop)
                position = at;
        }

        return closing;
    }

    // The checksum without the index, so that a segment is summed once however many indices it is compared with.
    private readonly record struct Sum(ulong Stored, ulong Bare, bool IsCorrecting)
    {
        public static Sum Of(ReadOnlySpan<byte> segment)
        {
            bool correcting = (segment[37] & FormatFlag) != 0;
            return new(BinaryPrimitives.ReadUInt64LittleEndian(segment),
                correcting ? XorEcc.Compute(segment, 0, isFirst: true) : HeaderChecksum.Compute(segment), correcting);
        }

        public ulong For(uint index) => IsCorrecting ? Bare ^ index : Bare | (ulong)index << 32;
    }
}
