namespace PipelineBackup.Engine;

// Merges: what becomes of the pages above the leaf, one macro from the root down.
internal sealed partial class TreeWriter
{
    private readonly MergePlan _merge = new();

    /// <summary>
    /// Plans what becomes of the pages above a leaf that goes. Its range goes to the neighbour on the right, whose
    /// separator bounds it above; with nobody there, to the one on the left; of a merge to the left, to that.
    /// </summary>
    /// <returns>False when a page above cannot take part.</returns>
    private bool PlanAbove(TreePath path, PageView page)
    {
        if (_merge.Type == MergeType.EmptyPage)
            (_merge.Size, _merge.MergeLine, _merge.HeldTarget) = (0, 0, 0);
        _merge.Separator = [];
        int level = path.Depth - 1;
        if (_merge.Type == MergeType.FullLeft)
        {
            _merge[level] = MergeFlags.KeyChange | MergeFlags.DeleteNode;
            _merge.Topmost = level;
            return true;
        }

        // A key changes all the way up, as long as the page below was left by its last line.
        for (bool hasKey = false; level >= 0; level--)
        {
            var (number, line) = path[level];
            var inner = Editor.View(number);
            bool isLast = line == inner.NodeCount - 1;
            _merge.Topmost = level;
            if (hasKey)
            {
                if (!HasRoomForKey(inner, line, _merge.Separator))
                    return false;
                _merge[level] = MergeFlags.KeyChange;
                if (!isLast)
                    return true;
            }
            else if (inner.NodeCount == 1)
            {
                // The last page of a level ends with an empty key: the one before would have to get it as well.
                if (NodeSearch.Node(inner, line).HasEmptyKey)
                    return false;
                _merge[level] = MergeFlags.EmptyPage;
            }
            else
            {
                _merge[level] = MergeFlags.DeleteNode;
                if (!isLast)
                    return true;
                _merge.Separator = NodeSearch.Node(inner, line - 1).KeyToArray();
                hasKey = true;
                if (NodeSearch.Node(inner, line).HasEmptyKey)
                    return true;
            }
        }

        return false;
    }

    private static bool HasRoomForKey(PageView page, int line, ReadOnlySpan<byte> key)
    {
        int borrowed = Borrowed(page, key), length = (borrowed > 0 ? 4 : 2) + key.Length - borrowed + 4;
        return length - page.Tag(line + page.ReservedTags).Length <= page.FreeBytes;
    }

    private void LogMerge(ChangeOrigin origin, EngineTree tree, TreePath path)
    {
        Span<PageNumber> pages = stackalloc PageNumber[TreeCursor.MaxDepth + 3];
        Span<PageNumber> freed = stackalloc PageNumber[TreeCursor.MaxDepth + 1];
        int count = 0, empty = 0;
        var time = Editor.NextTime();
        Editor.BeginMacro(origin, time);
        var parent = PageNumber.None;
        for (int level = _merge.Topmost; level < path.Depth; level++)
        {
            var (page, line) = path[level];
            LogInner(origin, tree, page, line, parent, _merge[level], time);
            if (_merge[level] == MergeFlags.EmptyPage)
                freed[empty++] = page;
            parent = pages[count++] = page;
        }

        var leaf = Editor.View(path.Leaf);
        pages[count++] = freed[empty++] = path.Leaf;
        if (leaf.Previous != PageNumber.None)
            pages[count++] = leaf.Previous;
        if (leaf.Next != PageNumber.None)
            pages[count++] = leaf.Next;
        LogLeaf(origin, tree, path, parent, time);
        Editor.CommitMacro(origin, time, pages[..count]);
        while (empty > 0)
            Space.Free(origin, tree, new(freed[--empty], 1));
    }

    private void LogInner(ChangeOrigin origin, EngineTree tree, PageNumber page, int line, PageNumber parent,
        MergeFlags flags, DbTime time)
    {
        var change = Editor.Change(origin, tree, page, Editor.View(page).DbTime, time, line);
        Editor.Records.Merge(
            new(change, default, DbTime.Nil, default, DbTime.Nil, parent, Before(parent), tree.RecordRoot,
                tree.ObjectId, 0, 0, 0, 0, flags, MergeType.None),
            [], BeforeImageFlags.None, []);
        Editor.Member();
    }

    private void LogLeaf(ChangeOrigin origin, EngineTree tree, TreePath path, PageNumber parent, DbTime time)
    {
        var number = path.Leaf;
        var page = Editor.View(number);
        var merge = new MergeChange(
            Editor.Change(origin, tree, number, page.DbTime, time, path.Line), page.Next, Before(page.Next),
            page.Previous, Before(page.Previous), parent, Before(parent), tree.RecordRoot, tree.ObjectId,
            (short)_merge.Size, (short)_merge.Size, (short)_merge.HeldTarget, (ushort)_merge.MergeLine,
            MergeFlags.EmptyPage, _merge.Type);
        var image = _merge.Type == MergeType.EmptyPage
            ? Nothing(out var flags)
            : _image.Take(page, time, out flags);
        Editor.Records.Merge(merge, _merge.Separator, flags, image);
        Editor.Member();
    }

    private DbTime Before(PageNumber page) => page == PageNumber.None ? DbTime.Nil : Editor.View(page).DbTime;

    /// <summary>Makes a tree empty: its root becomes a leaf without nodes, all other pages go back.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree, of which every page has one node; none of extents.</param>
    private void EmptyTree(ChangeOrigin origin, EngineTree tree)
    {
        var emptied = new List<EmptiedPage>();
        var page = Editor.View(tree.Root);
        while (!page.IsLeaf)
        {
            var child = NodeSearch.Node(page, 0).Child;
            page = Editor.View(child);
            emptied.Add(new(page.DbTime, child, (uint)page.Flags));
        }

        var node = Editor.Begin(origin, tree, tree.Root, 0);
        Editor.Records.EmptyTree(node, emptied.ToArray());
        Editor.Commit(origin);
        for (int i = emptied.Count - 1; i >= 0; i--)
            Space.Free(origin, tree, new(emptied[i].Page, 1));
    }
}
