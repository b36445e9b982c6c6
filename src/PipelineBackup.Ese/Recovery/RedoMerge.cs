namespace PipelineBackup.Ese;

/// <summary>Redo of a merge, from the topmost page that changes down to the leaf.</summary>
/// <remarks>
/// <code>
/// the last record is the leaf's: its type says where its nodes go and whether it leaves the tree
/// full, empty page     the pages left and right of it become neighbours, the page becomes empty
/// partial              the nodes that went are gone, the separator in the parent changes
/// the records above are those of inner pages: a node goes, or gets another key
/// </code>
/// </remarks>
internal sealed class RedoMerge(RedoContext context, MacroRecords records)
{
    private readonly MacroPages _pages = new(context);
    private readonly List<MergeLevel> _levels = [];
    private byte[]? _source;

    /// <summary>Redoes it.</summary>
    public void Apply()
    {
        for (int i = 0; i < records.Count; i++)
            _levels.Add(Open(i));
        var leaf = _levels[^1];
        if (leaf.Merge.Type is MergeType.None or MergeType.EmptyTree or MergeType.PageMove or > MergeType.PageMove)
            throw RedoMacro.Contradiction(leaf.Record, $"is the last one of a merge of type {leaf.Merge.Type}");
        _source = FindSource(leaf);
        for (int i = 0; i < _levels.Count - 1; i++)
            ChangeInner(_levels[i], leaf);
        if (leaf.Target is { } target)
            Fill(leaf, target);
        foreach (var level in _levels)
            Unlink(level);
        _pages.Finish();
    }

    private MergeLevel Open(int index)
    {
        var record = records[index];
        if (record.Type != LogRecordType.Merge)
            throw RedoMacro.Contradiction(record, "is in a merge");
        ref readonly var merge = ref record.AsMerge().Merge;
        bool follows = _levels is not [.., var above]
            ? merge.Parent == PageNumber.None || records.Count == 1
            : merge.Parent == above.Merge.Change.Page && merge.Tree == above.Merge.Tree;
        if (!follows || merge.Change.Database != records[0].Page.Database)
            throw RedoMacro.Contradiction(record, "is no level of the merge above it");
        var level = new MergeLevel(records, index);
        level.RequireSound();
        level.Page = _pages.Change(record, merge.Change.Page, merge.Change.TimeBefore);
        level.Left = _pages.Change(record, merge.Left, merge.LeftBefore);
        level.Right = _pages.Change(record, merge.Right, merge.RightBefore);
        return level;
    }

    // The page as it was, where nodes are taken from it.
    private byte[]? FindSource(MergeLevel leaf)
    {
        if (leaf.Target is null)
            return null;
        var record = leaf.Record;
        byte[] source = leaf.Page is { } page ? MacroPages.Copy(page)
            : _pages.Restore(record, leaf.Merge.Change.Page, leaf.Merge.Tree,
                record.AsMerge().Image, record.AsMerge().ImageFlags);
        if (leaf.Merge.MergeLine >= new PageView(source).NodeCount)
            throw RedoMacro.Contradiction(record, $"moves line {leaf.Merge.MergeLine}, which is not there");
        return source;
    }

    private static void ChangeInner(MergeLevel level, MergeLevel leaf)
    {
        if (level.Page is not { } page || level.Has(MergeFlags.EmptyPage))
            return;
        int line = level.Merge.Change.Line;
        if (level.Has(MergeFlags.DeleteNode))
        {
            if (level.Has(MergeFlags.KeyChange) && leaf.Merge.Type == MergeType.FullLeft)
            {
                MacroPages.Point(level.Record, page, line, leaf.Merge.Change.Page, leaf.Merge.Left);
                line--;
            }

            Delete(level, leaf, page, line);
        }
        else if (level.Has(MergeFlags.KeyChange))
        {
            ChangeKey(level.Record, page, leaf.Merge.Type == MergeType.PartialLeft ? line - 1 : line,
                leaf.Record.AsMerge().ParentKey);
        }
    }

    private static void Delete(MergeLevel level, MergeLevel leaf, CachedPage page, int line)
    {
        int last = page.View.NodeCount - 1;
        if (line < 0 || line > last || last == 0)
            throw RedoMacro.Unfit(level.Record, page.Number, $"has no line {line} to take out");
        page.Edit().Delete(line);

        // The last node of a level has no key: it takes all that is behind the others.
        if (line == last && leaf.Merge.Right == PageNumber.None)
            ChangeKey(level.Record, page, last - 1, []);
    }

    private static void ChangeKey(in LogRecordView record, CachedPage page, int line, ReadOnlySpan<byte> key)
    {
        var node = MacroPages.Node(record, page.View, page.Number, line);
        if (key.IsEmpty && line != page.View.NodeCount - 1)
            throw RedoMacro.Unfit(record, page.Number, $"gets no key at line {line}");
        var (data, flags) = (node.Data.ToArray(), node.Flags);
        page.Edit().Delete(line);
        MacroPages.Insert(record, page, line, key, data, flags);
    }

    // Deleted nodes stay behind: what was moved was what had versions, and replay knows none.
    private void Fill(MergeLevel leaf, CachedPage target)
    {
        var record = leaf.Record;
        var source = new PageView(_source);
        int to = leaf.GoesRight ? 0 : target.View.NodeCount;
        for (int line = leaf.FirstMoved; line < leaf.EndMoved(source); line++)
        {
            var node = MacroPages.Node(record, source, leaf.Merge.Change.Page, line);
            if (!node.IsDeleted)
                MacroPages.Insert(record, target, to++, node.KeyToArray(), node.Data, node.Flags);
        }

        target.Edit().SetUncommittedFree(leaf.Merge.UncommittedFreeTarget);
    }

    private static void Unlink(MergeLevel level)
    {
        if (level.Page is { } page)
        {
            if (level.Has(MergeFlags.EmptyPage) || level.LeavesTree)
            {
                if (page.View.IsRoot)
                    throw RedoMacro.Unfit(level.Record, page.Number, "is a root and cannot leave its tree");
                MacroPages.Empty(page);
            }
            else if (level.MovesNodes)
            {
                for (int line = level.EndMoved(page.View) - 1; line >= level.FirstMoved; line--)
                    page.Edit().Delete(line);
            }
        }

        if (!level.LeavesTree)
            return;
        level.Left?.Edit().SetNext(level.Merge.Right);
        level.Right?.Edit().SetPrevious(level.Merge.Left);
    }
}
