using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// Packs log records into the segments of one generation, exactly as the engine does: the other side of
/// <see cref="LogRecordReader"/>. It makes bytes; when and how they go to disk is the caller's.
/// </summary>
/// <remarks>
/// A segment is open while records go into it and done when it is full, or when it is closed early:
/// <code>
/// none ──record──► open ──full──► done ──(taken by the caller)
///                  open ──Close: rest zero──► done                 a new generation, or a new run of the engine
///                  open ──Fill: rest a NOP2──► done                a commit that waits for the disk
/// </code>
/// A record that does not fit is cut into fragments when at least 32 bytes are left, else the rest is filled with
/// zeros. Done segments must be taken now and then: <see cref="Done"/>, <see cref="Take"/>.
/// </remarks>
public sealed class LogPacker
{
    private const int Size = SegmentScan.Size, Head = SegmentScan.HeaderBytes;
    private const int SmallestStart = 32, BeginHead = 7, FragmentHead = 3;
    private const uint FormatFlag = 0x2000;

    private readonly int _sectors;
    private readonly TimeProvider _clock;
    private readonly LogRecordWriter _filler = new();
    // Done segments that were not taken, then the open one.
    private byte[] _bytes = new byte[8 * Size];
    private int _done;
    // Next byte in the open segment; 0 while there is none.
    private int _at;

    // Where the zeros begin that a segment was closed with: they belong to the record behind them.
    private LogPosition _rest;

