namespace PipelineBackup.Engine;

/// <summary>Whether a node that is flagged deleted is still needed by someone.</summary>
/// <param name="key">Its key.</param>
/// <param name="data">Its data.</param>
internal delegate bool NodeIsNeeded(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data);

// Nodes that nobody needs any more go, and with them pages that are (nearly) empty.
internal sealed partial class TreeWriter
{
    // A page is merged when less of it is in use, in percent.
    private const int MostToMerge = 40;

    /// <summary>
    /// Takes a node out that is flagged deleted, with all others of its page that nobody needs; merges the page with a
    /// neighbour when little is left, gives it back when nothing is.
    /// </summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree; none of extents.</param>
    /// <param name="key">Key of the node.</param>
    /// <param name="data">Its data where keys may repeat.</param>
    /// <param name="isNeeded">Tells which deleted nodes stay; null when nobody needs any.</param>
    /// <returns>How many nodes went.</returns>
    public int CleanUp(ChangeOrigin origin, EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data,
        NodeIsNeeded? isNeeded = null)
    {
        var path = RentPath();
        try
        {
            path.Descend(Editor, tree, key, data);
            int gone = DeleteNodes(origin, tree, path.Leaf, isNeeded);
            bool isRoot = path.Depth == 0;
            if (!isRoot && TryMerge(origin, tree, path, isNeeded, out bool wasEmpty))
                gone += wasEmpty ? 1 : 0;
            return gone;
        }
        finally
        {
            _paths.Push(path);
        }
    }

    /// <summary>Merges a leaf away, however much of it is in use, when pages around it have room.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree; none of extents.</param>
    /// <param name="key">Key of a node of the leaf.</param>
    /// <param name="data">Its data where keys may repeat.</param>
    /// <param name="type">How: empty page, full right, full left.</param>
    /// <returns>False when there is no room.</returns>
    internal bool Merge(ChangeOrigin origin, EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data,
        MergeType type)
    {
        var path = RentPath();
        path.Descend(Editor, tree, key, data);
        var page = Editor.View(path.Leaf);
        _merge.Type = type;
        bool isMerged = path.Depth > 0
            && (type == MergeType.EmptyPage
                || Fits(tree, page, type == MergeType.FullRight ? page.Next : page.Previous, type))
            && PlanAbove(path, page);
        _paths.Push(path);
        if (isMerged)
            LogMerge(origin, tree, path);
        return isMerged;
    }

    // Of a page below others one node stays: an empty page is in no tree.
    private int DeleteNodes(ChangeOrigin origin, EngineTree tree, PageNumber leaf, NodeIsNeeded? isNeeded)
    {
        int gone = 0;
        for (int line = Editor.View(leaf).NodeCount - 1; line >= 0; line--)
        {
            var page = Editor.View(leaf);
            if (page.NodeCount == 1 && !page.IsRoot)
                break;
            if (!IsGone(page, line, isNeeded))
                continue;
            DeleteLine(origin, tree, leaf, line);
            gone++;
        }

        return gone;
    }

    private void DeleteLine(ChangeOrigin origin, EngineTree tree, PageNumber leaf, int line)
    {
        var node = Editor.Begin(origin, tree, leaf, line);
        Editor.Records.Add(LogRecordType.Delete, node);
        Editor.Commit(origin);
    }

    private static bool IsGone(PageView page, int line, NodeIsNeeded? isNeeded)
    {
        var node = NodeSearch.Node(page, line);
        return node.IsDeleted && (isNeeded is null || !isNeeded(node.KeyToArray(), node.Data));
    }

    /// <summary>Takes a node of a tree of extents out; the last one of a page is flagged deleted and stays.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="extents">The tree.</param>
    /// <param name="key">Key of the node.</param>
    /// <returns>False when there is no such node.</returns>
    internal bool RemoveExtent(ChangeOrigin origin, EngineTree extents, ReadOnlySpan<byte> key)
    {
        var path = RentPath();
        bool isThere = Find(extents, path, key, []);
        if (isThere)
        {
            bool isLast = Editor.View(path.Leaf).NodeCount == 1;
            var node = Editor.Begin(origin, extents, path.Leaf, path.Line);
            Editor.Records.Add(isLast ? LogRecordType.FlagDelete : LogRecordType.Delete, node);
            Editor.Commit(origin);
        }

        _paths.Push(path);
        return isThere;
    }

    private bool TryMerge(
        ChangeOrigin origin, EngineTree tree, TreePath path, NodeIsNeeded? isNeeded, out bool wasEmpty)
    {
        var page = Editor.View(path.Leaf);
        wasEmpty = page.NodeCount == 0 || (page.NodeCount == 1 && IsGone(page, 0, isNeeded));
        if (wasEmpty && page.Previous == PageNumber.None && page.Next == PageNumber.None)
        {
            EmptyTree(origin, tree);
            return true;
        }

        if (wasEmpty)
            _merge.Type = MergeType.EmptyPage;
        else if (!PlanMove(tree, path, page))
            return false;
        if (!PlanAbove(path, page))
            return false;
        LogMerge(origin, tree, path);
        return true;
    }

    private bool PlanMove(EngineTree tree, TreePath path, PageView page)
    {
        int used = page.DataBytes - page.FreeBytes;
        if (used * 100L > page.DataBytes * (long)MostToMerge)
            return false;

        // A node that is flagged deleted does not move; whoever needs it could not find it any more.
        for (int line = 0; line < page.NodeCount; line++)
        {
            if (NodeSearch.Node(page, line).IsDeleted)
                return false;
        }

        return Fits(tree, page, page.Next, MergeType.FullRight)
            || (path[path.Depth - 1].Line > 0 && page.Next != PageNumber.None
                && Fits(tree, page, page.Previous, MergeType.FullLeft));
    }

    private bool Fits(EngineTree tree, PageView page, PageNumber neighbour, MergeType type)
    {
        if (neighbour == PageNumber.None)
            return false;
        var target = Editor.View(neighbour);
        int size = 0, room = 0;
        for (int line = 0; line < page.NodeCount; line++)
        {
            var node = NodeSearch.Node(page, line);
            int plain = 2 + node.KeyLength + node.Data.Length + PageView.TagBytes;
            int shared = SplitLines.Common(target.PrefixKey, [], node.KeyHead, node.KeyTail);
            size += plain;
            room += shared > 2 ? plain - shared + 2 : plain;
        }

        int held = Editor.HeldBack(page), heldTarget = Editor.HeldBack(target);
        if (room + held + heldTarget + page.DataBytes * (100 - tree.Density) / 100 > target.FreeBytes)
            return false;
        _merge.Type = type;
        _merge.Size = size;
        _merge.MergeLine = type == MergeType.FullLeft ? page.NodeCount - 1 : 0;
        _merge.HeldTarget = held + heldTarget;
        return true;
    }
}
