namespace PipelineBackup.Ese.Tests.Trees;

/// <summary>Trees of more levels than the golden databases have.</summary>
public sealed class DeepTreeTests
{
    public static TheoryData<int, int, bool> Shapes => new()
    {
        { 1, 5, false }, { 2, 4, false }, { 3, 3, false }, { 5, 3, false }, { 8, 2, false },
        { 1, 5, true }, { 3, 4, true }, { 5, 3, true },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_node_is_met_and_found(int levels, int fan, bool repeating)
    {
        var tree = new MadeTree(levels, fan, repeating);
        Assert.Empty(tree.Check());
        var cursor = new TreeCursor(tree.Pages, tree.Root, MadeTree.Id);
        for (int n = 0; n < tree.Nodes; n++)
        {
            Assert.True(cursor.MoveNext());
            Assert.Equal(tree.Node(2 * n).Key, cursor.Key);
            Assert.Equal(tree.Node(2 * n).Data, cursor.Data);
        }

        Assert.False(cursor.MoveNext());

        // In an order that mixes seeks on the leaf at hand with seeks elsewhere; odd ones lead to the next even one.
        var random = new Random(levels);
        int at = 0;
        for (int i = 0; i < 2000; i++)
        {
            at = random.Next(3) == 0 ? random.Next(2 * tree.Nodes) : Math.Min(2 * tree.Nodes - 1, at + random.Next(3));
            var (key, data) = tree.Node(at);
            int expected = (at + 1) / 2;
            bool found = repeating ? cursor.SeekAtLeast(key, data) : cursor.SeekAtLeast(key);
            Assert.Equal(expected < tree.Nodes, found);
            if (!found)
                continue;
            Assert.Equal(tree.Node(2 * expected).Key, cursor.Key);
            Assert.Equal(tree.Node(2 * expected).Data, cursor.Data);
            if (repeating)
                continue;
            Assert.Equal(at % 2 == 0, cursor.Seek(key));
        }

        if (repeating)
        {
            Assert.True(cursor.Seek(tree.Node(0).Key));
            Assert.Equal(tree.Node(0).Data, cursor.Data);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_page_that_cannot_be_read_is_all_that_is_complained_about(int levels, int fan, bool repeating)
    {
        var tree = new MadeTree(levels, fan, repeating);
        for (uint number = 1; number <= tree.Pages.LastPage.Value; number++)
        {
            byte[] sound = tree.Pages[new(number)].ToArray();
            tree.Pages[new(number)].Slice(50, 100).Fill(0xEE);
            var finding = Assert.Single(tree.Check());
            Assert.Equal((EseError.ReadVerifyFailure, new PageNumber(number)), (finding.Error, finding.Page));
            sound.CopyTo(tree.Pages[new(number)]);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_wrong_link_of_a_leaf_is_found_and_those_of_inner_pages_mean_nothing(int levels, int fan, bool repeating)
    {
        var tree = new MadeTree(levels, fan, repeating);
        for (uint number = 1; number <= tree.Pages.LastPage.Value; number++)
        {
            foreach (int offset in new[] { 16, 20 })
            {
                byte[] sound = tree.Pages[new(number)].ToArray();
                tree.Pages.Write32(new(number), offset, tree.Pages.LastPage.Value + 7);
                if (tree.Pages.View(new(number)).IsLeaf)
                    Assert.Equal(EseError.BadPageLink, Assert.Single(tree.Check()).Error);
                else
                    Assert.Empty(tree.Check());
                sound.CopyTo(tree.Pages[new(number)]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Swapped_children_at_any_level_are_found(int levels, int fan, bool repeating)
    {
        var tree = new MadeTree(levels, fan, repeating);
        for (uint n = 1; n <= tree.Pages.LastPage.Value; n++)
        {
            var number = new PageNumber(n);
            if (tree.Pages.View(number).IsLeaf)
                continue;
            byte[] sound = tree.Pages[number].ToArray();
            var (first, second) = (tree.Pages.Child(number, 0), tree.Pages.Child(number, 1));
            tree.Pages.SetChild(number, 0, second);
            tree.Pages.SetChild(number, 1, first);
            var findings = tree.Check();
            Assert.Contains(findings, finding => finding.Error == EseError.BadPageLink);
            Assert.Contains(findings, finding => finding.Message.Contains("belongs", StringComparison.Ordinal));
            sound.CopyTo(tree.Pages[number]);
        }

        Assert.Empty(tree.Check());
    }

    [Fact]
    public void A_leaf_at_another_level_is_found()
    {
        var tree = new MadeTree(3, 3);
        var inner = tree.Pages.Child(tree.Root, 1);
        tree.Pages.SetChild(tree.Root, 1, tree.Pages.Child(inner, 0));
        Assert.Contains(tree.Check(), finding => finding.Message.Contains("is a leaf at level", StringComparison.Ordinal));
    }
}