    /// <summary>Begins to pack.</summary>
    /// <param name="generation">The generation of the file.</param>
    /// <param name="sectorCount">Segments of the file, its header included, at least 3 and at most 65535.</param>
    /// <param name="clock">Gives the time that is stamped on each segment as it begins.</param>
    /// <param name="firstSegment">Where to begin: 1, or behind what an earlier run of the engine left.</param>
    /// <param name="accumulated">XOR of the checksums of the segments before.</param>
    public LogPacker(
        LogGeneration generation, int sectorCount, TimeProvider clock, int firstSegment = 1, ulong accumulated = 0)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentOutOfRangeException.ThrowIfLessThan(sectorCount, 3);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sectorCount, ushort.MaxValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(firstSegment, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstSegment, sectorCount - 1);
        (_sectors, _clock) = (sectorCount, clock);
        (Generation, DoneIndex, AccumulatedChecksum) = (generation, firstSegment, accumulated);
    }

    /// <summary>The generation of the file.</summary>
    public LogGeneration Generation { get; }

    /// <summary>Index of the first segment in <see cref="Done"/>; of the open one when there are none.</summary>
    public int DoneIndex { get; private set; }

    /// <summary>Whole segments that were not taken, with their checksums; valid until the next call.</summary>
    public ReadOnlySpan<byte> Done => _bytes.AsSpan(0, _done * Size);

    /// <summary>Index of the open segment, or of the next one while none is open.</summary>
    public int OpenIndex => DoneIndex + _done;

    /// <summary>Whether a segment is open.</summary>
    public bool IsOpen => _at != 0;

    /// <summary>XOR of the checksums of all done segments: the header of the next generation names it.</summary>
    public ulong AccumulatedChecksum { get; private set; }

    /// <summary>Position that the next record gets.</summary>
    public LogPosition Position => _rest.IsSet ? _rest : new(Generation, OpenIndex, _at);

    /// <summary>Where the records of the segments before end, when those do not end with a segment.</summary>
    internal LogPosition Rest
    {
        init => _rest = value.Offset == 0 ? default : value;
    }

    /// <summary>
    /// Whether records go into this generation together. The last segment but one is never filled to its last byte, and
    /// the last one is for a shadow.
    /// </summary>
    /// <param name="records">One or more records, one behind the other, that must not be parted.</param>
    /// <exception cref="ArgumentException">The bytes are no records.</exception>
    public bool Fits(ReadOnlySpan<byte> records)
    {
        long at = _at, end = 0;
        for (; !records.IsEmpty; records = records[MeasureFirst(records)..])
            at = end = EndOf(at, MeasureFirst(records));
        return OpenIndex + (end + Size) / Size <= _sectors - 1;
    }

    /// <summary>Packs records.</summary>
    /// <param name="records">One or more records, one behind the other.</param>
    /// <returns>Position of the first one.</returns>
    /// <exception cref="ArgumentException">The bytes are no records.</exception>
    /// <exception cref="InvalidOperationException">They do not fit; see <see cref="Fits"/>.</exception>
    public LogPosition Append(ReadOnlySpan<byte> records)
    {
        if (!Fits(records))
            throw new InvalidOperationException($"records of {records.Length} bytes do not fit behind {Position}");
        var position = Position;
        for (; !records.IsEmpty; records = records[MeasureFirst(records)..])
            Pack(records[..MeasureFirst(records)]);
        return position;
    }

    /// <summary>
    /// Fills the open segment with a NOP2, so that it is written once and never again; nothing when none is open or
    /// fewer than 5 bytes are left.
    /// </summary>
    /// <returns>Whether the segment is done; not when filling it would end the generation.</returns>
    public bool Fill()
    {
        if (!IsOpen || Size - _at < LogRecordCatalogue.ExtensibleHeaderBytes)
            return false;
        _filler.Clear();
        _filler.Filler(Size - _at);
        if (!Fits(_filler.Written))
            return false;
        Pack(_filler.Written);
        return true;
    }

    /// <summary>Ends the open segment; the rest of it is zero. Nothing when none is open.</summary>
    public void Close()
    {
        if (!IsOpen)
            return;
        _rest = Position;
        Open()[_at..].Clear();
        Finish();
    }

    /// <summary>
    /// Makes a segment of filler alone, without a time: a generation that ends before anything was put in.
    /// </summary>
    public void CloseEmpty()
    {
        Close();
        Begin(default);
        Close();
    }

    /// <summary>
    /// The open segment as it is written for now, with its checksum, the rest zero. It goes to its own place and then,
    /// as its shadow, to the place behind it.
    /// </summary>
    /// <param name="destination">4096 bytes.</param>
    /// <returns>Its checksum.</returns>
    /// <exception cref="InvalidOperationException">No segment is open.</exception>
    public ulong CopyOpen(Span<byte> destination)
    {
        if (!IsOpen)
            throw new InvalidOperationException("no segment is open");
        Open()[.._at].CopyTo(destination);
        destination[_at..Size].Clear();
        return Stamp(destination[..Size], OpenIndex);
    }

    /// <summary>Forgets the done segments: they were taken.</summary>
    public void Take()
    {
        if (_done == 0)
            return;
        if (IsOpen)
            Open()[.._at].CopyTo(_bytes);
        DoneIndex += _done;
        _done = 0;
    }

    private void Pack(ReadOnlySpan<byte> record)
    {
        if (IsOpen && Size - _at < Math.Min(record.Length, SmallestStart))
            Close();
        if (!IsOpen)
            Begin(LogTime.From(_clock.GetUtcNow()));
        int room = Size - _at;
        if (record.Length <= room)
        {
            Put(record);
            return;
        }

        Span<byte> head = stackalloc byte[BeginHead];
        head[0] = (byte)LogRecordType.FragmentBegin;
        BinaryPrimitives.WriteUInt32LittleEndian(head[1..], (uint)record.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(head[5..], (ushort)(room - BeginHead));
        Put(head);
        Put(record[..(room - BeginHead)]);
        record = record[(room - BeginHead)..];
        head[0] = (byte)LogRecordType.Fragment;
        while (!record.IsEmpty)
        {
            Begin(LogTime.From(_clock.GetUtcNow()));
            int part = Math.Min(record.Length, Size - Head - FragmentHead);
            BinaryPrimitives.WriteUInt16LittleEndian(head[1..], (ushort)part);
            Put(head[..FragmentHead]);
            Put(record[..part]);
            record = record[part..];
        }
    }

    // Where a record would end, counted from the start of the open segment; the same steps without the bytes.
    private static long EndOf(long at, int length)
    {
        long used = at % Size, room = Size - used;
        if (used == 0)
            (at, room) = (at + Head, Size - Head);
        else if (room < Math.Min(length, SmallestStart))
            (at, room) = (at + room + Head, Size - Head);
        if (length <= room)
            return at + length;
        long rest = length - (room - BeginHead);
        long whole = rest / (Size - Head - FragmentHead), part = rest % (Size - Head - FragmentHead);
        return at + room + whole * Size + (part == 0 ? 0 : Head + FragmentHead + part);
    }

    private static int MeasureFirst(ReadOnlySpan<byte> records)
    {
        int size = LogRecordCatalogue.Measure(records);
        if (size == 0 || records[0] is (byte)LogRecordType.Nop or (byte)LogRecordType.FragmentBegin
            or (byte)LogRecordType.Fragment)
            throw new ArgumentException("the bytes are no log records", nameof(records));
        return size;
    }

    private void Begin(LogTime started)
    {
        if ((_done + 1) * Size > _bytes.Length)
            Array.Resize(ref _bytes, _bytes.Length * 2);
        var head = Open()[..Head];
        head.Clear();
        new LogPosition(Generation, OpenIndex, 0).Write(head[8..]);
        started.Write(head[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(head[36..], FormatFlag);
        (_at, _rest) = (Head, default);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Open()[_at..]);
        _at += bytes.Length;
        if (_at == Size)
            Finish();
    }

    private void Finish()
    {
        AccumulatedChecksum ^= Stamp(Open(), OpenIndex);
        _done++;
        _at = 0;
    }

    private Span<byte> Open() => _bytes.AsSpan(_done * Size, Size);

    private static ulong Stamp(Span<byte> segment, int index)
    {
        ulong checksum = XorEcc.Compute(segment, (uint)index, isFirst: true);
        BinaryPrimitives.WriteUInt64LittleEndian(segment, checksum);
        return checksum;
    }
}
