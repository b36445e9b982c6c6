using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests;

/// <summary>A sound page is changed so that it breaks one rule, and that rule is named.</summary>
public sealed class PageLogicTests
{
    private const int Records = 10;

    public static TheoryData<int> Sizes => [2048, 4096, 8192, 16384, 32768];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_sound_page_breaks_no_rule(int pageBytes) => Expect(PageRule.None, Make(pageBytes));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Counts_of_the_header_are_checked(int pageBytes)
    {
        int area = pageBytes - PageSize.Of(pageBytes).HeaderBytes;
        ExpectBasic(PageRule.FreeBytes, With16(Make(pageBytes), 28, area + 1));
        ExpectBasic(PageRule.UncommittedFreeBytes, With16(Make(pageBytes), 30, area));
        ExpectBasic(PageRule.FirstFree, With16(Make(pageBytes), 32, area + 1));
        ExpectBasic(PageRule.NoTags, With16(Make(pageBytes), 34, 0));
        if (area / 4 <= 4095)
            ExpectBasic(PageRule.TagCount, With16(Make(pageBytes), 34, area / 4));
        ExpectBasic(PageRule.TagArray, With16(Make(pageBytes), 34, area / 8 + 3));
        ExpectBasic(PageRule.SpaceSum, With16(Make(pageBytes), 28, 100));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Flags_are_checked(int pageBytes)
    {
        ExpectBasic(PageRule.PreInit, WithFlags(Make(pageBytes), PageFlags.PreInit));
        ExpectBasic(PageRule.PreInit, WithFlags(Make(pageBytes), PageFlags.PreInit | PageFlags.Empty));
        ExpectBasic(PageRule.TreeKind, WithFlags(Make(pageBytes), PageFlags.Index | PageFlags.LongValue));
        ExpectBasic(PageRule.RepairMark, WithFlags(Make(pageBytes), PageFlags.Repair));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_page_not_used_yet_is_sound_only_when_it_holds_nothing(int pageBytes)
    {
        var page = new byte[pageBytes];
        With16(page, 28, pageBytes - PageSize.Of(pageBytes).HeaderBytes);
        var flags = PageFlags.PreInit | PageFlags.NewRecordFormat | PageFlags.EccChecksum | (PageFlags)0x8000;
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(36), (uint)flags);
        Expect(PageRule.None, page);
        ExpectBasic(PageRule.PreInit, WithFlags(page.ToArray(), PageFlags.Leaf));
        ExpectBasic(PageRule.PreInit, WithFlags(page.ToArray(), PageFlags.Empty));
        ExpectBasic(PageRule.PreInit, With16(page.ToArray(), 16, 5));
        ExpectBasic(PageRule.PreInit, With16(page.ToArray(), 20, 5));
        ExpectBasic(PageRule.PreInit, With16(page.ToArray(), 34, 1));
        ExpectBasic(PageRule.PreInit, With16(page.ToArray(), 36, 0x2000));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Tags_are_checked(int pageBytes)
    {
        ExpectBasic(PageRule.EmptyLine, WithTag(Make(pageBytes), 3, 60, 0));
        ExpectBasic(PageRule.LineInFreeArea, WithTag(Make(pageBytes), Records, 30 * Records - 29, 30));
        Expect(PageRule.Overlap, WithTag(Make(pageBytes), 3, 59, 30));

        // An emptied external header may keep its old place, and a reserved tag may be empty.
        Expect(PageRule.None, WithTag(Make(pageBytes), 0, pageBytes / 2, 0));
        var reserved = With16(Make(pageBytes), 34, Records + 1 | 2 << 12);
        int free = BinaryPrimitives.ReadUInt16LittleEndian(reserved.AsSpan(28));
        Expect(PageRule.None, With16(WithTag(reserved, 1, 0, 0), 28, free + 30));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Lines_may_not_reach_into_the_tag_array(int pageBytes)
    {
        int area = pageBytes - PageSize.Of(pageBytes).HeaderBytes;
        Expect(PageRule.LineOutsideData, WithTag(With16(Make(pageBytes), 32, area), Records, area - 50, 30));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Nodes_are_checked(int pageBytes)
    {
        Expect(PageRule.NodeLength, WithNode(Make(pageBytes), 3, suffix: 28));
        Expect(PageRule.NodeLength, WithNode(Make(pageBytes), 3, suffix: 0x1FFF));
        Expect(PageRule.EmptyKey, WithNode(Make(pageBytes), 3, suffix: 0));
        Expect(PageRule.EmptyKey, WithNode(Make(pageBytes), Records, suffix: 0));
        Expect(PageRule.KeyOrder, WithNode(Make(pageBytes), 3, suffix: 4, key: 99));
        Expect(PageRule.None, WithNode(Make(pageBytes), 3, suffix: 4, key: 1));
        Expect(PageRule.PrefixLength, Compressed(Make(pageBytes), 3, prefix: 1));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void An_inner_page_may_end_with_an_empty_key(int pageBytes)
    {
        var page = Make(pageBytes);
        page[36] = (byte)PageFlags.ParentOfLeaf;
        Expect(PageRule.None, WithNode(page.ToArray(), Records, suffix: 0));
        Expect(PageRule.EmptyKey, WithNode(page.ToArray(), Records - 1, suffix: 0));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Nodes_of_a_space_tree_are_its_own_matter(int pageBytes) =>
        Expect(PageRule.None, WithFlags(WithNode(Make(pageBytes), 3, suffix: 0), PageFlags.SpaceTree));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Borrowed_keys_are_compared_whole(int pageBytes)
    {
        // The first line becomes the prefix key: 04 00 00000000 00 00 …; the keys are 0x00000001 and up.
        var page = Make(pageBytes);
        int header = PageSize.Of(pageBytes).HeaderBytes;
        SamplePages.Tag(page, 0, 0, 30);
        SamplePages.Tag(page, 1, 30, 30);
        With16(page, 34, Records | 1 << 12);
        for (int i = 2; i < Records; i++)
            SamplePages.Tag(page, i, 30 * i, 30);
        With16(page, 28, BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(28)) + 4);
        page.AsSpan(header, 30).Clear();
        Expect(PageRule.None, page);
        Expect(PageRule.PrefixLength, Compressed(page.ToArray(), 2, prefix: 31));

        // 00 00 00 + 00000002: shorter than its neighbours' first difference, so out of order.
        Expect(PageRule.KeyOrder, Compressed(page.ToArray(), 2, prefix: 3, key: 2));

        // 00 00 + 0002 and the like: the same keys, borrowed in part.
        var borrowed = Compressed(page.ToArray(), 2, prefix: 2, key: 2, keyBytes: 2);
        Expect(PageRule.None, borrowed);
        Expect(PageRule.None, Compressed(borrowed.ToArray(), 3, prefix: 3, key: 3, keyBytes: 1));
        Expect(PageRule.None, Compressed(borrowed.ToArray(), 3, prefix: 1, key: 2, keyBytes: 3));
        Expect(PageRule.KeyOrder, Compressed(borrowed.ToArray(), 3, prefix: 3, key: 1, keyBytes: 1));
        Expect(PageRule.KeyOrder, Compressed(borrowed.ToArray(), 3, prefix: 1, key: 1, keyBytes: 3));

        // 00 00 behind 00 00 00 + 02: it ends within what its neighbour borrows.
        var longer = Compressed(page.ToArray(), 2, prefix: 3, key: 2, keyBytes: 1);
        Expect(PageRule.None, longer);
        Expect(PageRule.KeyOrder, WithNode(longer, 3, suffix: 2, key: 3));

        // Nothing can be borrowed on a root, nor where no tree owns the page.
        Expect(PageRule.PrefixLength, WithFlags(borrowed.ToArray(), PageFlags.Root));
        Expect(PageRule.PrefixLength, With16(borrowed.ToArray(), 24, 0));
    }

    private static byte[] Make(int pageBytes) => SamplePages.MakeLeaf(pageBytes, 42, Records);

    private static byte[] With16(byte[] page, int offset, int value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(offset), (ushort)value);
        return page;
    }

    private static byte[] WithFlags(byte[] page, PageFlags flags)
    {
        var span = page.AsSpan(36);
        BinaryPrimitives.WriteUInt32LittleEndian(span, BinaryPrimitives.ReadUInt32LittleEndian(span) | (uint)flags);
        return page;
    }

    private static byte[] WithTag(byte[] page, int index, int offset, int length)
    {
        SamplePages.Tag(page, index, offset, length);
        return page;
    }

    private static byte[] WithNode(byte[] page, int index, int suffix, int key = -1)
    {
        var line = page.AsSpan(new PageView(page).Tag(index).Offset);
        BinaryPrimitives.WriteUInt16LittleEndian(line, (ushort)suffix);
        if (key >= 0)
            BinaryPrimitives.WriteInt32BigEndian(line[2..], key);
        return page;
    }

    /// <summary>Makes a node borrow the first bytes of its key.</summary>
    private static byte[] Compressed(byte[] page, int index, int prefix, int key = 0, int keyBytes = 4)
    {
        var tag = new PageView(page).Tag(index);
        var line = page.AsSpan(tag.Offset, tag.Length);
        bool isSmall = page.Length <= 8192;
        BinaryPrimitives.WriteUInt16LittleEndian(line, (ushort)(isSmall ? prefix : prefix | 4 << 13));
        BinaryPrimitives.WriteUInt16LittleEndian(line[2..], (ushort)keyBytes);
        Span<byte> whole = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(whole, key);
        whole[^keyBytes..].CopyTo(line[4..]);
        if (isSmall)
            page[page.Length - 4 * (index + 1) + 3] |= 4 << 5;
        return page;
    }

    private static void Expect(PageRule rule, byte[] page) =>
        Assert.Equal(rule, PageLogic.Check(new(page), InspectionDepth.Full));

    private static void ExpectBasic(PageRule rule, byte[] page)
    {
        Expect(rule, page);
        Assert.Equal(rule, PageLogic.Check(new(page), InspectionDepth.Basic));
        Assert.Equal(PageRule.None, PageLogic.Check(new(page), InspectionDepth.Checksum));
    }
}
