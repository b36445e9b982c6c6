using PipelineBackup.Ese.Tests.Headers;

namespace PipelineBackup.Ese.Tests.Trees;

/// <summary>Cursors over the trees of real databases.</summary>
public sealed class TreeCursorTests
{
    private static readonly PageNumber s_catalog = new(4);

    public static TheoryData<string> Sets => ["clean-4096", "clean-32768"];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Every_tree_reads_the_same_forwards_and_backwards(string set)
    {
        var file = MemoryPages.Golden(set);
        int trees = 0, nodes = 0;
        foreach (var (root, id) in file.Roots())
        {
            var cursor = new TreeCursor(file, root, id);
            var forward = Walk(cursor, c => c.MoveNext());
            Assert.False(cursor.IsOnNode);
            var backward = Walk(cursor, c => c.MovePrevious());
            Assert.False(cursor.IsOnNode);
            backward.Reverse();
            Assert.Equal(forward, backward);
            trees++;
            nodes += forward.Count;
        }

        Assert.InRange(trees, 20, int.MaxValue);
        Assert.InRange(nodes, 2000, int.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Every_key_is_found_and_what_lies_between_leads_to_the_next(string set)
    {
        var file = MemoryPages.Golden(set);
        foreach (var (root, id) in file.Roots())
        {
            var cursor = new TreeCursor(file, root, id);
            var all = Walk(cursor, c => c.MoveNext());
            for (int i = 0; i < all.Count; i++)
            {
                var (page, line, key, data) = all[i];
                byte[] sought = Convert.FromHexString(key), more = Convert.FromHexString(data);
                Assert.True(cursor.Seek(sought));
                Assert.True(cursor.SeekPrefix(sought));
                Assert.True(i > 0 && all[i - 1].Key == key || (cursor.Page.Value, cursor.Line) == (page, line));
                Assert.True(cursor.SeekAtLeast(sought, more));
                Assert.Equal((page, line), (cursor.Page.Value, cursor.Line));

                // Key, then data, in one string: what lies just behind a node leads to the next.
                bool isLast = i == all.Count - 1;
                Assert.Equal(!isLast, cursor.SeekAtLeast(sought, [.. more, 0]));
                Assert.Equal(isLast ? (0, 0) : (all[i + 1].Page, all[i + 1].Line), (cursor.Page.Value, cursor.Line));
                if (sought.Length > 1)
                    Assert.True(cursor.SeekPrefix(sought.AsSpan(0, sought.Length - 1)));
            }
        }
    }

    [Fact]
    public void A_key_that_is_not_there_is_not_found()
    {
        var cursor = Catalog(MemoryPages.Golden("clean-4096"));
        Assert.False(cursor.Seek([0xFF]));
        Assert.False(cursor.IsOnNode);
        Assert.True(cursor.MovePrevious());
        byte[] last = cursor.Key.ToArray();
        Assert.False(cursor.Seek([]));
        Assert.True(cursor.IsOnNode);
        byte[] first = cursor.Key.ToArray();
        Assert.False(cursor.MovePrevious());
        Assert.True(cursor.MoveNext());
        Assert.Equal(first, cursor.Key);
        Assert.True(cursor.Seek(last));
        Assert.False(cursor.MoveNext());
        Assert.False(cursor.MoveNext());
        Assert.True(cursor.MoveLast());
        Assert.Equal(last, cursor.Key);
        Assert.False(cursor.SeekPrefix([0x7F, 0x7F]));
    }

    [Fact]
    public void A_key_may_be_sought_by_the_cursor_s_own_view_of_it()
    {
        var cursor = Catalog(MemoryPages.Golden("clean-4096"));
        Assert.True(cursor.MoveLast());
        Assert.True(cursor.Seek(cursor.Key));
        Assert.False(cursor.MoveNext());
    }

    [Fact]
    public void Deleted_nodes_are_passed_over_unless_asked_for()
    {
        var file = MemoryPages.Golden("clean-4096");
        var cursor = Catalog(file);
        var all = Walk(cursor, c => c.MoveNext());
        var (page, line, key, _) = all[all.Count / 2];
        file.Change(new(page), p => p[p.Length - 4 * (line + 2) + 3] |= (byte)LineFlags.Deleted << 5);
        cursor.Open(cursor.Root, cursor.ObjectId);
        Assert.Equal(all.Where(n => n.Key != key), Walk(cursor, c => c.MoveNext()));
        Assert.False(cursor.Seek(Convert.FromHexString(key)));
        cursor.IncludesDeleted = true;
        Assert.True(cursor.Seek(Convert.FromHexString(key)));
        Assert.Equal(LineFlags.Deleted, cursor.Flags & LineFlags.Deleted);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Moving_along_allocates_nothing(string set)
    {
        var file = MemoryPages.Golden(set);
        var cursor = Catalog(file);
        long least = long.MaxValue;
        int nodes = 0;
        for (int attempt = 0; attempt < 10 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            nodes = 0;
            for (bool found = cursor.MoveFirst(); found; found = cursor.MoveNext())
                nodes += cursor.Key.Length > 0 && cursor.Data.Length > 0 ? 1 : 0;
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.InRange(nodes, 100, int.MaxValue);
        Assert.Equal(0, least);
    }

    [Fact]
    public void All_trees_of_the_corpus_can_be_walked()
    {
        PipelineBackup.Golden.GoldenSets.RequireCorpus();
        int trees = 0;
        foreach (string path in CorpusDatabases.All)
        {
            using var file = DatabaseFile.Open(path);
            if (file.Header.State != DatabaseState.CleanShutdown)
                continue;
            foreach (var (root, id) in MemoryPages.Load(path).Roots())
            {
                var cursor = new TreeCursor(file, root, id);
                int forward = Walk(cursor, c => c.MoveNext()).Count;
                Assert.Equal(forward, Walk(cursor, c => c.MovePrevious()).Count);
                trees++;
            }
        }

        Assert.InRange(trees, 100, int.MaxValue);
    }

    private static TreeCursor Catalog(IPageFile file) => new(file, s_catalog, new(2));

    private static List<(uint Page, int Line, string Key, string Data)> Walk(TreeCursor cursor, Func<TreeCursor, bool> move)
    {
        var nodes = new List<(uint, int, string, string)>();
        while (move(cursor))
        {
            nodes.Add((cursor.Page.Value, cursor.Line, Convert.ToHexStringLower(cursor.Key),
                Convert.ToHexStringLower(cursor.Data)));
        }

        return nodes;
    }
}
