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
        if (record.Type is LogRecordType.MacroBegin or LogRecordType.MacroAbort)
        {
            var bracket = Transactions.Session(record.Body<MacroBracket>().Session);
            if (record.Type == LogRecordType.MacroBegin)
                Macros.Begin(bracket, record);
            else
                Macros.Abort(bracket, record);
            return;
        }

        Assert.True(record.IsNodeChange);
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
        bool isNeeded = database.View(page).DbTime.CompareTo(record.Page.Time) < 0;
        if (isNeeded)
            Assert.Equal(record.Page.TimeBefore, database.View(page).DbTime);
        Change(session, record, isNeeded);
        if (isNeeded)
            database.Editor(page).SetTime(record.Page.Time);
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
