namespace PipelineBackup.Ese;

/// <summary>Redo of a split, from the topmost page that changes down to the leaf.</summary>
/// <remarks>
/// <code>
/// records, top down          what they do
/// page without new page      the separator of the next record goes in, the node behind it points to the new page
/// right                      the upper nodes go to the new page; so does or stays what made it necessary
/// append                     the new page takes the new node alone
/// vertical                   all nodes go to the new page, the root keeps one that points there
/// Insert, Replace, …         what made the split of the leaf necessary: its page is one of the two
/// </code>
/// Of an inner page what made it necessary is the separator of the next record.
/// </remarks>
internal sealed class RedoSplit(RedoContext context, MacroRecords records)
{
    private readonly MacroPages _pages = new(context);
    private readonly List<SplitLevel> _levels = [];
    private int _operation;

    /// <summary>Redoes it.</summary>
    public void Apply()
    {
        for (int i = 0; i < records.Count; i++)
        {
            if (records[i].Type != LogRecordType.Split)
                break;
            _levels.Add(Open(i));
        }

        RequireOperation();
        foreach (var level in _levels)
            level.Source = FindSource(level);
        for (int i = 0; i < _levels.Count; i++)
            Change(_levels[i], i + 1 < _levels.Count ? _levels[i + 1] : null);
        _pages.Finish();
        MakeVersions();
    }

    private SplitLevel Open(int index)
    {
        var record = records[index];
        ref readonly var split = ref record.AsSplit().Split;
        bool follows = _levels.Count == 0
            ? split.Parent == PageNumber.None
            : split.Parent == Above.Split.Change.Page && split.Tree == Above.Split.Tree;
        if (!follows || split.Change.Database != records[0].Page.Database)
            throw RedoMacro.Contradiction(record, "is no level of the split above it");
        var level = new SplitLevel(records, index);
        level.RequireSound();
        level.Page = _pages.Change(record, split.Change.Page, split.Change.TimeBefore);
        if (!level.Splits)
            return level;
        level.New = _pages.Create(record, split.New);
        level.Right = _pages.Change(record, split.Right, split.RightBefore);
        return level;
    }

    private SplitLevel Above => _levels[^1];

    // Behind the levels stands what made the split of the last one necessary, or nothing.
    private void RequireOperation()
    {
        _operation = _levels.Count;
        for (int i = 0; i < _levels.Count - 1; i++)
        {
            var (level, below) = (_levels[i], _levels[i + 1]);
            // Behind the separator there always is the node that it parts.
            bool takes = below.Splits && !below.Record.AsSplit().ParentKey.IsEmpty
                && (!level.Splits || level.TakesSeparator);
            if (!takes && (below.Splits || level.Splits))
                throw RedoMacro.Contradiction(below.Record, "has no parent that takes its separator");
        }

        var last = Above;
        var operation = last.Splits ? last.Split.Operation : SplitOperation.None;
        int expected = _levels.Count + (operation == SplitOperation.None ? 0 : 1);
        if (records.Count != expected)
            throw RedoMacro.Contradiction(last.Record, $"is in a macro of {records.Count} records");
        if (operation == SplitOperation.None)
            return;
        var record = records[_operation];
        bool fits = operation switch
        {
            SplitOperation.Insert => record.Type == LogRecordType.Insert,
            SplitOperation.Replace => record.Type is LogRecordType.Replace or LogRecordType.ReplaceDifference,
            _ => record.Type == LogRecordType.FlagInsertReplace,
        };
        if (!fits || record.Page.Page != last.Split.Change.Page
            || record.Page.Database != last.Split.Change.Database)
            throw RedoMacro.Contradiction(record, "is not what made the split necessary");
    }

    private byte[]? FindSource(SplitLevel level)
    {
        if (!level.Splits || level.NeedsNoSource && (level.Page is null || level.Split.Type == SplitType.Append))
            return null;
        byte[]? source = level.Page is { } page ? MacroPages.Copy(page)
            : level.New is null ? null
            : _pages.Restore(level.Record, level.Split.Change.Page, level.Split.Tree,
                level.Record.AsSplit().Image, level.Record.AsSplit().ImageFlags);
        if (source is not null && new PageView(source).NodeCount != level.SourceLines)
        {
            throw RedoMacro.Unfit(level.Record, level.Split.Change.Page,
                $"has {new PageView(source).NodeCount} nodes instead of {level.SourceLines}");
        }

        return source;
    }

    private void Change(SplitLevel level, SplitLevel? below)
    {
        if (below is { Splits: false })
            below = null;
        if (!level.Splits)
        {
            if (level.Page is not null && below is not null)
                AddSeparator(level, below);
            return;
        }

        var node = below is null ? OperationNode(level) : default;
        if (below is not null)
        {
            node = new(below.Record.AsSplit().ParentKey.ToArray(), MacroPages.Bytes(below.Split.Change.Page),
                LineFlags.None);
        }

        if (level.New is { } made)
            Make(level, made, node);

        if (level.Page is { } page)
            Keep(level, page, node);
        if (level.Right is { } right)
            right.Edit().SetPrevious(level.Split.New);
        if (below is not null)
            PointBehindSeparator(level, below);
    }

    private static void AddSeparator(SplitLevel level, SplitLevel below)
    {
        int line = level.Split.OperationLine;
        var page = level.Page!;
        MacroPages.Point(level.Record, page, line, below.Split.Change.Page, below.Split.New);
        MacroPages.Insert(level.Record, page, line, below.Record.AsSplit().ParentKey,
            MacroPages.Bytes(below.Split.Change.Page), LineFlags.None);
    }

