namespace PipelineBackup.Ese.Tests;

public sealed class PageViewTests
{
    [Fact]
    public void A_real_page_reads_as_the_engine_wrote_it()
    {
        // Page 4 is the root of the catalog.
        var page = SamplePages.InUse("clean-4096").Single(p => p.Number.Value == 4).Page;
        var view = new PageView(page);
        Assert.Equal(4096, view.Size.Bytes);
        Assert.Equal(new ObjectId(2), view.ObjectId);
        Assert.Equal((PageNumber.None, PageNumber.None), (view.Previous, view.Next));
        Assert.Equal(PageFlags.Root | PageFlags.NewRecordFormat | PageFlags.EccChecksum,
            view.Flags & ~(PageFlags.ParentOfLeaf | PageFlags.Leaf | PageFlags.FlushType));
        Assert.Equal(1, view.ReservedTags);
        Assert.Equal(16, view.Tag(0).Length);
        Assert.Equal(PageNumber.None, view.StoredNumber);
        Assert.True(view.PrefixKey.IsEmpty);
        int used = view.FreeBytes + PageView.TagBytes * view.TagCount;
        for (int i = 0; i < view.TagCount; i++)
            used += view.Line(i).Length;
        Assert.Equal(view.DataBytes, used);
    }

    [Theory]
    [InlineData(4096, 0)]
    [InlineData(32768, 42)]
    public void A_made_page_reads_as_it_was_made(int pageBytes, uint storedNumber)
    {
        var view = new PageView(SamplePages.MakeLeaf(pageBytes, 42, 12, FlushType.Scissors));
        Assert.Equal(new PageNumber(storedNumber), view.StoredNumber);
        Assert.Equal((new DbTime(0x40), new ObjectId(7)), (view.DbTime, view.ObjectId));
        Assert.Equal((13, 1, 360, 0), (view.TagCount, view.ReservedTags, view.FirstFree, view.UncommittedFreeBytes));
        Assert.Equal(FlushType.Scissors, view.FlushType);
        Assert.Equal(new PageTag(view.Size.HeaderBytes + 30, 30, LineFlags.None), view.Tag(2));
        Assert.Equal([4, 0, 0, 0, 0, 1, 7], view.Line(2)[..7].ToArray());
        Assert.True(view.Tag(0).IsValid && view.Line(0).IsEmpty);
    }

    [Fact]
    public void Flags_of_a_line_stand_in_the_tag_of_a_small_page()
    {
        var page = SamplePages.MakeLeaf(4096, 42, 3);
        page[4096 - 4 * 3 + 3] |= 0xA0;
        page[4096 - 4 * 3 + 1] |= 0xE0;
        var tag = new PageView(page).Tag(2);
        Assert.Equal(new PageTag(40 + 30, 30, LineFlags.Versioned | LineFlags.Compressed), tag);
    }

    [Fact]
    public void Flags_of_a_line_stand_in_the_line_of_a_large_page()
    {
        var page = SamplePages.MakeLeaf(16384, 42, 3);
        page[80 + 30 + 1] |= 0x40;
        Assert.Equal(LineFlags.Deleted, new PageView(page).Tag(2).Flags);

        // With three reserved tags the same line is no node.
        page[35] = 3 << 4;
        Assert.Equal((3, LineFlags.None), (new PageView(page).ReservedTags, new PageView(page).Tag(2).Flags));
    }

    [Fact]
    public void The_prefix_key_depends_on_the_place_in_the_tree()
    {
        var page = SamplePages.MakeLeaf(4096, 42, 3);
        SamplePages.Tag(page, 0, 0, 20);
        Assert.Equal(20, new PageView(page).PrefixKey.Length);
        page[36] |= (byte)PageFlags.Root;
        Assert.Equal(0, new PageView(page).PrefixKey.Length);
        page[36] |= (byte)PageFlags.SpaceTree;
        Assert.Equal(4, new PageView(page).PrefixKey.Length);
    }

    [Fact]
    public void A_tag_that_is_not_within_the_page_is_invalid_and_its_line_empty()
    {
        var page = SamplePages.MakeLeaf(4096, 42, 3);
        SamplePages.Tag(page, 1, 4000, 60);
        var view = new PageView(page);
        foreach (int index in (int[])[-1, 1, 4, int.MaxValue, int.MinValue])
        {
            Assert.False(view.Tag(index).IsValid);
            Assert.True(view.Line(index).IsEmpty);
        }
    }

    [Fact]
    public void Nothing_throws_on_any_bytes_of_a_page()
    {
        for (int seed = 0; seed < SamplePages.Seeds(200); seed++)
        {
            var random = new Random(seed);
            var page = new byte[PageSize.All[random.Next(PageSize.All.Length)]];
            random.NextBytes(page);
            if (random.Next(2) == 0)
                page[34] = page[35] = (byte)random.Next(4);
            var view = new PageView(page);
            long sum = view.PrefixKey.Length + view.FreeBytes + (long)view.Checksum + view.StoredNumber.Value;
            for (int i = -1; i <= 4096; i++)
                sum += view.Tag(i).Offset + view.Line(i).Length;
            Assert.False(view.IsZero, $"seed {seed}, {sum}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4095)]
    [InlineData(65536)]
    public void Only_a_whole_page_can_be_viewed(int length) =>
        Assert.Throws<ArgumentException>(() => new PageView(new byte[length]).TagCount);
}
