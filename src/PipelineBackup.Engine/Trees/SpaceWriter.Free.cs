namespace PipelineBackup.Engine;

// Pages that come back.
internal sealed partial class SpaceWriter
{
    /// <summary>
    /// Gives pages of a tree back to its space. An extent that is all free goes back to the parent, unless the root is
    /// in it.
    /// </summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree; none of extents.</param>
    /// <param name="run">The pages, of one extent.</param>
    /// <exception cref="EseException">−341, −343: they are not the tree's, or free already.</exception>
    public void Free(ChangeOrigin origin, EngineTree tree, PageExtent run)
    {
        var header = Header(tree);
        if (!header.HasSpaceTrees)
        {
            FreeBits(origin, tree, header, run);
            return;
        }

        FillReserves(origin, tree, header);
        var owned = tree.OwnedExtents(header.OwnedRoot);
        var available = tree.AvailableExtents(header.AvailableRoot);
        if (!TryFirst(owned, run.Last, out var whole) || whole.Extent.First.CompareTo(run.First) > 0)
            throw new EseException(EseError.SPOwnExtCorrupted, $"tree {tree.Root}: {run} is freed, yet not owned");

        // Neighbours become one as long as they are of the same extent: extents never grow together.
        var extent = whole.Extent;
        bool hasLeft = TryBefore(available, run.First, out var left) && left.Extent.Last.Value == run.First.Value - 1
            && extent.Contains(left.Extent.Last);
        bool hasRight = TryFirst(available, run.First, out var right);
        if (hasRight && right.Extent.First.CompareTo(run.Last) <= 0)
            throw Corrupt(available, run, "is freed, yet free already");
        hasRight &= right.Extent.First.Value == run.Last.Value + 1 && extent.Contains(right.Extent.First);
        uint count = run.Count + (hasLeft ? left.Extent.Count : 0) + (hasRight ? right.Extent.Count : 0);
        bool isReturned = count == extent.Count && tree.Parent is not null && !extent.Contains(tree.Root);
        if (hasLeft)
            Remove(origin, available, left.Extent);
        if (isReturned)
        {
            if (hasRight)
                Remove(origin, available, right.Extent);
            Remove(origin, owned, extent);
            Free(origin, tree.Parent!, extent);
            return;
        }

        var last = hasRight ? right.Extent.Last : run.Last;
        Put(origin, available, new(last, count), isThere: hasRight);
    }

    private void FreeBits(ChangeOrigin origin, EngineTree tree, RootHeader header, PageExtent run)
    {
        uint bits = 0;
        for (uint page = run.First.Value; page <= run.Last.Value; page++)
        {
            uint bit = page - tree.Root.Value - 1;
            if (bit >= header.Pages - 1)
                throw new EseException(EseError.SPOwnExtCorrupted, $"tree {tree.Root}: {run} is freed, yet not owned");

            // What is behind the bitmap cannot be told free: it stays without a use until the tree goes.
            bits |= bit < RootHeader.BitmapPages ? 1u << (int)bit : 0;
        }

        if ((header.FreeBitmap & bits) != 0)
            throw Corrupt(tree, run, "is freed, yet free already");
        SetHeader(origin, tree, header.With(header.Pages, header.Parent, header.Flags, header.FreeBitmap | bits));
    }

    /// <summary>Gives all pages of a tree, and of trees below it, back to where its space came from.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree; neither of extents nor page 1.</param>
    /// <param name="deletedBy">The transaction that deleted it.</param>
    public void DeleteTree(ChangeOrigin origin, EngineTree tree, TransactionId deletedBy)
    {
        const byte Table = 1, Index = 2;
        var parent = tree.Parent ?? throw new ArgumentException("page 1 has no parent", nameof(tree));
        var extents = OwnedBy(tree);
        if (EngineFormat.LogsFreedTrees(_editor.LogVersion))
        {
            _editor.Records.Clear();
            _editor.Records.Add<TreeRelease>(
                LogRecordType.FreeTree, new(_editor.Slot, tree.Root, deletedBy, parent.Parent is null ? Table : Index));
            _editor.Note();
        }

        foreach (var extent in extents)
        {
            Free(origin, parent, extent);
            if (!EngineFormat.LogsFreedExtents(_editor.LogVersion))
                continue;
            _editor.Records.Clear();
            _editor.Records.Add<TimedExtentRelease>(LogRecordType.ExtentFreed2,
                new(new(_editor.Slot, extent.First, extent.Count, 0), _editor.LastTime));
            _editor.Commit(origin);
        }
    }

    /// <summary>The extents that a tree owns, in order.</summary>
    /// <param name="tree">The tree.</param>
    public List<PageExtent> OwnedBy(EngineTree tree)
    {
        var header = Header(tree);
        if (!header.HasSpaceTrees)
            return [PageExtent.From(tree.Root, header.Pages)];
        var found = new List<PageExtent>();
        var owned = tree.OwnedExtents(header.OwnedRoot);
        for (bool more = TryFirst(owned, default, out var place); more; more = TryNext(owned, ref place))
            found.Add(place.Extent);
        return found;
    }
}
