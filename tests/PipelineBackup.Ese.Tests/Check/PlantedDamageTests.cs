using System.Buffers.Binary;
using PipelineBackup.Ese.Tests.Trees;

namespace PipelineBackup.Ese.Tests.Check;

/// <summary>
/// A sound database, one thing in it made wrong, the checksums made right: the check finds it and says where. What cannot
/// be seen on one page by itself is what these are about.
/// </summary>
public sealed class PlantedDamageTests
{
    private const string Data = "data", LongValues = "data (long values)";

    public static TheoryData<string> Sets => ["clean-4096", "clean-32768"];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Swapped_separators_are_found(string set) => Expect(set, EseError.DatabaseCorrupted, Data, "belongs",
        (file, data) =>
        {
            var parent = file.AboveLeaves(data.Root);
            var (first, second) = (file.Child(parent, 0), file.Child(parent, 1));
            file.SetChild(parent, 0, second);
            file.SetChild(parent, 1, first);
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_lost_sibling_is_found(string set) => Expect(set, EseError.BadPageLink, Data, "right sibling",
        (file, data) =>
        {
            var parent = file.AboveLeaves(data.Root);
            file.Write32(file.Child(parent, 0), 20, file.Child(parent, 2).Value);
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_sibling_that_does_not_point_back_is_found(string set) =>
        Expect(set, EseError.BadPageLink, Data, "left sibling", (file, data) =>
        {
            var parent = file.AboveLeaves(data.Root);
            file.Write32(file.Child(parent, 2), 16, file.Child(parent, 0).Value);
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_page_linked_twice_is_found(string set) =>
        Expect(set, EseError.BadParentPageLink, Data, "used twice", (file, data) =>
        {
            var parent = file.AboveLeaves(data.Root);
            file.SetChild(parent, 1, file.Child(parent, 0));
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_page_of_two_trees_is_found(string set) =>
        Expect(set, EseError.BadParentPageLink, Data, "is of the object 16", (file, data) =>
            file.SetChild(file.AboveLeaves(data.Root), 1, CatalogReader.Read(file).Find("lvs").Root));

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_wrong_object_id_is_found(string set) =>
        Expect(set, EseError.BadParentPageLink, Data, "is of the object 4242", (file, data) =>
            file.Write32(file.Child(file.AboveLeaves(data.Root), 1), 24, 4242));

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_ring_of_levels_is_found(string set) =>
        Expect(set, EseError.BadParentPageLink, Data, "used twice", (file, data) =>
            file.SetChild(file.AboveLeaves(data.Root), 1, data.Root));

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_ring_of_leaves_is_found(string set) =>
        Expect(set, EseError.BadPageLink, Data, "behind it", (file, data) =>
        {
            var cursor = new TreeCursor(file, data.Root, data.ObjectId);
            cursor.MoveFirst();
            var first = cursor.Page;
            cursor.MoveLast();
            file.Write32(cursor.Page, 20, first.Value);
            file.Write32(first, 16, cursor.Page.Value);
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_page_given_up_is_found(string set) =>
        Expect(set, EseError.BadParentPageLink, Data, "given up", (file, data) =>
        {
            var leaf = file.Child(file.AboveLeaves(data.Root), 1);
            file.Write32(leaf, 36, (uint)(file.View(leaf).Flags | PageFlags.Empty));
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_page_of_another_kind_is_found(string set) =>
        Expect(set, EseError.DatabaseCorrupted, Data, "has the marks", (file, data) =>
        {
            var leaf = file.Child(file.AboveLeaves(data.Root), 1);
            file.Write32(leaf, 36, (uint)(file.View(leaf).Flags | PageFlags.LongValue));
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_level_that_is_not_what_it_says_is_found(string set) =>
        Expect(set, EseError.DatabaseCorrupted, Data, "its parent not marked so", (file, data) =>
        {
            var parent = file.AboveLeaves(data.Root);
            file.Write32(parent, 36, (uint)(file.View(parent).Flags & ~PageFlags.ParentOfLeaf));
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_level_without_its_empty_last_key_is_found(string set) =>
        Expect(set, EseError.DatabaseCorrupted, Data, "does not end with an empty key", (file, data) =>
        {
            // The first byte of the child's number becomes the key.
            var root = data.Root;
            file.Line(root, file.View(root).NodeCount - 1)[0] = 1;
            file.Seal(root);
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_damaged_page_costs_its_subtree_and_no_more(string set)
    {
        var report = Expect(set, EseError.ReadVerifyFailure, Data, "cannot be read", (file, data) =>
            file[file.Child(file.AboveLeaves(data.Root), 1)].Slice(100, 40).Fill(0x5A));
        Assert.DoesNotContain(report.Findings, finding => finding is { Tree: Data, Message: var text }
            && text.Contains("sibling is", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_page_owned_twice_is_found(string set) =>
        Expect(set, EseError.SPOwnExtCorrupted, "", "owned by another tree too", (file, data) =>
        {
            // An index reaches into its neighbour: back from its first extent, or on from its only one.
            var index = data.FindIndex("ix_i64d")!;
            var space = new SpaceTree(file, index.Root, index.ObjectId);
            if (space.Header.HasSpaceTrees)
                Grow(file, space.Header.OwnedRoot, index.ObjectId, 1);
            else
                Header(file, index.Root)[0]++;
            file.Seal(index.Root);
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_page_in_use_that_is_available_is_found(string set) =>
        Expect(set, EseError.SPAvailExtCorrupted, "", "is available, yet", (file, _) => GrowAvailable(file, 1));

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_lost_page_is_counted_and_no_finding(string set)
    {
        var file = MemoryPages.Golden(set);
        GrowAvailable(file, -1);
        var report = new DatabaseCheck(file, file.Header).Run();
        Assert.Equal((0, 1L), (report.Findings.Count, report.LeakedPages));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void An_extent_behind_the_file_is_found(string set) =>
        Expect(set, EseError.SPOwnExtCorrupted, "database", "no extent of the file", (file, _) =>
        {
            Assert.Equal(4, file.View(new(2)).Node(0, out var node) == PageRule.None ? node.KeyLength : 0);
            file.Line(new(2), 0)[3] = 0x70;
            file.Seal(new(2));
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void Space_from_another_parent_is_found(string set) =>
        Expect(set, EseError.DatabaseCorrupted, Data, "has its space from 30", (file, data) =>
        {
            Assert.Equal(1u, BinaryPrimitives.ReadUInt32LittleEndian(Header(file, data.Root)[4..]));
            Header(file, data.Root)[4] = 30;
            file.Seal(data.Root);
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_missing_index_entry_is_found(string set) =>
        Expect(set, EseError.SecondaryIndexCorrupted, "data.ix_i32", "lacks the row", (file, data) =>
            DeleteFirst(file, data.FindIndex("ix_i32")!.Root, data.FindIndex("ix_i32")!.ObjectId));

    [Theory]
    [MemberData(nameof(Sets))]
    public void An_index_entry_without_a_row_is_found(string set)
    {
        var report = Expect(set, EseError.SecondaryIndexCorrupted, "data.ix_i32", "which there is not", (file, data) =>
            DeleteFirst(file, data.Root, data.ObjectId));
        Assert.Contains(report.Findings, finding => finding.Tree == "data.ix_guid");
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_row_under_a_key_of_another_is_found(string set) =>
        Expect(set, EseError.PrimaryIndexCorrupted, Data, "under another key", (file, data) =>
        {
            // The last key of the table becomes one more: still in order.
            var cursor = new TreeCursor(file, data.Root, data.ObjectId);
            Assert.True(cursor.MoveLast());
            var tail = file.Line(cursor.Page, cursor.Line);
            Assert.Equal(PageRule.None, file.View(cursor.Page).Node(cursor.Line, out var node));
            tail[tail.Length - node.Data.Length - 1]++;
            file.Seal(cursor.Page);
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_wrong_count_of_references_is_found(string set) =>
        Expect(set, EseError.LVCorrupted, LongValues, "counts 1 more references", (file, data) =>
        {
            var cursor = new TreeCursor(file, data.LongValueRoot, data.LongValueObjectId);
            while (cursor.MoveNext() && (cursor.Data.Length != 8 || cursor.Data[0] != 1))
            {
            }

            file.Line(cursor.Page, cursor.Line)[^8]++;
            file.Seal(cursor.Page);
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_missing_chunk_is_found(string set) =>
        Expect(set, EseError.LVCorrupted, LongValues, "bytes", (file, data) =>
            Delete(file, data, key => key.Length == 12));

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_missing_long_value_is_found(string set)
    {
        var report = Expect(set, EseError.LVCorrupted, LongValues, "which there is not", (file, data) =>
            Delete(file, data, key => key.Length == 8));
        Assert.Contains(report.Findings, finding => finding.Message.Contains("which has no root", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_catalog_that_differs_from_its_shadow_is_found(string set) =>
        Expect(set, EseError.CatalogCorrupted, "MSysObjects", "the catalog and its shadow differ", (file, _) =>
        {
            var cursor = new TreeCursor(file, new(24), new(3));
            Assert.True(cursor.MoveLast());
            file.Line(cursor.Page, cursor.Line)[^1] ^= 1;
            file.Seal(cursor.Page);
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_catalog_that_cannot_be_read_is_replaced_by_its_shadow(string set)
    {
        var report = Expect(set, EseError.ReadVerifyFailure, "MSysObjects", "page 4", (file, _) => file[new(4)][200] ^= 3);
        Assert.InRange(report.Rows, 900, int.MaxValue);
        Assert.Contains(report.Findings, finding => finding.Page == new PageNumber(4));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_missing_object_id_is_found(string set) =>
        Expect(set, EseError.CatalogCorrupted, "MSysObjids", "lacks", (file, _) =>
        {
            var table = CatalogReader.Read(file).Find("MSysObjids");
            DeleteFirst(file, table.Root, table.ObjectId);
        });

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_page_changed_after_the_database_is_found(string set) =>
        Expect(set, EseError.DbTimeCorrupted, "", "later than the database", (file, data) =>
            file.Write32(data.Root, 12, 1));

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_record_that_is_none_is_found(string set) =>
        Expect(set, EseError.DatabaseCorrupted, Data, "a record", (file, data) =>
        {
            var cursor = new TreeCursor(file, data.Root, data.ObjectId);
            Assert.True(cursor.MoveFirst());
            int start = file.Line(cursor.Page, cursor.Line).Length - cursor.Data.Length;
            file.Line(cursor.Page, cursor.Line)[start + 3] = 0xFF;
            file.Seal(cursor.Page);
        });

    [Fact]
    public void A_limit_of_findings_ends_the_check()
    {
        var file = MemoryPages.Golden("clean-4096");
        for (uint number = 40; number < 80; number++)
            file[new(number)].Slice(100, 40).Fill(0x5A);
        var report = new DatabaseCheck(file, file.Header, limit: 10).Run();
        Assert.True(report.IsCutShort);
        Assert.Equal(10, report.Findings.Count);
    }

    [Fact]
    public void A_cancelled_check_ends()
    {
        var file = MemoryPages.Golden("clean-4096");
        var cancelled = new CancellationToken(canceled: true);
        Assert.Throws<OperationCanceledException>(() => new DatabaseCheck(file, file.Header).Run(cancelled));
    }

    private static CheckReport Expect(string set, EseError error, string tree, string text,
        Action<MemoryPages, TableDefinition> damage)
    {
        var file = MemoryPages.Golden(set);
        damage(file, CatalogReader.Read(file).Find("data"));
        var report = new DatabaseCheck(file, file.Header).Run();
        Assert.True(report.Findings.Any(finding => finding.Error == error
            && (tree.Length == 0 || finding.Tree == tree) && finding.Message.Contains(text, StringComparison.Ordinal)),
            $"expected {(int)error} {tree}: …{text}…; found{Environment.NewLine}"
            + string.Join(Environment.NewLine, report.Findings));
        Assert.False(report.IsCutShort);
        return report;
    }

    private static Span<byte> Header(MemoryPages file, PageNumber root) =>
        file[root].Slice(file.View(root).Tag(0).Offset, file.View(root).Tag(0).Length);

    /// <summary>Adds to the number of pages of the first extent in a space tree.</summary>
    private static void Grow(MemoryPages file, PageNumber spaceRoot, ObjectId id, int pages)
    {
        var cursor = new TreeCursor(file, spaceRoot, id);
        Assert.True(cursor.MoveFirst());
        var count = file.Line(cursor.Page, cursor.Line)[^4..];
        BinaryPrimitives.WriteInt32LittleEndian(count, BinaryPrimitives.ReadInt32LittleEndian(count) + pages);
        file.Seal(cursor.Page);
    }

    /// <summary>Adds to the number of pages of an available extent of more than one page.</summary>
    private static void GrowAvailable(MemoryPages file, int pages)
    {
        foreach (var tree in CatalogReader.Read(file).Tables.SelectMany(CatalogCheck.TreesOf))
        {
            var space = new SpaceTree(file, tree.Root, tree.ObjectId);
            if (space.Header.HasSpaceTrees && space.Available().FirstOrDefault().Pages.Count > 1)
            {
                Grow(file, space.Header.AvailableRoot, tree.ObjectId, pages);
                return;
            }
        }

        Assert.Fail("no tree has pages available");
    }

    private static void DeleteFirst(MemoryPages file, PageNumber root, ObjectId id)
    {
        var cursor = new TreeCursor(file, root, id);
        Assert.True(cursor.MoveFirst());
        file.Delete(cursor.Page, cursor.Line);
    }

    private static void Delete(MemoryPages file, TableDefinition data, Func<byte[], bool> which)
    {
        var cursor = new TreeCursor(file, data.LongValueRoot, data.LongValueObjectId);
        while (cursor.MoveNext() && !which(cursor.Key.ToArray()))
        {
        }

        file.Delete(cursor.Page, cursor.Line);
    }
}
