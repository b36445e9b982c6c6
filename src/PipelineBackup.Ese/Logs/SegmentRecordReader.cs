using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Reads the records of a log of version 8.</summary>
/// <remarks>
/// The position of a record is where the one before ended, with the end of a segment told as offset 0 of the next. So
/// filler and the heads of segments belong to the record behind them. Of a record in fragments
/// <code>
/// outside ──whole record──► given            inside ──fragment──► inside, or given when complete
/// outside ──first fragment──► inside         inside ──end of the log──► outside, dropped
/// outside ──fragment──► (after a seek) skipped, else damage
/// inside ──at the start of a segment: the first record of an undoing──► outside, dropped; that one given
/// </code>
/// </remarks>
internal sealed class SegmentRecordReader(LogScanResult scan, SegmentSource source) : LogRecordReader(scan)
{
    private const int Size = SegmentScan.Size;
    private const int BeginHead = 7, FragmentHead = 3;

    private static readonly byte[] s_nop = [0];

    private readonly int _last = scan.LastValidSegment;
    private ReadOnlyMemory<byte> _segment;
    // The segment read last, and the next byte in it; a full offset asks for the next segment.
    private int _index, _at = Size;
    private bool _skipFragments, _emptyGiven;
    private byte[] _part = [];
    private EseException? _fault;

    // The record in fragments that is being put together.
    private uint _total;
    private int _partLength;
    private bool _inside;
    private LogPosition _partFirst;

    /// <inheritdoc/>
    public override void Seek(LogPosition position)
    {
        RequireGeneration(position);
        (_inside, _fault) = (false, null);
        int index = Math.Max(position.Sector, 1);
        if (index > _last)
        {
            (_index, _at, Position) = (_last, Size, Scan.End);
            _emptyGiven = true;
            return;
        }

        Load(index);
        var segment = _segment.Span;
        while (_at < position.Offset && _at < Size)
        {
            int size = LogRecordCatalogue.Measure(segment[_at..]);
            if (size == 0)
                throw Corrupt("no record can be measured");
            _at += size;
        }

        _skipFragments = true;
        Position = _at == SegmentScan.HeaderBytes ? At(0) : End();
    }

    /// <inheritdoc/>
    public override bool TryRead(out LogRecordView record)
    {
        if (_fault is not null)
            throw _fault;
        if (_last == 0)
            return TryReadEmpty(out record);
        while (_at < Size || NextSegment())
        {
            var rest = _segment.Span[_at..];
            var type = (LogRecordType)rest[0];
            if (type == LogRecordType.Nop)
            {
                int next = rest.IndexOfAnyExcept((byte)0);
                _at = next < 0 ? Size : _at + next;
                continue;
            }

            int size = LogRecordCatalogue.Measure(rest);
            if (size == 0)
                throw Corrupt("no record");
            var bytes = rest[..size];
            if (type == LogRecordType.FragmentBegin)
                BeginFragments(bytes);
            else if (type == LogRecordType.Fragment)
            {
                if (AddFragment(bytes))
                    return Give(_part.AsSpan(0, _partLength), _partFirst, out record);
            }
            else
                return GiveWhole(bytes, type, out record);
        }

        if (_inside)
            Drop();
        record = default;
        return false;
    }

    private protected override void Dispose(bool disposing)
    {
        source.Dispose();
        base.Dispose(disposing);
    }

    // A file without a record reads as if it held one filler byte.
    private bool TryReadEmpty(out LogRecordView record)
    {
        record = _emptyGiven ? default : new(s_nop, Position, Position, 1);
        bool given = !_emptyGiven;
        _emptyGiven = true;
        return given;
    }

    private bool GiveWhole(ReadOnlySpan<byte> bytes, LogRecordType type, out LogRecordView record)
    {
        if (_inside)
        {
            // A crash lost the rest; undoing went on in a new segment, perhaps behind what a page write needed.
            if (_at != SegmentScan.HeaderBytes || type is not (LogRecordType.RecoveryUndo
                or LogRecordType.RecoveryUndo2 or LogRecordType.UndoInfo))
                throw Corrupt("a record inside another one in fragments");
            Drop();
        }

        var first = At(_at);
        _at += bytes.Length;
        return Give(bytes, first, out record);
    }

    private bool Give(ReadOnlySpan<byte> bytes, LogPosition first, out LogRecordView record)
    {
        record = new(bytes, Position, first, bytes.Length);
        Position = End();
        _skipFragments = false;
        return true;
    }

    private void BeginFragments(ReadOnlySpan<byte> fragment)
    {
        if (_inside)
        {
            if (_at != SegmentScan.HeaderBytes || fragment.Length <= BeginHead
                || (LogRecordType)fragment[BeginHead] != LogRecordType.UndoInfo)
                throw Corrupt("a record in fragments inside another one");
            Drop();
        }

        _total = BinaryPrimitives.ReadUInt32LittleEndian(fragment[1..]);
        if ((uint)(fragment.Length - BeginHead) >= _total)
            throw Corrupt("a first fragment as long as its record");
        (_inside, _partFirst, _partLength) = (true, At(_at), 0);
        Collect(fragment, BeginHead);
    }

    // True when the record is complete.
    private bool AddFragment(ReadOnlySpan<byte> fragment)
    {
        if (!_inside && _skipFragments)
        {
            _at += fragment.Length;
            Position = End();
            return false;
        }

        if (!_inside || (uint)(_partLength + fragment.Length - FragmentHead) > _total)
            throw Corrupt("a fragment that belongs to no record");
        Collect(fragment, FragmentHead);
        if ((uint)_partLength < _total)
            return false;
        _inside = false;
        if (LogRecordCatalogue.Measure(_part.AsSpan(0, _partLength)) != _partLength)
            throw Corrupt("fragments that make no record");
        return true;
    }

    // The buffer grows with what is there, not with what a first fragment promises.
    private void Collect(ReadOnlySpan<byte> fragment, int head)
    {
        var bytes = fragment[head..];
        if (_partLength + bytes.Length > _part.Length)
            Array.Resize(ref _part, Math.Max(_partLength + bytes.Length, Math.Max(_part.Length * 2, 4 * Size)));
        bytes.CopyTo(_part.AsSpan(_partLength));
        _partLength += bytes.Length;
        _at += fragment.Length;
    }

    private void Drop()
    {
        _inside = false;
        Dropped++;
        if (_at < Size)
            Position = At(0);
    }

    private bool NextSegment()
    {
        if (_index >= _last)
            return false;
        Load(_index + 1);
        return true;
    }

    private void Load(int index)
    {
        _segment = source.Get(index);
        (_index, _at) = (index, SegmentScan.HeaderBytes);
    }

    private LogPosition End() => _at >= Size ? new(Header.Generation, _index + 1, 0) : At(_at);

    private LogPosition At(int offset) => new(Header.Generation, _index, offset);

    private EseException Corrupt(string what) =>
        _fault = new(EseError.LogFileCorrupt, $"{what} at {At(_at)}, in a segment with a right checksum");
}
