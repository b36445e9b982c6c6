using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Records about trees and about the size of a database, in each page format.</summary>
public sealed class RedoTreesTests
{
    private const uint TablePages = 0, IndexPages = (uint)PageFlags.Index;

    public static TheoryData<int> Sizes => [4096, 32768];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_page_is_made_ready(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.Apply(log => log.Add(LogRecordType.NewPage, new PageCreation(1, 1, new(9), RedoRig.Tree, new(50))));
        var page = rig.Cache.Require(new(9)).View;
        Assert.Equal(PageRule.None, PageLogic.Check(page, InspectionDepth.Full));
        Assert.Equal((PageFlags.PreInit | PageFlags.NewRecordFormat, new DbTime(50)), (page.Flags, page.DbTime));
        rig.Cache.Flush();
        Assert.Equal(EseError.Success, Reread(rig, 9).Error);
    }

    [Theory]
    [InlineData(4096, 1u, 0u)]
    [InlineData(4096, 4u, 7u)]
    [InlineData(32768, 32u, 0x7FFFFFFFu)]
    [InlineData(32768, 33u, 0xFFFFFFFFu)]
    [InlineData(4096, 100u, 0xFFFFFFFFu)]
    public void A_tree_in_one_extent_is_made(int pageBytes, uint pages, uint free)
    {
        using var rig = new RedoRig(pageBytes);
        rig.Apply(log => log.Add(LogRecordType.CreateSingleExtentTree,
            new SingleExtentTreeCreation(Change(6), RedoRig.Tree, new(1), pages, IndexPages)));
        var page = Sound(rig, 6);
        Assert.Equal(PageFlags.Root | PageFlags.Leaf | PageFlags.Index | PageFlags.NewRecordFormat, page.Flags);
        Assert.True(RootHeader.TryRead(page.ExternalHeader, out var header));
        Assert.Equal((pages, new PageNumber(1), SpaceFlags.NonUnique, free),
            (header.Pages, header.Parent, header.Flags, header.FreeBitmap));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_tree_with_space_trees_is_made(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.Apply(log => log.Add(LogRecordType.CreateMultipleExtentTree, new MultipleExtentTreeCreation(
            Change(6, PageChangeFlags.Unique), RedoRig.Tree, new(7), new(8), new(1), 5, TablePages)));
        Assert.True(RootHeader.TryRead(Sound(rig, 6).ExternalHeader, out var header));
        Assert.Equal((5u, SpaceFlags.MultipleExtent, new PageNumber(7)), (header.Pages, header.Flags, header.OwnedRoot));
        Assert.Equal([(10u, 5u)], Extents(rig, 7));
        Assert.Equal([(10u, 2u)], Extents(rig, 8));
        rig.Cache.Flush();
        Assert.Equal(2, new SpaceTree(rig.Cache, new(6), RedoRig.Tree).Available().Sum(extent => extent.Pages.Count));
    }

    [Theory]
    [InlineData(4096, 4u, 0b101u, "11:1 13:1 20:2")]
    [InlineData(32768, 4u, 0b111u, "13:3 20:2")]
    [InlineData(4096, 33u, 0x80000001u, "11:1 20:2 42:1")]
    [InlineData(4096, 40u, 0xC0000000u, "20:2 49:9")]
    [InlineData(4096, 40u, 0x40000000u, "20:2 41:1 49:7")]
    public void A_tree_gets_space_trees_that_know_what_was_free(int pageBytes, uint pages, uint bitmap, string free)
    {
        using var rig = new RedoRig(pageBytes);
        byte[] header = new byte[RootHeader.MaxSize];
        int length = RootHeader.Of(pages, new(1), SpaceFlags.None, bitmap).Write(header);
        rig.MakePage(new(10), new(100), PageFlags.Root | PageFlags.Leaf, header[..length], "a=1");
        var change = Change(10, PageChangeFlags.Unique);
        rig.Apply(log => log.Add(LogRecordType.ConvertTree, new TreeConversion2(
            new(change, RedoRig.Tree, new(17), new(18), new(1), new(17), pages, 4), bitmap, TablePages)));
        Assert.True(RootHeader.TryRead(Sound(rig, 10).ExternalHeader, out var after));
        Assert.Equal((pages, SpaceFlags.MultipleExtent, 17u), (after.Pages, after.Flags, after.OwnedRootOrFree));
        Assert.Equal(new[] { (9 + pages, pages), (20u, 4u) }.Order(), Extents(rig, 17));
        Assert.Equal(free, string.Join(' ', Extents(rig, 18).Select(extent => $"{extent.Last}:{extent.Count}")));
        Assert.Equal(["a=1"], rig.Nodes(new(10)));
    }

    [Fact]
    public void A_header_keeps_its_auto_increment_when_its_tree_gets_space_trees()
    {
        using var rig = new RedoRig(4096);
        byte[] header = [3, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0, 0];
        rig.MakePage(new(10), new(100), PageFlags.Root | PageFlags.Leaf, header, "a=1");
        rig.Apply(log => log.Add(LogRecordType.ConvertTree, new TreeConversion2(
            new(Change(10, PageChangeFlags.Unique), RedoRig.Tree, new(17), new(18), new(1), new(17), 4, 4), 7, 0)));
        Assert.True(RootHeader.TryRead(Sound(rig, 10).ExternalHeader, out var after));
        Assert.Equal((30ul, new PageNumber(17)), (after.AutoIncrementMax!.Value, after.OwnedRoot));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_tree_becomes_empty(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        var root = PageFlags.Root | PageFlags.ParentOfLeaf;
        rig.MakePage(new(4), new(100), root, new byte[RootHeader.Size], "b=\x05\0\0\0", "c=\x06\0\0\0");
        rig.MakePage(new(5), new(90), PageFlags.Leaf, "prefix"u8.ToArray(), "prefixA=1", "prefixB=2");
        rig.MakePage(new(6), new(200), PageFlags.Leaf, [], "c=1");
        EmptiedPage[] pages = [new(new(90), new(5), 0), new(new(91), new(6), 0), new(new(92), new(7), 0)];
        rig.Apply(log => log.EmptyTree(RedoRig.Node(0, before: 100, after: 120, page: 4), pages));
        var page = Sound(rig, 4);
        Assert.Equal((0, new DbTime(120)), (page.NodeCount, page.DbTime));
        Assert.Equal(PageFlags.Root | PageFlags.Leaf, page.Flags & ~(PageFlags.NewRecordFormat | PageFlags.EccChecksum | PageFlags.FlushType));
        Assert.Equal(RootHeader.Size, page.ExternalHeader.Length);
        page = Sound(rig, 5);
        Assert.Equal((1, 0, new DbTime(120)), (page.TagCount, page.ExternalHeader.Length, page.DbTime));
        Assert.True((page.Flags & PageFlags.Empty) != 0);
        Assert.Equal(["c=1"], rig.Nodes(new(6)));

        // The one that was missing is not needed any more.
        Assert.True(rig.Pages.Map.IsEmpty);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Data_that_nobody_sees_are_overwritten(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.MakeLeaf("prefixA=111", "-prefixB=222", "-prefixC=333");
        rig.Apply(log => log.Scrub(RedoRig.Node(0), 0, 3, [0, 1, 2, 0, 0]));
        Assert.Equal(["prefixA=111", "-prefixB=DDD", "-prefixC=LLL"], rig.Nodes(RedoRig.Leaf));
        var page = Sound(rig, 5);
        Assert.True((page.Flags & PageFlags.Scrubbed) != 0);
        Assert.Equal((byte)'Z', page.Bytes[pageBytes / 2]);
        rig.Fails(EseError.BadLineCount,
            log => log.Scrub(RedoRig.Node(0, before: 101, after: 102), 0, 4, [0, 0, 0, 1]));
        rig.Apply(log => log.Scrub(RedoRig.Node(0, before: 101, after: 102), 1, 0, []));
        Assert.Empty(rig.Nodes(RedoRig.Leaf));
    }

    [Fact]
    public void Trees_of_impossible_size_and_records_of_old_engines_are_refused()
    {
        using var rig = new RedoRig(4096);
        foreach (uint pages in new[] { 0u, 0x7FF00000u, uint.MaxValue })
        {
            rig.Fails(EseError.LogFileCorrupt, log => log.Add(LogRecordType.CreateMultipleExtentTree,
                new MultipleExtentTreeCreation(Change(6), RedoRig.Tree, new(7), new(8), new(1), pages, TablePages)));
        }

        rig.MakePage(new(10), new(100), PageFlags.Root | PageFlags.Leaf, [1, 2, 3], "a=1");
        rig.Fails(EseError.DatabaseCorrupted, log => log.Add(LogRecordType.ConvertTree, new TreeConversion2(
            new(Change(10), RedoRig.Tree, new(17), new(18), new(1), new(17), 4, 4), 7, 0)));
        rig.Fails(EseError.BadLogVersion, log => log.Add(LogRecordType.ConvertTreeOld,
            new TreeConversion(Change(10), RedoRig.Tree, new(17), new(18), new(1), new(17), 4, 4)));
        rig.Fails(EseError.LogFileCorrupt, log => log.Add(LogRecordType.ExtendDatabase,
            new DatabaseExtension(1, new(uint.MaxValue))));
        Assert.False(rig.Apply(log => log.Bare(LogRecordType.ShutdownMark)));
    }

    [Fact]
    public void A_database_grows_and_shrinks()
    {
        using var rig = new RedoRig(4096);
        rig.MakePage(new(15), new(9), PageFlags.Leaf, [], "a=1");
        rig.Pages.TracksResize = true;
        rig.Apply(log => log.Add(LogRecordType.ExtendDatabase, new DatabaseExtension(1, new(30))));
        rig.Apply(log => log.Add(LogRecordType.ExtendDatabase, new DatabaseExtension(1, new(25))));
        Assert.Equal(new PageNumber(30), rig.Cache.LastPage);
        rig.Pages.ForChange(new(29), new(1), new(2), default);
        Assert.False(rig.Pages.Map.IsEmpty);
        rig.Apply(log => log.Add(LogRecordType.ShrinkDatabase2, new DatabaseShrinkage(1, new(14), 16)));
        Assert.Equal((new PageNumber(14), RedoRig.Position(3)), (rig.Cache.LastPage, rig.Pages.LastResize));
        Assert.True(rig.Pages.Map.IsEmpty);
        rig.Apply(log => log.Add(LogRecordType.ExtendDatabase, new DatabaseExtension(1, new(16))));
        rig.Cache.Flush();
        Assert.Equal(18 * 4096, rig.Disk.ReadAll("/d/db").Length);
        Assert.Equal(PageFinding.Uninitialized, Reread(rig, 15).Finding);
    }

    [Fact]
    public void What_grew_again_later_is_not_cut_off_but_marked()
    {
        using var rig = new RedoRig(4096);
        rig.MakePage(new(15), new(9), PageFlags.Leaf, [], "a=1");
        rig.MakePage(new(16), new(80), PageFlags.Leaf, [], "a=1");
        rig.Pages.TracksResize = true;
        rig.Pages.LastResize = RedoRig.Position(70);
        rig.Apply(log => log.Add(LogRecordType.ShrinkDatabase3,
            new TimedDatabaseShrinkage(new(1, new(14), uint.MaxValue), new(50))));
        Assert.Equal(new PageNumber(20), rig.Cache.LastPage);
        Assert.Null(rig.Pages.AsItStands(new(15)));
        Assert.Equal(["a=1"], rig.Nodes(new(16)));
        Assert.Equal(RedoRig.Position(70), rig.Pages.LastResize);
    }

    [Fact]
    public void Room_given_back_explains_what_is_missing()
    {
        using var rig = new RedoRig(4096);
        foreach (uint page in new uint[] { 7, 8, 9, 10 })
            rig.Pages.ForChange(new(page), new(1), new(2), default);
        rig.Apply(log => log.Add(LogRecordType.TrimDatabase, new DatabaseTrim(1, new(7), 1)));
        rig.Apply(log => log.Add(LogRecordType.ExtentFreed, new ExtentRelease(1, new(8), 1, 0)));
        rig.Apply(log => log.Add(LogRecordType.ExtentFreed2,
            new TimedExtentRelease(new(1, new(9), uint.MaxValue, 0), new(5))));
        Assert.True(rig.Pages.Map.IsEmpty);
    }

    private static PageChange Change(uint page, PageChangeFlags flags = PageChangeFlags.None) =>
        new(RedoRig.Session, 1, new(page), new(101), new(100), new(9), 1, 0, flags);

    private static PageView Sound(RedoRig rig, uint number)
    {
        var page = rig.Cache.Require(new(number)).View;
        Assert.Equal(PageRule.None, PageLogic.Check(page, InspectionDepth.Full));
        return page;
    }

    private static List<(uint Last, uint Count)> Extents(RedoRig rig, uint root)
    {
        var page = Sound(rig, root);
        Assert.Equal((SplitBuffer.Size, true), (page.ExternalHeader.Length, (page.Flags & PageFlags.SpaceTree) != 0));
        var extents = new List<(uint, uint)>();
        for (int line = 0; line < page.NodeCount; line++)
        {
            page.Node(line, out var node);
            extents.Add((BinaryPrimitives.ReadUInt32BigEndian(node.KeyTail),
                BinaryPrimitives.ReadUInt32LittleEndian(node.Data)));
        }

        return extents;
    }

    private static PageVerdict Reread(RedoRig rig, uint page)
    {
        byte[] file = rig.Disk.ReadAll("/d/db");
        int size = rig.Cache.PageSize.Bytes;
        return PageInspector.Inspect(file.AsSpan((int)(page + 1) * size, size), new(page), depth: InspectionDepth.Full);
    }
}
