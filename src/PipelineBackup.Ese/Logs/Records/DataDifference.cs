using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>One edit of a <see cref="DataDifference"/>.</summary>
/// <param name="offset">Where, in the old data.</param>
/// <param name="oldLength">How many old bytes go.</param>
/// <param name="newData">What comes instead.</param>
/// <param name="isSameLength">Whether both lengths are told by one.</param>
/// <param name="isInsertion">Whether nothing goes, and that is not told.</param>
/// <param name="hasLongLengths">Whether the lengths take two bytes.</param>
public readonly ref struct DataEdit(
    int offset, int oldLength, ReadOnlySpan<byte> newData, bool isSameLength, bool isInsertion, bool hasLongLengths)
{
    /// <summary>Where, in the old data.</summary>
    public int Offset { get; } = offset;

    /// <summary>How many old bytes go.</summary>
    public int OldLength { get; } = oldLength;

    /// <summary>What comes instead.</summary>
    public ReadOnlySpan<byte> NewData { get; } = newData;

    /// <summary>Whether both lengths are told by one.</summary>
    public bool IsSameLength { get; } = isSameLength;

    /// <summary>Whether nothing goes, and that is not told.</summary>
    public bool IsInsertion { get; } = isInsertion;

    /// <summary>Whether the lengths take two bytes.</summary>
    public bool HasLongLengths { get; } = hasLongLengths;
}

/// <summary>
/// How the new data of a node differ from the old: edits with ascending offsets in the old data. It is enumerated edit
/// by edit.
/// </summary>
/// <remarks>
/// <code>
/// pages of at most 8 KiB:  2  bits 0–12 offset, 0x2000 same length, 0x4000 insertion, 0x8000 lengths of two bytes
/// larger pages:            2  offset
///                          1  0x20 same length, 0x40 insertion, 0x80 lengths of two bytes; bits 0–4 those of the
///                             offset from bit 8 on, once more
/// then:                  1/2  length of the new bytes
///                        1/2  length of the old bytes; not there with same length or insertion
///                             the new bytes
/// </code>
/// </remarks>
public readonly ref struct DataDifference
{
    private const int Same = 0x2000, Insertion = 0x4000, Long = 0x8000;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly bool _large;

    /// <summary>A stored difference.</summary>
    /// <param name="bytes">All its bytes.</param>
    /// <param name="isLarge">Whether it is in the form for large pages.</param>
    public DataDifference(ReadOnlySpan<byte> bytes, bool isLarge)
    {
        _bytes = bytes;
        _large = isLarge;
    }

    /// <summary>Enumerates the edits.</summary>
    public Enumerator GetEnumerator() => new(_bytes, _large);

    /// <summary>Makes the new data from the old.</summary>
    /// <param name="oldData">The old data.</param>
    /// <param name="destination">Room for the new data; must not overlap the old.</param>
    /// <returns>Length of the new data.</returns>
    /// <exception cref="EseException">−501: the difference does not fit the old data, or has no room.</exception>
    public int Apply(ReadOnlySpan<byte> oldData, Span<byte> destination)
    {
        int taken = 0, made = 0;
        foreach (var edit in this)
        {
            if (edit.Offset < taken || edit.Offset + edit.OldLength > oldData.Length)
                throw Corrupt("a difference does not fit the old data");
            Add(oldData[taken..edit.Offset], destination, ref made);
            Add(edit.NewData, destination, ref made);
            taken = edit.Offset + edit.OldLength;
        }

        Add(oldData[taken..], destination, ref made);
        return made;
    }

    /// <summary>Writes an edit as stored, in the shortest form that the engine would choose.</summary>
    /// <param name="destination">Room: seven bytes and the new data.</param>
    /// <param name="isLarge">Whether in the form for large pages.</param>
    /// <param name="offset">Where, in the old data; below 0x2000 unless large.</param>
    /// <param name="oldLength">How many old bytes go.</param>
    /// <param name="newData">What comes instead.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteEdit(
        Span<byte> destination, bool isLarge, int offset, int oldLength, ReadOnlySpan<byte> newData)
    {
        uint most = isLarge ? ushort.MaxValue : 0x1FFFu;
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)offset, most, nameof(offset));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)oldLength, (uint)ushort.MaxValue, nameof(oldLength));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(newData.Length, ushort.MaxValue, nameof(newData));
        bool isLong = oldLength > byte.MaxValue || newData.Length > byte.MaxValue;
        int flags = (oldLength == 0 ? Insertion : oldLength == newData.Length ? Same : 0) | (isLong ? Long : 0);
        int at = 2;
        BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)(isLarge ? offset : offset | flags));
        if (isLarge)
            // The engine leaves bits 8 to 12 of the offset here too; readers must not mind them.
            destination[at++] = (byte)((offset & 0x1FFF | flags) >> 8);
        WriteLength(destination, ref at, newData.Length, isLong);
        if ((flags & (Same | Insertion)) == 0)
            WriteLength(destination, ref at, oldLength, isLong);
        newData.CopyTo(destination[at..]);
        return at + newData.Length;
    }

    private static void WriteLength(Span<byte> destination, ref int at, int length, bool isLong)
    {
        destination[at++] = (byte)length;
        if (isLong)
            destination[at++] = (byte)(length >> 8);
    }

    private static void Add(ReadOnlySpan<byte> part, Span<byte> destination, ref int made)
    {
        if (part.Length > destination.Length - made)
            throw Corrupt("a difference makes more data than its record says");
        part.CopyTo(destination[made..]);
        made += part.Length;
    }

    private static EseException Corrupt(string message) => new(EseError.LogFileCorrupt, message);

    /// <summary>Goes through the edits.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;
        private readonly bool _large;

        internal Enumerator(ReadOnlySpan<byte> bytes, bool isLarge)
        {
            _rest = bytes;
            _large = isLarge;
        }

        /// <summary>The edit.</summary>
        public DataEdit Current { get; private set; }

        /// <summary>Goes to the next edit.</summary>
        /// <returns>False when there is none.</returns>
        /// <exception cref="EseException">−501: the difference runs over its end.</exception>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
                return false;
            int head = Take(2), offset = head, flags = head;
            if (_large)
                flags = Take(1) << 8;
            else
                offset &= 0x1FFF;
            bool same = (flags & Same) != 0, insertion = (flags & Insertion) != 0, isLong = (flags & Long) != 0;
            int width = isLong ? 2 : 1, newLength = Take(width);
            int oldLength = same ? newLength : insertion ? 0 : Take(width);
            if (newLength > _rest.Length)
                throw Corrupt("a difference runs over its end");
            Current = new(offset, oldLength, _rest[..newLength], same, insertion, isLong);
            _rest = _rest[newLength..];
            return true;
        }

        private int Take(int width)
        {
            if (width > _rest.Length)
                throw Corrupt("a difference runs over its end");
            int value = width == 1 ? _rest[0] : BinaryPrimitives.ReadUInt16LittleEndian(_rest);
            _rest = _rest[width..];
            return value;
        }
    }
}
