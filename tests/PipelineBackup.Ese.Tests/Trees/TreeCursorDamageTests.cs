namespace PipelineBackup.Ese.Tests.Trees;

/// <summary>Links that lead astray: the cursor says so with the engine's number, and never goes round in circles.</summary>
public sealed class TreeCursorDamageTests
{
    private readonly MemoryPages _file = MemoryPages.Golden("clean-4096");
    private readonly TreeCursor _cursor;
    private readonly PageNumber _root, _parent, _leaf;

    public TreeCursorDamageTests()
    {
        var data = CatalogReader.Read(_file).Find("data");
        _cursor = new(_file, data.Root, data.ObjectId);
        _root = data.Root;
        _parent = _file.AboveLeaves(_root);
        _leaf = _file.Child(_parent, 1);
    }

    [Fact]
    public void A_root_of_another_tree_is_refused()
    {
        Expect(EseError.BadParentPageLink, new TreeCursor(_file, _root, new(4242)));
        Expect(EseError.DatabaseCorrupted, new TreeCursor(_file, _leaf, _cursor.ObjectId));
        Expect(EseError.PageNotInitialized, new TreeCursor(_file, new(630), _cursor.ObjectId));
        Expect(EseError.FileIOBeyondEOF, new TreeCursor(_file, new(639), _cursor.ObjectId));
        Expect(EseError.FileIOBeyondEOF, new TreeCursor(_file, PageNumber.None, _cursor.ObjectId));
    }

    [Fact]
    public void A_child_of_another_tree_is_refused()
    {
        _file.Write32(_file.Child(_parent, 0), 24, 4242);
        Expect(EseError.BadParentPageLink, _cursor);
    }

    [Fact]
    public void A_child_that_was_given_up_is_refused()
    {
        var first = _file.Child(_parent, 0);
        _file.Write32(first, 36, (uint)(_file.View(first).Flags | PageFlags.Empty));
        Expect(EseError.BadParentPageLink, _cursor);
    }

    [Fact]
    public void Levels_in_a_ring_end()
    {
        // A leaf becomes an inner page whose children are all itself.
        byte[] inner = _file[_parent].ToArray();
        _file.Change(_leaf, page => inner.CopyTo(page, 0));
        _file.Write32(_leaf, 36, (uint)(_file.View(_leaf).Flags & ~PageFlags.Root));
        for (int line = 0; line < _file.View(_leaf).NodeCount; line++)
            _file.SetChild(_leaf, line, _leaf);
        _file.SetChild(_parent, 0, _leaf);
        Expect(EseError.BadParentPageLink, _cursor);
        Assert.InRange(_file.Reads, TreeCursor.MaxDepth, 1000);
    }

    [Theory]
    [InlineData(24, 4242u)]
    [InlineData(16, 4242u)]
    [InlineData(36, 0xA80Au)]
    [InlineData(36, 0xA800u)]
    public void A_sibling_that_is_none_is_refused(int offset, uint value)
    {
        _file.Write32(_leaf, offset, value);
        Assert.True(_cursor.MoveFirst());
        Expect(EseError.BadPageLink, () =>
        {
            while (_cursor.MoveNext())
            {
            }
        });
        Assert.False(_cursor.IsOnNode);
        Assert.Equal((PageNumber.None, 0), (_cursor.Page, _cursor.Key.Length + _cursor.Data.Length));
    }

    [Fact]
    public void Leaves_in_a_ring_end_wherever_the_walk_begins()
    {
        Assert.True(_cursor.MoveLast());
        var last = _cursor.Page;
        Assert.True(_cursor.MoveFirst());
        var first = _cursor.Page;
        _file.Write32(last, 20, first.Value);
        _file.Write32(first, 16, last.Value);
        Expect(EseError.BadPageLink, _cursor);
        Expect(EseError.BadPageLink, () => _cursor.MoveLast());

        // From within there is no first leaf to notice at: the length of the file ends it.
        Assert.True(_cursor.SeekAtLeast([0x80]) || _cursor.SeekAtLeast([0x7F]));
        int before = _file.Reads;
        Expect(EseError.BadPageLink, () =>
        {
            while (_cursor.MoveNext())
            {
            }
        });
        Assert.InRange(_file.Reads - before, 10, (int)_file.LastPage.Value + 2);
    }

    [Fact]
    public void A_search_that_runs_past_the_last_separator_is_refused()
    {
        _file.Line(_root, _file.View(_root).NodeCount - 1)[0] = 1;
        _file.Seal(_root);
        Expect(EseError.DatabaseCorrupted, () => _cursor.SeekAtLeast([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));
        Assert.True(_cursor.MoveFirst());
    }

    [Fact]
    public void A_broken_node_is_refused()
    {
        _file.Depth = InspectionDepth.Basic;
        var first = _file.Child(_parent, 0);
        _file.Line(first, 1)[0] = 0xFF;
        _file.Line(first, 1)[1] = 0x1F;
        _file.Seal(first);
        Assert.True(_cursor.MoveFirst());
        Expect(EseError.DatabaseCorrupted, () => _cursor.MoveNext());
        Assert.False(_cursor.IsOnNode);
        Assert.True(_cursor.MoveNext());
    }

    private static void Expect(EseError error, TreeCursor cursor) => Expect(error, () => cursor.MoveFirst());

    private static void Expect(EseError error, Action action)
    {
        var e = Assert.Throws<EseException>(action);
        Assert.True(error == e.Error, $"{e.Error}, not {error}: {e.Message}");
    }
}
