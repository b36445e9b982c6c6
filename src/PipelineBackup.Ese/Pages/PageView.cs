using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>A database page as its bytes stand, in the buffer where they are.</summary>
/// <remarks>
/// <code>
/// off size
///   0    8  checksum
///   8    8  dbtime of the last change
///  16    4  left sibling on the same level, 0 = none
///  20    4  right sibling, 0 = none
///  24    4  objid of the tree
///  28    2  free bytes, holes included, the tag array not
///  30    2  free bytes that open transactions hold back
///  32    2  first byte of the contiguous free area, from the start of the data
///  34    2  bits 0–11 number of tags; bits 12–14 reserved tags, 0 = 1
///  36    4  flags
///  40       data of a page of at most 8192 bytes; of a larger page:
///  40   24  checksums of the blocks 1, 2 and 3
///  64    4  the page's own number
///  68   12  reserved
///  80       data
/// </code>
/// Tag i stands in the four bytes at (page size − 4 · (i + 1)): length, then offset from the start of the data.
/// <code>
///            pages of at most 8192 bytes      larger pages
/// off 0  2   bits 0–12 length                 bits 0–14 length
///     2  2   bits 0–12 offset, 13–15 flags    bits 0–14 offset; the flags are bits 13–15 of the line's first two bytes
/// </code>
/// Nothing here throws on damaged bytes: what does not lie within the page reads as <see cref="PageTag.Invalid"/> or
/// empty.
/// </remarks>
public readonly ref struct PageView
{
    /// <summary>Length of a tag in bytes.</summary>
    public const int TagBytes = 4;

    /// <summary>Length of the split buffer, with which the external header of a space tree's root begins.</summary>
    private const int SplitBufferBytes = SplitBuffer.Size;

    private const int CountMask = 0xFFF;

    /// <summary>Looks at a page.</summary>
    /// <param name="page">The whole page.</param>
    /// <exception cref="ArgumentException">The length is no page size.</exception>
    public PageView(ReadOnlySpan<byte> page)
    {
        if (page.Length == 0 || !PageSize.TryCreate(page.Length, out var size))
            throw new ArgumentException("a page has 2048, 4096, 8192, 16384 or 32768 bytes", nameof(page));
        Bytes = page;
        Size = size;
    }

    /// <summary>Looks at a page whose size was made sure of before.</summary>
    internal PageView(ReadOnlySpan<byte> page, PageSize size)
    {
        Bytes = page;
        Size = size;
    }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Their number.</summary>
    public PageSize Size { get; }

    /// <summary>The stored checksum; of a large page that of its first block.</summary>
    public ulong Checksum => BinaryPrimitives.ReadUInt64LittleEndian(Bytes);

    /// <summary>When the page was last changed.</summary>
    public DbTime DbTime => new(BinaryPrimitives.ReadUInt64LittleEndian(Bytes[8..]));

    /// <summary>The left sibling on the same level of the tree.</summary>
    public PageNumber Previous => new(Read32(16));

    /// <summary>The right sibling on the same level of the tree.</summary>
    public PageNumber Next => new(Read32(20));

    /// <summary>The tree that the page belongs to.</summary>
    public ObjectId ObjectId => new(Read32(24));

    /// <summary>Free bytes, holes between lines included, the tag array not.</summary>
    public int FreeBytes => Read16(28);

    /// <summary>Free bytes that open transactions hold back, part of <see cref="FreeBytes"/>.</summary>
    public int UncommittedFreeBytes => Read16(30);

    /// <summary>First byte of the contiguous free area, counted from the start of the data.</summary>
    public int FirstFree => Read16(32);

    /// <summary>Number of tags in use, the reserved ones included.</summary>
    public int TagCount => Read16(34) & CountMask;

    /// <summary>
    /// Number of tags at the start of the array that are no nodes, at least 1: the external header is one.
    /// </summary>
    public int ReservedTags => Math.Max(1, Read16(34) >> 12 & 7);

    /// <summary>What the page is.</summary>
    public PageFlags Flags => (PageFlags)Read32(36);

    /// <summary>The mark of the last write.</summary>
    public FlushType FlushType => (FlushType)((uint)(Flags & PageFlags.FlushType) >> 15);

    /// <summary>The number that a large page holds; small pages hold none.</summary>
    public PageNumber StoredNumber => Size.IsSmall ? PageNumber.None : new(Read32(64));

    /// <summary>Bytes behind the header: lines, free space and tag array.</summary>
    public int DataBytes => Bytes.Length - Size.HeaderBytes;

    /// <summary>Whether every byte is zero: a page that was never written.</summary>
    public bool IsZero => Checksum == 0 && !Bytes.ContainsAnyExcept((byte)0);

    /// <summary>Number of nodes: tags in use less the reserved ones; 0 when the header contradicts itself.</summary>
    public int NodeCount => Math.Max(0, TagCount - ReservedTags);

    /// <summary>Whether the page is a leaf.</summary>
    public bool IsLeaf => (Flags & PageFlags.Leaf) != 0;

    /// <summary>Whether the page is the root of a tree.</summary>
    public bool IsRoot => (Flags & PageFlags.Root) != 0;

    /// <summary>
    /// Whether keys of the page's tree may repeat, so that key and data tell nodes apart. Never so in a space tree: its
    /// pages carry the mark of their owner.
    /// </summary>
    public bool HasRepeatingKeys =>
        (Flags & (PageFlags.NonUniqueKeys | PageFlags.SpaceTree)) == PageFlags.NonUniqueKeys;

    /// <summary>
    /// The line of tag 0: of a root what <see cref="RootHeader"/> or, in a space tree, <see cref="SplitBuffer"/> reads,
    /// of any other page its prefix key.
    /// </summary>
    public ReadOnlySpan<byte> ExternalHeader => Line(0);

    /// <summary>The first bytes that nodes of this page may borrow for their keys.</summary>
    public ReadOnlySpan<byte> PrefixKey
    {
        get
        {
            var header = Line(0);
            if (!IsRoot)
                return header;
            bool isSpace = (Flags & PageFlags.SpaceTree) != 0;
            return isSpace && header.Length > SplitBufferBytes ? header[SplitBufferBytes..] : [];
        }
    }

    /// <summary>One node. Never throws, whatever the bytes.</summary>
    /// <param name="line">Its number on the page, 0 being the first node.</param>
    /// <param name="node">The node, when it is whole.</param>
    /// <returns><see cref="PageRule.None"/>, or what is wrong as <see cref="NodeView.Read"/> tells it.</returns>
    public PageRule Node(int line, out NodeView node) => NodeView.Read(this, line + ReservedTags, out node);

    /// <summary>One tag.</summary>
    /// <param name="index">Its number; 0 is the external header.</param>
    /// <returns>
    /// The tag; <see cref="PageTag.Invalid"/> when the page has none of that number or its line leaves the page.
    /// </returns>
    public PageTag Tag(int index)
    {
        int tags = TagCount, end = Bytes.Length - tags * TagBytes;
        if ((uint)index >= (uint)tags || end < Size.HeaderBytes)
            return PageTag.Invalid;
        ReadTag(index, out int offset, out int length);

        // Where a line of no length lies means nothing: an emptied external header keeps its old offset.
        if (length == 0)
            return new(Size.HeaderBytes, 0, LineFlags.None);
        return offset + length > end ? PageTag.Invalid : new(offset, length, FlagsOf(index, offset, length));
    }

    /// <summary>The bytes of one line; empty when there is no such line within the page.</summary>
    /// <param name="index">Number of its tag; 0 is the external header.</param>
    public ReadOnlySpan<byte> Line(int index)
    {
        var tag = Tag(index);
        return Bytes.Slice(tag.Offset, tag.Length);
    }

    /// <summary>
    /// Offset in the page and length as stored; the caller has made sure that the tag itself is within the page.
    /// </summary>
    internal void ReadTag(int index, out int offset, out int length)
    {
        uint tag = Read32(Bytes.Length - TagBytes * (index + 1));
        uint mask = Size.IsSmall ? 0x1FFFu : 0x7FFF;
        length = (int)(tag & mask);
        offset = (int)(tag >> 16 & mask) + Size.HeaderBytes;
    }

    /// <summary>Marks of a line that lies within the page.</summary>
    internal LineFlags FlagsOf(int index, int offset, int length)
    {
        if (Size.IsSmall)
            return (LineFlags)(Read16(Bytes.Length - TagBytes * (index + 1) + 2) >> 13);
        return length >= 2 && index >= ReservedTags ? (LineFlags)(Read16(offset) >> 13) : LineFlags.None;
    }

    private ushort Read16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes[offset..]);

    private uint Read32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(Bytes[offset..]);
}
