using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>The values of one tagged column in a record, in the order of their itagSequence.</summary>
/// <remarks>
/// After the header byte, where there is one:
/// <code>
/// plain          the value
/// separated      number of the long value, 4 or 8 bytes
/// two values     u8 length of the first, first, second           header 18
/// multi-values   u16 offset of each value from this table on, bit 15: separated; then the values
/// </code>
/// Header byte: 01 long type, 02 (first) value compressed, 04 separated, 08 multi-values, 10 two values, 20 NULL,
/// 40 encrypted. In the old format the values are whole entries, one behind the other.
/// </remarks>
public readonly ref struct TaggedColumn
{
    private const int CompressedMark = 0x02;
    private const int SeparatedMark = 0x04;
    private const int MultiValuesMark = 0x08;
    private const int TwoValuesMark = 0x10;
    private const int NullMark = 0x20;
    private const int EncryptedMark = 0x40;
    private const int OffsetMask = 0x7FFF;

    private readonly ReadOnlySpan<byte> _data;
    private readonly byte _header;
    private readonly bool _isOld;

    private TaggedColumn(ReadOnlySpan<byte> data, byte header, int count, bool isOld = false)
    {
        _data = data;
        _header = header;
        _isOld = isOld;
        Count = count;
    }

    /// <summary>Number of values; 0 is an explicit NULL.</summary>
    public int Count { get; }

    /// <summary>One value.</summary>
    /// <param name="index">From 0; itagSequence − 1.</param>
    /// <exception cref="EseException">The value does not lie within the record (-1206).</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer values.</exception>
    public RecordValue this[int index]
    {
        get
        {
            if ((uint)index >= (uint)Count)
                throw new ArgumentOutOfRangeException(nameof(index));
            if (_isOld)
                return OldTaggedData.Value(_data, index);
            bool isEncrypted = (_header & EncryptedMark) != 0, isCompressed = (_header & CompressedMark) != 0;
            if ((_header & TwoValuesMark) != 0)
                return OneOfTwo(index, isEncrypted, isCompressed);
            return (_header & MultiValuesMark) != 0
                ? OneOfMany(index, isEncrypted, isCompressed)
                : new(_data, (_header & SeparatedMark) != 0, isCompressed, isEncrypted);
        }
    }

    /// <summary>A column with a header byte before its data.</summary>
    internal static TaggedColumn WithHeader(ReadOnlySpan<byte> headerAndData)
    {
        if (headerAndData.IsEmpty)
            throw RecordView.Corrupt("a tagged column lacks its header byte");
        byte header = headerAndData[0];
        var data = headerAndData[1..];
        if ((header & NullMark) != 0)
            return Null;

        // The mark of many values stands beside that of two, so that one decides first.
        if ((header & TwoValuesMark) != 0)
            return new(data, header, 2);
        if ((header & MultiValuesMark) == 0)
            return new(data, header, 1);
        int count = data.Length < 2 ? 0 : (Read16(data, 0) & OffsetMask) / 2;
        return count > 0 && 2 * count <= data.Length
            ? new(data, header, count)
            : throw RecordView.Corrupt("the values of a tagged column leave the record");
    }

    /// <summary>A column of one value without a header byte.</summary>
    internal static TaggedColumn Plain(ReadOnlySpan<byte> data) => new(data, 0, 1);

    /// <summary>A column that is NULL.</summary>
    internal static TaggedColumn Null => default;

    /// <summary>Entries of the old format that belong to one column.</summary>
    internal static TaggedColumn Old(ReadOnlySpan<byte> entries, int count) => new(entries, 0, count, isOld: true);

    private RecordValue OneOfTwo(int index, bool isEncrypted, bool isCompressed)
    {
        if (_data.IsEmpty || 1 + _data[0] > _data.Length)
            throw RecordView.Corrupt("two values of a tagged column leave the record");
        var first = _data.Slice(1, _data[0]);
        return index == 0 ? new(first, false, isCompressed, isEncrypted) : new(_data[(1 + first.Length)..]);
    }

    private RecordValue OneOfMany(int index, bool isEncrypted, bool isCompressed)
    {
        int entry = Read16(_data, 2 * index), start = entry & OffsetMask;
        int end = index + 1 < Count ? Read16(_data, 2 * index + 2) & OffsetMask : _data.Length;
        if (start < 2 * Count || start > end || end > _data.Length)
            throw RecordView.Corrupt("a value of a multi-valued column leaves the record");
        bool isSeparated = (entry & ~OffsetMask) != 0;
        bool isFirst = index == 0 && !isSeparated;
        return new(_data[start..end], isSeparated, isFirst && isCompressed, isFirst && isEncrypted);
    }

    private static int Read16(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);
}
