namespace PipelineBackup.Engine;

// Trees that begin, or outgrow their first extent.
internal sealed partial class SpaceWriter
{
    /// <summary>Makes an empty tree.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="parent">The tree that its space comes from.</param>
    /// <param name="kind">Of index, long values, keys that may repeat; none for rows.</param>
    /// <param name="pages">Pages of its first extent.</param>
    /// <param name="hasSpaceTrees">Whether it gets trees of extents at once, which take two of the pages.</param>
    /// <returns>The tree.</returns>
    public EngineTree CreateTree(
        ChangeOrigin origin, EngineTree parent, PageFlags kind, uint pages, bool hasSpaceTrees = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pages, hasSpaceTrees ? 3u : 1u);
        var extent = TakeRun(origin, parent, parent.Root, pages, pages);
        var tree = new EngineTree(extent.First, _editor.NextObject(), kind, parent);
        var owned = new PageNumber(tree.Root.Value + 1);
        var available = new PageNumber(tree.Root.Value + 2);
        MakeReady(origin, tree.ObjectId, tree.Root);
        if (hasSpaceTrees)
        {
            MakeReady(origin, tree.ObjectId, owned);
            MakeReady(origin, tree.ObjectId, available);
        }

        _editor.Records.Clear();
        var change = _editor.Change(origin, tree, tree.Root, DbTime.Nil, _editor.NextTime());
        if (hasSpaceTrees)
        {
            _editor.Records.Add<MultipleExtentTreeCreation>(LogRecordType.CreateMultipleExtentTree,
                new(change, tree.ObjectId, owned, available, parent.Root, pages, (uint)tree.Kind));
        }
        else
        {
            _editor.Records.Add<SingleExtentTreeCreation>(LogRecordType.CreateSingleExtentTree,
                new(change, tree.ObjectId, parent.Root, pages, (uint)tree.Kind));
        }

        _editor.Commit(origin);
        return tree;
    }

    private void Convert(ChangeOrigin origin, EngineTree tree, RootHeader header, uint least)
    {
        // Two pages are the roots of the trees of extents.
        const uint Roots = 2;
        var parent = tree.Parent ?? throw new EseException(
            EseError.DatabaseCorrupted, "page 1 has no trees of extents");
        uint wanted = Math.Max(header.Pages, least + Roots);
        var extent = TakeRun(origin, parent, tree.Root, least + Roots, wanted);
        var available = new PageNumber(extent.First.Value + 1);
        MakeReady(origin, tree.ObjectId, extent.First);
        MakeReady(origin, tree.ObjectId, available);
        var page = _editor.View(tree.Root);
        var flags = page.Flags & (PageFlags.Index | PageFlags.LongValue | PageFlags.NonUniqueKeys
            | PageFlags.NewRecordFormat);
        _editor.Records.Clear();
        var change = _editor.Change(origin, tree, tree.Root, page.DbTime, _editor.NextTime());
        var conversion = new TreeConversion(change, tree.ObjectId, extent.First, available, parent.Root, extent.First,
            header.Pages, extent.Count);
        _editor.Records.Add<TreeConversion2>(
            LogRecordType.ConvertTree, new(conversion, FreeBits(header), (uint)flags));
        _editor.Commit(origin);
    }
}
