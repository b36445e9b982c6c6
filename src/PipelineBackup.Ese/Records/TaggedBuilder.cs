using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>The tagged columns of a record that is being built: their values, then their bytes.</summary>
/// <remarks>
/// Columns that nobody changes keep the bytes they came with. See <see cref="RecordView"/> for the directory and
/// <see cref="TaggedColumn"/> for the layouts.
/// </remarks>
internal sealed class TaggedBuilder(RecordFormat format)
{
    private const int EntryBytes = 4;
    private const int InheritedMark = 0x8000, HeaderMark = 0x4000, SmallNullMark = 0x2000;
    private const byte LongMark = 0x01, CompressedMark = 0x02, SeparatedMark = 0x04, MultiMark = 0x08, TwoMark = 0x10;
    private const byte NullMark = 0x20, EncryptedMark = 0x40;
    private const int OwnOrder = 0x10000;

    private readonly List<Part> _parts = [];
    private readonly ByteHeap _heap = new();

    private bool IsSmall => format == RecordFormat.Small;

    private int MostOffset => IsSmall ? 0x1FFF : 0x7FFF;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _parts.Clear();
        _heap.Clear();
    }

    /// <summary>Takes the columns of a record as they are.</summary>
    /// <exception cref="EseException">They do not lie within the record (-1206).</exception>
    public void Load(in RecordView record)
    {
        for (int i = 0; i < record.DirectoryEntries; i++)
        {
            _ = record.At(i);
            var entry = record.EntryAt(i, out int word, out int column);
            int order = (word & InheritedMark) != 0 ? column : column + OwnOrder;
            if (_parts.Count > 0 && order <= _parts[^1].Order)
                throw RecordView.Corrupt("the tagged columns of a record are out of order");
            int marks = IsSmall ? word & (HeaderMark | SmallNullMark) : 0;
            _parts.Add(new(order, PartKind.Whole, marks, false, _heap.Add(entry)));
        }
    }

    /// <summary>Order of a column: inherited ones first, each group by number.</summary>
    public static int Order(ColumnId column, bool isInherited) => column.Value + (isInherited ? 0 : OwnOrder);

    /// <summary>Number of values; 0 when the column is absent or NULL.</summary>
    public int Count(int order)
    {
        var (first, count) = Values(order, expand: true, isLong: false);
        return count == 1 && _parts[first].Kind == PartKind.Null ? 0 : count;
    }

    /// <summary>Takes all values of a column away.</summary>
    public void Remove(int order)
    {
        var (first, count) = Values(order, expand: false, isLong: false);
        _parts.RemoveRange(first, count);
    }

    /// <summary>Makes a column explicitly NULL.</summary>
    public void SetNull(int order, bool isLong)
    {
        Remove(order);
        _parts.Insert(Find(order), new(order, PartKind.Null, 0, isLong, default));
    }

    /// <summary>Sets one value; behind the last it is added.</summary>
    public void Set(int order, bool isLong, int index, TaggedValueKind kind, ReadOnlySpan<byte> stored)
    {
        var (first, count) = Values(order, expand: true, isLong);
        if (count == 1 && _parts[first].Kind == PartKind.Null)
        {
            _parts.RemoveAt(first);
            count = 0;
        }

        if (index > count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"the column has {count} values");
        if (index > 0 && kind is not (TaggedValueKind.Plain or TaggedValueKind.Separated))
            throw new ArgumentException("only the first value of a column is compressed or encrypted", nameof(kind));
        var part = new Part(order, (PartKind)kind, 0, isLong, _heap.Add(stored));
        if (index < count)
            _parts[first + index] = part;
        else
            _parts.Insert(first + count, part);
    }

    /// <summary>Takes one value away; those behind it move up.</summary>
    public void RemoveAt(int order, bool isLong, int index)
    {
        var (first, count) = Values(order, expand: true, isLong);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
        if (index + 1 < count && index == 0 && _parts[first + 1].Kind is not (PartKind.Plain or PartKind.Separated))
            throw new ArgumentException("the value behind it cannot be the first one", nameof(index));
        _parts.RemoveAt(first + index);
    }

    /// <summary>One value: how it stands, and its bytes until the next change.</summary>
    public TaggedValueKind Value(int order, int index, out ReadOnlySpan<byte> stored)
    {
        var (first, count) = Values(order, expand: true, isLong: false);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
        var part = _parts[first + index];
        stored = _heap[part.Bytes];
        return (TaggedValueKind)part.Kind;
    }

    /// <summary>Bytes that the columns take in a record.</summary>
    public int Length
    {
        get
        {
            int length = 0;
            for (int i = 0; i < _parts.Count; i = EndOf(i))
                length += EntryBytes + DataLength(i, EndOf(i));
            return length;
        }
    }

    /// <summary>Writes the columns.</summary>
    /// <param name="target">Exactly <see cref="Length"/> bytes.</param>
    /// <exception cref="EseException">They are more than a directory can tell of (-1026).</exception>
    public void Write(Span<byte> target)
    {
        int columns = 0, entry = 0;
        for (int i = 0; i < _parts.Count; i = EndOf(i))
            columns++;
        int at = EntryBytes * columns;
        for (int i = 0; i < _parts.Count; i = EndOf(i), entry += EntryBytes)
        {
            if (at > MostOffset)
                throw new EseException(EseError.RecordTooBig, "the tagged columns reach beyond their directory");
            int end = EndOf(i), length = DataLength(i, end), order = _parts[i].Order;
            int word = at | Marks(i, end) | (order < OwnOrder ? InheritedMark : 0);
            BinaryPrimitives.WriteUInt16LittleEndian(target[entry..], (ushort)order);
            BinaryPrimitives.WriteUInt16LittleEndian(target[(entry + 2)..], (ushort)word);
            WriteData(i, end, target.Slice(at, length));
            at += length;
        }
    }

    private (int First, int Count) Values(int order, bool expand, bool isLong)
    {
        int first = Find(order);
        if (first == _parts.Count || _parts[first].Order != order)
            return (first, 0);
        if (expand && _parts[first].Kind == PartKind.Whole)
            Expand(first, isLong);
        return (first, EndOf(first) - first);
    }

    // A column that came with the record falls into its values when one of them is asked for or changed.
    private void Expand(int at, bool isLong)
    {
        var whole = _parts[at];
        byte[] bytes = _heap[whole.Bytes].ToArray();
        bool hasHeader = !IsSmall || (whole.Marks & HeaderMark) != 0;
        isLong |= hasHeader && bytes.Length > 0 && (bytes[0] & LongMark) != 0;
        var column = (whole.Marks & SmallNullMark) != 0 ? TaggedColumn.Null
            : hasHeader ? TaggedColumn.WithHeader(bytes)
            : TaggedColumn.Plain(bytes);
        _parts.RemoveAt(at);
        if (column.Count == 0)
            _parts.Insert(at, new(whole.Order, PartKind.Null, 0, isLong, default));
        for (int i = 0; i < column.Count; i++)
        {
            var value = column[i];
            _parts.Insert(at + i, new(whole.Order, KindOf(value), 0, isLong, _heap.Add(value.Stored)));
        }
    }

    private static PartKind KindOf(in RecordValue value) => (PartKind)value.Kind;

    private int Find(int order)
    {
        int low = 0, high = _parts.Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_parts[middle].Order < order)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private int EndOf(int first)
    {
        int end = first + 1;
        while (end < _parts.Count && _parts[end].Order == _parts[first].Order)
            end++;
        return end;
    }

    private bool HasHeader(int first, int end) => !IsSmall || end - first > 1 || _parts[first].IsLong
        || _parts[first].Kind is not (PartKind.Plain or PartKind.Null);

    private bool IsTwoValues(int first, int end) => IsSmall && end - first == 2 && !_parts[first].IsLong
        && _parts[first].Kind == PartKind.Plain && _parts[first + 1].Kind == PartKind.Plain
        && _parts[first].Bytes.Length <= byte.MaxValue;

    private int Marks(int first, int end) => _parts[first].Kind switch
    {
        PartKind.Whole => _parts[first].Marks,
        PartKind.Null => IsSmall ? SmallNullMark : 0,
        _ => IsSmall && HasHeader(first, end) ? HeaderMark : 0,
    };

    private int DataLength(int first, int end)
    {
        var part = _parts[first];
        if (part.Kind == PartKind.Whole)
            return part.Bytes.Length;
        if (part.Kind == PartKind.Null)
            return IsSmall ? 0 : 1;
        int length = HasHeader(first, end) ? 1 : 0;
        length += end - first == 1 ? 0 : IsTwoValues(first, end) ? 1 : 2 * (end - first);
        for (int i = first; i < end; i++)
            length += _parts[i].Bytes.Length;
        return length;
    }

    private void WriteData(int first, int end, Span<byte> target)
    {
        var part = _parts[first];
        if (part.Kind == PartKind.Whole)
        {
            _heap[part.Bytes].CopyTo(target);
            return;
        }

        if (part.Kind == PartKind.Null)
        {
            if (!IsSmall)
                target[0] = NullMark;
            return;
        }

        bool isTwo = IsTwoValues(first, end), isMulti = end - first > 1;
        if (HasHeader(first, end))
        {
            target[0] = (byte)(HeaderOf(part, isMulti) | (isMulti ? MultiMark : 0) | (isTwo ? TwoMark : 0));
            target = target[1..];
        }

        int at = 0;
        if (isTwo)
            target[at++] = (byte)part.Bytes.Length;
        else if (isMulti)
            at = 2 * (end - first);
        for (int i = first; i < end; i++)
        {
            var value = _parts[i];
            if (isMulti && !isTwo)
            {
                int mark = value.Kind == PartKind.Separated ? 0x8000 : 0;
                BinaryPrimitives.WriteUInt16LittleEndian(target[(2 * (i - first))..], (ushort)(at | mark));
            }

            _heap[value.Bytes].CopyTo(target[at..]);
            at += value.Bytes.Length;
        }
    }

    private static byte HeaderOf(in Part part, bool isMulti) => (byte)((part.IsLong ? LongMark : 0) | part.Kind switch
    {
        PartKind.Compressed => CompressedMark,
        PartKind.Separated => isMulti ? 0 : SeparatedMark,
        PartKind.Encrypted => EncryptedMark,
        PartKind.CompressedAndEncrypted => CompressedMark | EncryptedMark,
        _ => 0,
    });

    private enum PartKind : byte
    {
        Plain = TaggedValueKind.Plain,
        Compressed = TaggedValueKind.Compressed,
        Separated = TaggedValueKind.Separated,
        Encrypted = TaggedValueKind.Encrypted,
        CompressedAndEncrypted = TaggedValueKind.CompressedAndEncrypted,

        /// <summary>Explicitly NULL: the only part of its column.</summary>
        Null,

        /// <summary>A whole column as it came with the record.</summary>
        Whole,
    }

    private readonly record struct Part(int Order, PartKind Kind, int Marks, bool IsLong, ByteHeap.Piece Bytes);
}
