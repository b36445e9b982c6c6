namespace PipelineBackup.Ese;

/// <summary>What open transactions changed, so that it can be undone.</summary>
/// <remarks>
/// It also knows which pages are held: they show a change of an open transaction that a rerun of recovery could not
/// undo, because the old data stand in no log record. A held page must not reach the database file. When memory runs
/// short it goes to a scratch file; whoever writes pages asks <see cref="IsHeld"/> first.
/// </remarks>
internal sealed class VersionStore
{
    /// <summary>Whether a page must not reach the database file yet.</summary>
    /// <param name="database">Number of the database.</param>
    /// <param name="page">The page.</param>
    public bool IsHeld(byte database, PageNumber page) => throw new NotImplementedException();

    /// <summary>
    /// Nodes went from one page to another, in a split, a merge or a move: what holds the one holds the other too. To be
    /// called before the page could be written, for every pair of which the target was changed.
    /// </summary>
    /// <param name="database">Number of the database.</param>
    /// <param name="from">Where they were.</param>
    /// <param name="to">Where they are.</param>
    public void NodesMoved(byte database, PageNumber from, PageNumber to) => throw new NotImplementedException();

    /// <summary>A node was inserted: undone by flagging it deleted.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="node">The change, as logged.</param>
    /// <param name="version">Number of the version.</param>
    /// <param name="key">The whole key of the node.</param>
    /// <param name="bookmarkData">Its data where keys repeat; else nothing.</param>
    public void Inserted(RedoSession session, in NodeChange node, uint version, ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> bookmarkData) => throw new NotImplementedException();

    /// <summary>Data were replaced on a page that needed it: undone by putting the old data back. Holds the page.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="node">The change, as logged.</param>
    /// <param name="version">Number of the version.</param>
    /// <param name="key">The whole key of the node.</param>
    /// <param name="bookmarkData">Its data where keys repeat; else nothing.</param>
    /// <param name="oldData">What it held before.</param>
    /// <param name="page">The page that was changed: in a split perhaps not the one that the record names.</param>
    public void Replaced(RedoSession session, in NodeChange node, uint version, ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> bookmarkData, ReadOnlySpan<byte> oldData, PageNumber page) =>
        throw new NotImplementedException();

    /// <summary>A node was flagged deleted on a page that needed it: undone by clearing the flag. Holds the page.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="node">The change, as logged.</param>
    /// <param name="key">The whole key of the node.</param>
    /// <param name="bookmarkData">Its data where keys repeat; else nothing.</param>
    /// <param name="page">The page that was changed: in a split perhaps not the one that the record names.</param>
    public void FlagDeleted(RedoSession session, in NodeChange node, ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> bookmarkData, PageNumber page) => throw new NotImplementedException();

    /// <summary>A counter was moved: undone by moving it back.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="node">The change, as logged.</param>
    /// <param name="key">The whole key of the node.</param>
    /// <param name="bookmarkData">Its data where keys repeat; else nothing.</param>
    /// <param name="offset">Offset of the counter in the data.</param>
    /// <param name="delta">By how much.</param>
    /// <param name="is64Bit">Whether the counter has 64 bits.</param>
    public void Moved(RedoSession session, in NodeChange node, ReadOnlySpan<byte> key, ReadOnlySpan<byte> bookmarkData,
        int offset, long delta, bool is64Bit) => throw new NotImplementedException();

    /// <summary>A change whose page did not need it: a later record tells what to undo.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="version">Number of the version.</param>
    public void Deferred(RedoSession session, uint version) => throw new NotImplementedException();

    /// <summary>An UndoInfo: what a node held before a change, in the log from now on.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="record">The record.</param>
    public void UndoInfo(RedoSession session, in UndoInfoRecord record) => throw new NotImplementedException();

    /// <summary>A change is undone by a record: its version, which is then forgotten; false when there is none.</summary>
    /// <param name="session">The session of the record.</param>
    /// <param name="node">The change, as logged.</param>
    /// <param name="key">The whole key of the node.</param>
    /// <param name="bookmarkData">Its data where keys repeat; else nothing.</param>
    /// <param name="inverse">How to undo it; good until the store is next used.</param>
    public bool TryTake(RedoSession session, in NodeChange node, ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> bookmarkData, out InverseOperation inverse) => throw new NotImplementedException();
}