    // The node behind a separator, on whichever page it is now.
    private static void PointBehindSeparator(SplitLevel level, SplitLevel below)
    {
        int line = level.Split.OperationLine + 1, first = level.FirstMoved;
        var page = line >= first ? level.New : level.Page;
        if (page is not null)
        {
            MacroPages.Point(level.Record, page, line >= first ? line - first : line,
                below.Split.Change.Page, below.Split.New);
        }
    }

    private static void Make(SplitLevel level, CachedPage made, SplitNode node)
    {
        ref readonly var split = ref level.Split;
        var editor = made.Edit();
        editor.Initialize(made.Number, split.Tree, (PageFlags)split.NewFlags & ~PageFlags.Root, split.Change.Time);
        int first = level.FirstMoved;
        if (split.PrefixLineNew >= 0)
            SetPrefix(level, made, level.KeyAt(first + split.PrefixLineNew, node));
        for (int line = first; line < split.Lines; line++)
            level.Put(made, line - first, line, node);
        if (made.View.IsLeaf)
            made.Edit().SetUncommittedFree(split.UncommittedFreeTarget);

        // Inner pages have no siblings.
        if (split.Type == SplitType.Vertical || !made.View.IsLeaf)
            return;
        made.Edit().SetPrevious(split.Change.Page);
        made.Edit().SetNext(split.Right);
    }

    private static void Keep(SplitLevel level, CachedPage page, SplitNode node)
    {
        ref readonly var split = ref level.Split;
        if (page.View.IsRoot != (split.Type == SplitType.Vertical))
            throw RedoMacro.Unfit(level.Record, page.Number, $"is split {split.Type}");
        if (split.Type == SplitType.Vertical)
        {
            for (int line = page.View.NodeCount - 1; line >= 0; line--)
                page.Edit().Delete(line);
            MacroPages.Insert(level.Record, page, 0, [], MacroPages.Bytes(split.New), LineFlags.None);
        }
        else if (split.Type == SplitType.Right)
        {
            page.Edit().Clear();
            SetPrefix(level, page, level.Record.AsSplit().NewPrefix);
            for (int line = 0; line < split.SplitLine; line++)
                level.Put(page, line, line, node);
        }

        // A tree that is being deleted goes on to be.
        var editor = page.Edit();
        const PageFlags Stays = PageFlags.Root | PageFlags.RootDeleted;
        editor.SetFlags(((PageFlags)split.SplitFlags & ~PageFlags.Root) | (page.View.Flags & Stays));
        if (page.View.IsLeaf || (split.NewFlags & (uint)PageFlags.Leaf) != 0)
            editor.SetUncommittedFree(split.UncommittedFreeSource);
        if (split.Type != SplitType.Vertical && editor.View.IsLeaf)
            editor.SetNext(split.New);
    }

    private static void SetPrefix(SplitLevel level, CachedPage page, ReadOnlySpan<byte> prefix)
    {
        if (!page.Edit().TrySetExternalHeader(prefix))
            throw RedoMacro.Unfit(level.Record, page.Number, "has no room for its prefix");
    }

    // What the leaf gets: key, data and marks of the node that made the split necessary.
    private SplitNode OperationNode(SplitLevel level)
    {
        if (level.Split.Operation == SplitOperation.None)
            return default;
        var record = records[_operation];
        var versioned = record.Page.Has(PageChangeFlags.Versioned) ? LineFlags.Versioned : LineFlags.None;
        if (record.Type == LogRecordType.Insert)
            return new(record.AsInsert().Key.ToArray(), record.AsInsert().Data.ToArray(), versioned);
        if (level.Source is null)
            return default;
        var old = level.SourceNode(level.Split.OperationLine);
        byte[] key = old.KeyToArray();
        if (record.Type == LogRecordType.FlagInsertReplace)
        {
            return new(key, record.AsFlagInsert().Data.ToArray(), (old.Flags & ~LineFlags.Deleted) | versioned,
                old.Data.ToArray());
        }

        return new(key, NewData(record, old.Data), old.Flags | versioned, old.Data.ToArray());
    }

    // Not ReplaceRecord.Apply: in a split the record has the length of the new data for that of the old too.
    private static byte[] NewData(in LogRecordView record, ReadOnlySpan<byte> oldData)
    {
        var replace = record.AsReplace();
        if (!replace.IsDifference)
            return replace.Data.ToArray();
        byte[] data = new byte[replace.NewLength];
        if (replace.Difference.Apply(oldData, data) != data.Length)
            throw RedoMacro.Contradiction(record, "makes less data than it says");
        return data;
    }

    private void MakeVersions()
    {
        var level = Above;
        if (_operation == records.Count || !records[_operation].Page.Has(PageChangeFlags.Versioned))
            return;
        var record = records[_operation];
        ref readonly var change = ref record.Node;
        bool repeats = !change.Change.Has(PageChangeFlags.Unique);
        if (record.Type == LogRecordType.Insert)
        {
            context.Versions.Inserted(context.Session, change, change.Version, record.AsInsert().Key,
                repeats ? record.AsInsert().Data : []);
            return;
        }

        bool flags = record.Type == LogRecordType.FlagInsertReplace;
        if (flags)
        {
            context.Versions.Inserted(context.Session, change, change.Version, record.AsFlagInsert().Key,
                repeats ? record.AsFlagInsert().Data : []);
        }

        // Where the page did not need the change, a later record tells what it held before.
        var page = level.Split.OperationLine >= level.FirstMoved ? level.New : level.Page;
        if (page is null)
            return;
        var node = OperationNode(level);
        context.Versions.Replaced(context.Session, change,
            flags ? record.AsFlagInsert().ReplaceVersion : change.Version, node.Key!, repeats ? node.Data : [],
            node.OldData, page.Number);
    }
}
