namespace PipelineBackup.Ese;

/// <summary>
/// Makes the key of an index from the values of its columns: bytes whose order is the order of the values.
/// </summary>
/// <remarks>
/// <para>A key is its segments one behind the other, cut at the index's greatest length. A segment:</para>
/// <code>
/// 00                 NULL (C0 where NULL sorts behind all values)
/// 40                 no length
/// 7F, then
///   bit              00 or FF
///   signed           big endian, first bit inverted
///   unsigned, byte   big endian
///   IEEE 754         big endian; all bits inverted of a negative number, else the first one
///   GUID             bytes 10–15, 8, 9, 6, 7, 4, 5, 0–3; in .NET's order 3–0, 5, 4, 7, 6, 8–15
///   binary           of a fixed column the bytes; else groups of 8, each with a byte behind it: 9 where more follow,
///                    else how many of the 8 count
///   8-bit text       in upper case up to the first NUL, then 00
/// </code>
/// <para>
/// Every byte of a descending segment is inverted. Behind a segment that had to be cut nothing follows. UTF-16 text is
/// ordered by tables of Windows that are not in the database: such keys can be read and compared, not made.
/// </para>
/// </remarks>
public ref struct KeyNormalizer
{
    private const byte NullMark = 0x00, HighNullMark = 0xC0, EmptyMark = 0x40, ValueMark = 0x7F;
    private const int GroupBytes = 8;
    private const byte MoreMark = 9;

    // The engine looks at no more of a text when keys have the usual greatest length.
    private const int UsualTextBytes = 255, UsualUnicodeBytes = 256;

    private readonly Span<byte> _key;
    private readonly IndexDefinition _index;
    private readonly IUnicodeOrder? _unicode;
    private int _used;

    /// <summary>Starts a key.</summary>
    /// <param name="index">The index; <see cref="CanNormalize"/> says whether its keys can be made.</param>
    /// <param name="destination">Takes the key; at least <see cref="IndexDefinition.KeyMost"/> bytes.</param>
    /// <param name="order">Orders UTF-16 text; needed only where the index has such columns.</param>
    /// <exception cref="ArgumentException">
    /// The destination is too short, or the index has UTF-16 text and nobody says in which order.
    /// </exception>
    public KeyNormalizer(IndexDefinition index, Span<byte> destination, IUnicodeOrder? order = null)
    {
        ArgumentNullException.ThrowIfNull(index);
        if (destination.Length < index.KeyMost)
            throw new ArgumentException($"a key of {index} may have {index.KeyMost} bytes", nameof(destination));
        if (order is null && !CanNormalize(index))
            throw new ArgumentException($"{index} orders UTF-16 text", nameof(index));
        _index = index;
        _unicode = order;
        _key = destination[..index.KeyMost];
    }

    /// <summary>The key as far as it is made.</summary>
    public readonly ReadOnlySpan<byte> Key => _key[.._used];

    /// <summary>Whether something was cut off for lack of room.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Whether the keys of an index can be made: none of its columns is UTF-16 text.</summary>
    /// <param name="index">The index.</param>
    public static bool CanNormalize(IndexDefinition index)
    {
        ArgumentNullException.ThrowIfNull(index);
        return index.Segments.All(segment => !segment.Column.IsUnicode);
    }

    /// <summary>Adds NULL as the next segment.</summary>
    /// <param name="segment">The segment.</param>
    public void AppendNull(IndexSegment segment)
    {
        byte mark = (_index.Flags & IndexFlags.NullsSortHigh) != 0 ? HighNullMark : NullMark;
        Append(segment, mark, [], isNull: true);
    }

    /// <summary>Adds a value as the next segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="value">The plain value; of a long column its first bytes are enough when they fill the key.</param>
    /// <exception cref="EseException">The value has another length than its type (-1206).</exception>
    public void Append(IndexSegment segment, scoped ReadOnlySpan<byte> value)
    {
        ArgumentNullException.ThrowIfNull(segment.Column);
        bool isEmpty = value.IsEmpty && segment.Column.Type.FixedBytes() == 0 && !segment.Column.Id.IsFixed;
        Append(segment, isEmpty ? EmptyMark : ValueMark, value, isEmpty);
    }

    private void Append(IndexSegment segment, byte mark, scoped ReadOnlySpan<byte> value, bool isNull)
    {
        int room = Math.Min(_key.Length - _used, _index.SegmentMost);
        if (room <= 0)
            IsCut = true;
        if (IsCut)
            return;
        var target = _key.Slice(_used, room);
        target[0] = mark;
        int written = 1 + (isNull ? 0 : Write(segment.Column, value, target[1..]));
        if (segment.IsDescending)
        {
            foreach (ref byte part in target[..written])
                part = (byte)~part;
        }

        _used += written;
    }

    private int Write(ColumnDefinition column, scoped ReadOnlySpan<byte> value, Span<byte> target)
    {
        if (column.Type.FixedBytes() is var bytes and > 0)
        {
            if (value.Length != bytes)
                throw RecordView.Corrupt($"a value of the column {column} has {value.Length} bytes, not {bytes}");
            return WriteNumber(column.Type, value, target);
        }

        if (column.Type.IsText())
            return column.IsUnicode ? WriteUnicode(value, target) : WriteText(value, target);
        return column.Id.IsFixed ? WriteBytes(value, target) : WriteGroups(value, target);
    }

    private int WriteNumber(ColumnType type, scoped ReadOnlySpan<byte> value, Span<byte> target)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes = bytes[..value.Length];
        if (type == ColumnType.Guid)
            WriteGuid(value, bytes);
        else
        {
            value.CopyTo(bytes);
            bytes.Reverse();
        }

        switch (type)
        {
            case ColumnType.Bit:
                bytes[0] = bytes[0] == 0 ? (byte)0 : (byte)0xFF;
                break;
            case ColumnType.Short or ColumnType.Long or ColumnType.Currency or ColumnType.LongLong:
                bytes[0] ^= 0x80;
                break;
            case ColumnType.Single or ColumnType.Double or ColumnType.DateTime when (bytes[0] & 0x80) != 0:
                foreach (ref byte part in bytes)
                    part = (byte)~part;
                break;
            case ColumnType.Single or ColumnType.Double or ColumnType.DateTime:
                bytes[0] |= 0x80;
                break;
        }

        return WriteBytes(bytes, target);
    }

    private readonly void WriteGuid(scoped ReadOnlySpan<byte> value, Span<byte> bytes)
    {
        ReadOnlySpan<byte> order = (_index.Flags & IndexFlags.DotNetGuid) != 0
            ? [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
            : [10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3];
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = value[order[i]];
    }

    private int WriteBytes(scoped ReadOnlySpan<byte> value, Span<byte> target)
    {
        int written = Math.Min(value.Length, target.Length);
        value[..written].CopyTo(target);
        IsCut |= written < value.Length;
        return written;
    }

    private int WriteGroups(scoped ReadOnlySpan<byte> value, Span<byte> target)
    {
        int groups = (value.Length + GroupBytes - 1) / GroupBytes;
        IsCut = groups * (long)(GroupBytes + 1) > target.Length;
        int whole = IsCut ? target.Length / (GroupBytes + 1) : groups, written = 0;
        for (int group = 0; group < whole; group++)
        {
            var bytes = value[(group * GroupBytes)..];
            bool isLast = bytes.Length <= GroupBytes;
            written += Pad(bytes, target.Slice(written, GroupBytes));
            target[written++] = isLast && !IsCut ? (byte)bytes.Length : MoreMark;
        }

        // What room is left takes bytes without a mark.
        return IsCut ? written + Pad(value[Math.Min(whole * GroupBytes, value.Length)..], target[written..]) : written;
    }

    private static int Pad(scoped ReadOnlySpan<byte> bytes, Span<byte> target)
    {
        int count = Math.Min(bytes.Length, target.Length);
        bytes[..count].CopyTo(target);
        target[count..].Clear();
        return target.Length;
    }

    private int WriteUnicode(scoped ReadOnlySpan<byte> value, Span<byte> target)
    {
        int most = _index.KeyMost == IndexDefinition.DefaultKeyMost ? UsualUnicodeBytes : value.Length;
        value = value[..(Math.Min(value.Length, most) & ~1)];
        int length = _unicode!.WriteSortKey(_index, value, target);
        IsCut |= length > target.Length;
        return Math.Min(length, target.Length);
    }

    private int WriteText(scoped ReadOnlySpan<byte> value, Span<byte> target)
    {
        if (_index.KeyMost == IndexDefinition.DefaultKeyMost && value.Length > UsualTextBytes)
            value = value[..UsualTextBytes];
        bool fits = value.Length < target.Length;
        var text = fits ? value : value[..Math.Max(0, target.Length - 1)];
        int end = text.IndexOf((byte)0);
        text = end >= 0 ? text[..end] : text;
        for (int i = 0; i < text.Length; i++)
            target[i] = text[i] is >= (byte)'a' and <= (byte)'z' ? (byte)(text[i] - 32) : text[i];
        if (fits || end >= 0)
        {
            target[text.Length] = 0;
            return text.Length + 1;
        }

        // The engine takes 32 off the last byte without asking whether it is a letter; keys on disk have it so.
        IsCut = true;
        if (target.IsEmpty)
            return 0;
        target[^1] = unchecked((byte)(value[target.Length - 1] - 32));
        return target.Length;
    }
}
