using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Redo of the records that change one page, in its plainest form: what versions and undo need to be tested.</summary>
internal sealed class PlainRedo(UndoneDatabase database, VersionStore versions)
{
    public RedoTransactions Transactions { get; } = new();

    public MacroSet Macros { get; } = new();

    public void Apply(byte[] bytes)
    {
        var record = RecordMaker.View(bytes);
        if (Transactions.TryApply(record))
            return;
        if (record.Type is LogRecordType.MacroBegin or LogRecordType.MacroCommit or LogRecordType.MacroAbort)
        {
            Bracket(record);
            return;
        }

        var session = Transactions.Session(record.Page.Session);
        if (!session.HasBegun || Macros.TryAdd(session, record))
        {
            database.Time = Math.Max(database.Time, record.Page.Time.Value);
            return;
        }

        if (record.Type == LogRecordType.UndoInfo)
        {
            versions.UndoInfo(session, record.AsUndoInfo());
            return;
        }

        database.Time = Math.Max(database.Time, record.Page.Time.Value);
        var page = record.Page.Page;
        bool isNeeded = Needs(page, record.Page.TimeBefore, record.Page.Time);
        Change(session, record, isNeeded);
        if (isNeeded)
            database.Editor(page).SetTime(record.Page.Time);
    }

    private void Bracket(in LogRecordView record)
    {
        var session = Transactions.Session(record.Body<MacroBracket>().Session);
        if (record.Type == LogRecordType.MacroBegin)
            Macros.Begin(session, record);
        else if (record.Type == LogRecordType.MacroAbort)
            Macros.Abort(session, record);
        else if (Macros.Commit(session, record) is { } macro)
            Move(macro[0].AsMerge());
    }

    // The upper nodes of a page go to its right sibling: of the macros the one that moves nodes between any two pages.
    private void Move(MergeRecord record)
    {
        ref readonly var merge = ref record.Merge;
        var time = merge.Change.Time;
        bool needsSource = Needs(merge.Change.Page, merge.Change.TimeBefore, time);
        if (Needs(merge.Right, merge.RightBefore, time))
        {
            byte[] image = needsSource ? database.View(merge.Change.Page).Bytes.ToArray() : record.Image.ToArray();
            var source = new PageView(image);
            var target = database.Editor(merge.Right);
            for (int line = source.NodeCount - 1; line >= merge.MergeLine; line--)
            {
                Assert.Equal(PageRule.None, source.Node(line, out var node));
                if (!node.IsDeleted)
                    Assert.True(target.TryInsert(0, node.KeyToArray(), 0, node.Data, node.Flags));
            }

            target.SetTime(time);
        }

        if (needsSource)
        {
            var source = database.Editor(merge.Change.Page);
            for (int line = source.View.NodeCount - 1; line >= merge.MergeLine; line--)
                source.Delete(line);
            source.SetTime(time);
        }

        if (!Needs(merge.Parent, merge.ParentBefore, time))
            return;
        var root = database.Editor(merge.Parent);
        int child = (int)(merge.Change.Page.Value - UndoneDatabase.Leaf(0).Value);
        root.Delete(child);
        Assert.True(root.TryInsert(
            child, record.ParentKey, 0, BitConverter.GetBytes(merge.Change.Page.Value), LineFlags.None));
        root.SetTime(time);
    }

    private bool Needs(PageNumber page, DbTime before, DbTime after)
    {
        var time = database.View(page).DbTime;
        if (time.CompareTo(after) >= 0)
            return false;
        Assert.Equal(before, time);
        return true;
    }

    private void Change(RedoSession session, in LogRecordView record, bool isNeeded)
    {
        switch (record.Type)
        {
            case LogRecordType.Insert:
                var insert = record.AsInsert();
                if (isNeeded)
                {
                    Assert.True(database.Editor(record.Page.Page).TryInsert(
                        record.Page.Line, insert.Key, 0, insert.Data, LineFlags.Versioned));
                }

                versions.Inserted(session, record.Node, record.Node.Version, insert.Key,
                    database.IsUnique ? [] : insert.Data);
                break;
            case LogRecordType.FlagInsertReplace:
                var again = record.AsFlagInsert();
                versions.Inserted(session, record.Node, record.Node.Version, again.Key, []);
                Replace(session, record, again.ReplaceVersion, again.Data, isNeeded);
                if (isNeeded)
                    database.Editor(record.Page.Page).SetLineFlags(record.Page.Line, LineFlags.Versioned);
                break;
            case LogRecordType.Replace:
                Replace(session, record, record.Node.Version, record.AsReplace().Data, isNeeded);
                break;
            case LogRecordType.FlagDelete:
                FlagDelete(session, record, isNeeded);
                break;
            case LogRecordType.Delta:
                Move(session, record, isNeeded);
                break;
            default:
                Undo(session, record, isNeeded);
                break;
        }
    }

    private void Replace(
        RedoSession session, in LogRecordView record, uint version, ReadOnlySpan<byte> data, bool isNeeded)
    {
        if (!isNeeded)
        {
            versions.Deferred(session, version);
            return;
        }

        var editor = database.Editor(record.Page.Page);
        Assert.Equal(PageRule.None, editor.View.Node(record.Page.Line, out var node));
        versions.Replaced(
            session, record.Node, version, node.KeyToArray(), [], node.Data, record.Page.Page);
        Assert.True(editor.TryReplaceData(record.Page.Line, data));
    }

    private void FlagDelete(RedoSession session, in LogRecordView record, bool isNeeded)
    {
        if (!isNeeded)
        {
            versions.Deferred(session, record.Node.Version);
            return;
        }

        var editor = database.Editor(record.Page.Page);
        Assert.Equal(PageRule.None, editor.View.Node(record.Page.Line, out var node));
        versions.FlagDeleted(session, record.Node, node.KeyToArray(), database.IsUnique ? [] : node.Data.ToArray(),
            record.Page.Page);
        editor.SetLineFlags(record.Page.Line, node.Flags | LineFlags.Deleted);
    }

    private void Move(RedoSession session, in LogRecordView record, bool isNeeded)
    {
        var delta = record.AsDelta();
        versions.Moved(session, record.Node, delta.BookmarkKey, delta.BookmarkData, delta.Offset, delta.Delta, false);
        if (!isNeeded)
            return;
        var editor = database.Editor(record.Page.Page);
        Assert.Equal(PageRule.None, editor.View.Node(record.Page.Line, out var node));
        byte[] data = node.Data.ToArray();
        var counter = data.AsSpan(delta.Offset);
        BinaryPrimitives.WriteInt32LittleEndian(
            counter, BinaryPrimitives.ReadInt32LittleEndian(counter) + (int)delta.Delta);
        Assert.True(editor.TryReplaceData(record.Page.Line, data));
    }

    private void Undo(RedoSession session, in LogRecordView record, bool isNeeded)
    {
        var undo = record.AsUndo();
        bool isKnown = versions.TryTake(session, record.Node, undo.BookmarkKey, undo.BookmarkData, out var inverse);
        if (!isNeeded)
            return;
        Assert.True(isKnown);
        Assert.Equal(undo.Operation, inverse.Operation);
        inverse.Apply(database.Editor(record.Page.Page), record.Page.Line);
    }
}
