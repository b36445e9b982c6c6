using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Changes a page in the buffer where it is. What a page holds is told by <see cref="PageView"/>.</summary>
/// <remarks>
/// <para>
/// A sound page (<see cref="PageRule"/>) stays one, as long as keys are put in in their order and what nodes borrow is
/// in the prefix. Nothing is written outside the page, whatever its bytes: a page that contradicts itself where it would
/// be changed is refused with −1206, a line that it does not have with −354, and then no byte of it was changed.
/// </para>
/// <para>
/// Spans that are handed in may lie in the page itself. Lines are moved together only when the room behind them is too
/// short; what became free keeps its old bytes. The checksum is not kept: see <see cref="PageChecksum.Write"/>.
/// </para>
/// </remarks>
public readonly ref partial struct PageEditor
{
    private const int TimeAt = 8, PreviousAt = 16, NextAt = 20, TreeAt = 24, FreeAt = 28, UncommittedAt = 30,
        FirstFreeAt = 32, CountAt = 34, FlagsAt = 36, NumberAt = 64;

    private const int FlushTypeShift = 15;

    private const int CountMask = 0xFFF, KeyMask = 0x1FFF;

    // The shortest line that a page may have many of.
    private const int LeastLineBytes = 4;

    private const PageFlags Kept = PageFlags.EccChecksum | PageFlags.FlushType;

    private readonly PageSize _size;

    /// <summary>Edits a page.</summary>
    /// <param name="page">The whole page.</param>
    /// <exception cref="ArgumentException">The length is no page size.</exception>
    public PageEditor(Span<byte> page)
    {
        if (page.Length == 0 || !PageSize.TryCreate(page.Length, out _size))
            throw new ArgumentException("a page has 2048, 4096, 8192, 16384 or 32768 bytes", nameof(page));
        Bytes = page;
    }

    /// <summary>The bytes.</summary>
    public Span<byte> Bytes { get; }

    /// <summary>The page as it stands.</summary>
    public PageView View => new(Bytes, _size);

    private int Area => Bytes.Length - _size.HeaderBytes;

    /// <summary>Makes an empty page: one tag, the external header, of no length. Nothing of the old bytes stays.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="tree">The tree it belongs to.</param>
    /// <param name="flags">What it is; the mark of the record format is added, that of the last write left out.</param>
    /// <param name="time">When it is made.</param>
    public void Initialize(PageNumber number, ObjectId tree, PageFlags flags, DbTime time)
    {
        PreInitialize(number, tree, time);

        // The count of reserved tags stays out: 0 stands for 1 in every format, and older ones know nothing else.
        Write16(CountAt, 1);
        Write16(FreeAt, Area - PageView.TagBytes);
        flags &= ~(PageFlags.FlushType | PageFlags.PreInit);
        Write32(FlagsAt, (uint)(flags | PageFlags.NewRecordFormat));
    }

    /// <summary>Makes a page that is taken but not used yet: it has no tags at all.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="tree">The tree it is taken for.</param>
    /// <param name="time">When it is made.</param>
    public void PreInitialize(PageNumber number, ObjectId tree, DbTime time)
    {
        Bytes.Clear();
        SetTime(time);
        Write32(TreeAt, tree.Value);
        Write16(FreeAt, Area);
        Write32(FlagsAt, (uint)(PageFlags.PreInit | PageFlags.NewRecordFormat));
        if (!_size.IsSmall)
            Write32(NumberAt, number.Value);
    }

    /// <summary>Sets when the page was last changed.</summary>
    /// <param name="time">The time.</param>
    public void SetTime(DbTime time) => BinaryPrimitives.WriteUInt64LittleEndian(Bytes[TimeAt..], time.Value);

    /// <summary>Sets what the page is; the bits of checksum kind and flush type stay.</summary>
    /// <param name="flags">What it is from now on.</param>
    public void SetFlags(PageFlags flags) => Write32(FlagsAt, (uint)((flags & ~Kept) | (View.Flags & Kept)));

    /// <summary>
    /// Makes it ready to be written: advances the mark of the last write and stores the error-correcting checksums.
    /// </summary>
    /// <param name="number">Its number.</param>
    public void Seal(PageNumber number)
    {
        uint flags = (uint)(View.Flags & ~PageFlags.FlushType | PageFlags.EccChecksum);
        Write32(FlagsAt, flags | ((uint)View.FlushType % 3 + 1) << FlushTypeShift);
        PageChecksum.Write(Bytes, number);
    }

    /// <summary>Sets the left sibling.</summary>
    /// <param name="page">Its number.</param>
    public void SetPrevious(PageNumber page) => Write32(PreviousAt, page.Value);

    /// <summary>Sets the right sibling.</summary>
    /// <param name="page">Its number.</param>
    public void SetNext(PageNumber page) => Write32(NextAt, page.Value);

    /// <summary>Sets the free bytes that open transactions hold back.</summary>
    /// <param name="bytes">How many; what is more than the page's free bytes is left out.</param>
    public void SetUncommittedFree(int bytes) => Write16(UncommittedAt, Math.Clamp(bytes, 0, View.FreeBytes));

    /// <summary>Puts a node in at a line; false when there is no room.</summary>
    /// <param name="line">Its line.</param>
    /// <param name="key">The whole key; not empty on a leaf.</param>
    /// <param name="borrowed">
    /// How many bytes of the key come from the page's prefix, as <see cref="Borrow"/> tells; 0 for a node that is not
    /// compressed.
    /// </param>
    /// <param name="data">Its data, at least one byte.</param>
    /// <param name="flags">Its marks; whether it is compressed follows from <paramref name="borrowed"/>.</param>
    /// <exception cref="EseException">
    /// −354: there is no such line. −1206: no page can hold such a node, or this page contradicts itself.
    /// </exception>
    public bool TryInsert(int line, ReadOnlySpan<byte> key, int borrowed, ReadOnlySpan<byte> data, LineFlags flags)
    {
        int tags = RequireTags(), tag = RequireLine(line, tags - View.ReservedTags + 1) + View.ReservedTags;
        int held = key.Length - borrowed, counts = borrowed > 0 ? 4 : 2, length = counts + held + data.Length;
        if (borrowed < 0 || held is < 0 or > KeyMask || borrowed > KeyMask || data.IsEmpty || length < LeastLineBytes)
            throw Unsound("a node that no page can hold");
        if (borrowed > 0 && !View.PrefixKey.StartsWith(key[..borrowed]))
            throw Unsound("a key that borrows what the page's prefix key does not have");
        if (length + PageView.TagBytes > View.FreeBytes || tags == CountMask)
            return false;
        if (key.Overlaps(Bytes))
            key = key.ToArray();
        if (data.Overlaps(Bytes))
            data = data.ToArray();

        int at = OpenLine(tag, tags, length), offset = _size.HeaderBytes + at;
        if (borrowed > 0)
            Write16(offset, borrowed);
        Write16(offset + counts - 2, held);
        key[borrowed..].CopyTo(Bytes[(offset + counts)..]);
        data.CopyTo(Bytes[(offset + counts + held)..]);
        WriteFlags(tag, offset, Marks(flags, borrowed > 0));
        return true;
    }

    /// <summary>Replaces the data of a node, key and marks stay; false when there is no room.</summary>
    /// <param name="line">Its line.</param>
    /// <param name="data">Its data from now on, at least one byte.</param>
    /// <exception cref="EseException">
    /// −354: there is no such line. −1206: the data are none, or the page contradicts itself.
    /// </exception>
    public bool TryReplaceData(int line, ReadOnlySpan<byte> data)
    {
        int tag = RequireLine(line, RequireTags() - View.ReservedTags) + View.ReservedTags;
        if (data.IsEmpty)
            throw Unsound("a node without data");
        var old = RequireTag(tag);
        int head = old.Length - RequireNode(line).Data.Length, length = head + data.Length;
        if (length < LeastLineBytes)
            throw Unsound("a node that no page can hold");
        if (length - old.Length > View.FreeBytes)
            return false;
        if (data.Overlaps(Bytes))
            data = data.ToArray();
        int offset = Resize(tag, old, length, head);
        data.CopyTo(Bytes[(offset + head)..]);
        return true;
    }

    /// <summary>Takes a node out.</summary>
    /// <param name="line">Its line.</param>
    /// <exception cref="EseException">−354: there is no such line. −1206: the page contradicts itself.</exception>
    public void Delete(int line)
    {
        int tags = RequireTags(), tag = RequireLine(line, tags - View.ReservedTags) + View.ReservedTags;
        var old = RequireTag(tag);
        int free = View.FreeBytes + old.Length + PageView.TagBytes;
        if (free > Area - (tags - 1) * PageView.TagBytes)
            throw Unsound(PageRule.SpaceSum.Describe());
        if (old.Offset + old.Length == _size.HeaderBytes + View.FirstFree)
            Write16(FirstFreeAt, View.FirstFree - old.Length);
        int end = TagAt(tags - 1);
        Bytes[end..TagAt(tag)].CopyTo(Bytes[(end + PageView.TagBytes)..]);
        WriteCount(tags - 1);
        Write16(FreeAt, free);
        if (free == Area - (tags - 1) * PageView.TagBytes)
            Write16(FirstFreeAt, 0);
    }

    /// <summary>The data of a node where they are, to be changed without changing their length.</summary>
    /// <param name="line">Its line.</param>
    /// <exception cref="EseException">−354: there is no such line. −1206: the page contradicts itself.</exception>
    public Span<byte> Data(int line)
    {
        int tag = RequireLine(line, RequireTags() - View.ReservedTags) + View.ReservedTags;
        var found = RequireTag(tag);
        return Bytes.Slice(found.Offset, found.Length)[^RequireNode(line).Data.Length..];
    }

    /// <summary>Overwrites all free bytes.</summary>
    /// <param name="fill">With what.</param>
    /// <exception cref="EseException">−1206: the page contradicts itself.</exception>
    public void FillFree(byte fill)
    {
        int tags = RequireTags();
        Reorganise();
        Bytes.Slice(_size.HeaderBytes + View.FirstFree, Contiguous(tags)).Fill(fill);
    }

    /// <summary>Sets marks of a node; whether it is compressed stays.</summary>
    /// <param name="line">Its line.</param>
    /// <param name="flags">Its marks from now on.</param>
    /// <exception cref="EseException">−354: there is no such line. −1206: the page contradicts itself.</exception>
    public void SetLineFlags(int line, LineFlags flags)
    {
        int tag = RequireLine(line, RequireTags() - View.ReservedTags) + View.ReservedTags;
        var old = RequireTag(tag);
        RequireNode(line);
        WriteFlags(tag, old.Offset, Marks(flags, (old.Flags & LineFlags.Compressed) != 0));
    }

    /// <summary>
    /// Sets the external header, whole; false when there is no room. Nodes that borrow from it keep their lengths: that
    /// they borrow what is still there is for the caller to see to.
    /// </summary>
    /// <param name="header">What it holds from now on; may be nothing.</param>
    /// <exception cref="EseException">−1206: the page contradicts itself, or the header is longer than any.</exception>
    public bool TrySetExternalHeader(ReadOnlySpan<byte> header)
    {
        RequireTags();
        var old = RequireTag(0);
        if (header.Length - old.Length > View.FreeBytes)
            return false;
        if (header.Overlaps(Bytes))
            header = header.ToArray();
        int offset = Resize(0, old, header.Length, 0);
        header.CopyTo(Bytes[offset..]);
        return true;
    }

    /// <summary>Takes all nodes and the external header out; reserved tags behind it stay.</summary>
    /// <exception cref="EseException">−1206: the page contradicts itself.</exception>
    public void Clear()
    {
        int tags = RequireTags(), reserved = View.ReservedTags, used = 0;
        for (int i = 1; i < reserved; i++)
            used += RequireTag(i).Length;
        if (used > Area - tags * PageView.TagBytes)
            throw Unsound(PageRule.SpaceSum.Describe());
        WriteTag(0, 0, 0);
        WriteCount(reserved);
        Write16(FreeAt, Area - reserved * PageView.TagBytes - used);
        Write16(UncommittedAt, 0);
        Reorganise();
    }

    /// <summary>How many bytes of a key a node on this page borrows: what it shares with the prefix, when more than 2.</summary>
    /// <param name="key">The whole key.</param>
    public int Borrow(ReadOnlySpan<byte> key)
    {
        // The engine lets nothing be borrowed where no prefix can come from: the headers of space trees hold reserves.
        var view = View;
        if ((view.Flags & PageFlags.SpaceTree) != 0 || view.ObjectId.Value == 0)
            return 0;

        // Borrowing takes a length of two bytes.
        int common = View.PrefixKey.CommonPrefixLength(key);
        return common > 2 ? Math.Min(common, KeyMask) : 0;
    }
}
