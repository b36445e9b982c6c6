using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace PipelineBackup.Ese;

/// <summary>A node: what one line of a page holds, in the page's bytes.</summary>
/// <remarks>
/// <code>
/// off size
///   0    2  bits 0–12 length of the borrowed part of the key     only of a node that is marked compressed
///   .    2  bits 0–12 length s of the held part of the key
///   .    s  held part of the key
///   .       data, to the end of the line
/// </code>
/// On pages above 8192 bytes the bits 13–15 of the line's first two bytes are the node's marks, not part of a length.
/// The key is the first bytes of the page's prefix key, as many as are borrowed, followed by the held part. On an inner
/// page the data is the number of the child, four bytes.
/// </remarks>
public readonly ref struct NodeView
{
    /// <summary>The longest key that any bytes can make: two parts of which each has a length of 13 bits.</summary>
    public const int MaxKeyBytes = 2 * LengthMask;

    private const int LengthMask = 0x1FFF;

    private NodeView(LineFlags flags, ReadOnlySpan<byte> keyHead, ReadOnlySpan<byte> keyTail, ReadOnlySpan<byte> data)
    {
        Flags = flags;
        KeyHead = keyHead;
        KeyTail = keyTail;
        Data = data;
    }

    /// <summary>Marks of the node.</summary>
    public LineFlags Flags { get; }

    /// <summary>The part of the key that is borrowed from the page's prefix key; empty when nothing is.</summary>
    public ReadOnlySpan<byte> KeyHead { get; }

    /// <summary>The part of the key that the node holds itself.</summary>
    public ReadOnlySpan<byte> KeyTail { get; }

    /// <summary>What stands behind the key: a record, a bookmark, a chunk, an extent, the number of a child.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Whether the node is deleted and only waits for its space to be reclaimed.</summary>
    public bool IsDeleted => (Flags & LineFlags.Deleted) != 0;

    /// <summary>Length of the whole key in bytes.</summary>
    public int KeyLength => KeyHead.Length + KeyTail.Length;

    /// <summary>Whether the key is empty: on an inner page it stands for infinity.</summary>
    public bool HasEmptyKey => KeyLength == 0;

    /// <summary>Of a node of an inner page the page below; none when the data is no page number.</summary>
    public PageNumber Child =>
        Data.Length == 4 ? new(BinaryPrimitives.ReadUInt32LittleEndian(Data)) : PageNumber.None;

    /// <summary>Writes the whole key into a buffer.</summary>
    /// <param name="destination">At least <see cref="KeyLength"/> bytes.</param>
    /// <returns>Bytes written, <see cref="KeyLength"/>.</returns>
    /// <exception cref="ArgumentException">The buffer is too short.</exception>
    public int CopyKey(Span<byte> destination)
    {
        KeyHead.CopyTo(destination);
        KeyTail.CopyTo(destination[KeyHead.Length..]);
        return KeyLength;
    }

    /// <summary>The whole key in an array of its own.</summary>
    public byte[] KeyToArray()
    {
        byte[] key = new byte[KeyLength];
        CopyKey(key);
        return key;
    }

    /// <summary>Compares the key with another, byte by byte; where one begins the other the shorter comes first.</summary>
    /// <param name="key">The other key.</param>
    /// <returns>Less than 0, 0 or more than 0, as this key comes before, with or behind the other.</returns>
    public int CompareKey(ReadOnlySpan<byte> key) => KeyOrder.Compare(KeyHead, KeyTail, key);

    /// <summary>Reads a node of a page. Never throws, whatever the bytes.</summary>
    /// <param name="page">The page.</param>
    /// <param name="tag">Number of the tag; nodes begin at <see cref="PageView.ReservedTags"/>.</param>
    /// <param name="node">The node, when it is whole.</param>
    /// <returns>
    /// <see cref="PageRule.None"/>; else what is wrong: <see cref="PageRule.LineOutsideData"/> (there is no such line
    /// within the page), <see cref="PageRule.EmptyLine"/>, <see cref="PageRule.PrefixLength"/>,
    /// <see cref="PageRule.NodeLength"/>.
    /// </returns>
    public static PageRule Read(PageView page, int tag, out NodeView node)
    {
        node = default;
        var entry = page.Tag(tag);
        if (!entry.IsValid || tag < page.ReservedTags)
            return PageRule.LineOutsideData;
        if (entry.Length == 0)
            return PageRule.EmptyLine;
        bool borrows = (entry.Flags & LineFlags.Compressed) != 0;
        var prefix = borrows ? page.PrefixKey : [];
        return Decode(page.Bytes.Slice(entry.Offset, entry.Length), entry.Flags, prefix, out node);
    }

    /// <summary>Reads a node from its line.</summary>
    /// <param name="line">The line's bytes.</param>
    /// <param name="flags">Its marks.</param>
    /// <param name="prefix">What it may borrow from.</param>
    /// <param name="node">The node, when it is whole.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static PageRule Decode(ReadOnlySpan<byte> line, LineFlags flags, ReadOnlySpan<byte> prefix,
        out NodeView node)
    {
        node = default;
        ReadOnlySpan<byte> head = [];
        if ((flags & LineFlags.Compressed) != 0)
        {
            if (line.Length < 2)
                return PageRule.NodeLength;
            int borrowed = BinaryPrimitives.ReadUInt16LittleEndian(line) & LengthMask;
            if (borrowed > prefix.Length)
                return PageRule.PrefixLength;
            head = prefix[..borrowed];
            line = line[2..];
        }

        if (line.Length < 2)
            return PageRule.NodeLength;
        int held = BinaryPrimitives.ReadUInt16LittleEndian(line) & LengthMask;
        if (held >= line.Length - 2)
            return PageRule.NodeLength;
        node = new(flags, head, line.Slice(2, held), line[(2 + held)..]);
        return PageRule.None;
    }
}
