namespace PipelineBackup.Ese;

/// <summary>
/// Undoes what open transactions did, when the logs are replayed: by the bookmarks of the nodes, since they may stand
/// on other pages than when they were changed.
/// </summary>
/// <remarks>
/// <code>
/// macros that are open           MacroAbort of each
/// sessions by number
///   levels from the innermost
///     changes, newest first      UndoInfo, when no log tells the old data yet
///                                Undo, then the page
///                                Rollback
/// </code>
/// <para>
/// A record is in the log before its page is changed, and must be on disk before the page is. Interrupted anywhere, the
/// records written so far are replayed next time: they undo the pages and forget the changes, and undo goes on. Old
/// data are logged although they are put back at once: the page that the change was made on may then be written while
/// the one that the node stands on now is not, and a rerun has the change of the one but not the old data for the other.
/// </para>
/// <para>
/// Definitions of tables are undone with the rows of the catalog; the space of a table that is no more stays its own.
/// </para>
/// </remarks>
/// <param name="versions">The changes.</param>
/// <param name="target">The database of a number; null for one that is left out.</param>
/// <param name="log">Takes the records.</param>
internal sealed class UndoPass(VersionStore versions, Func<byte, IUndoTarget?> target, IUndoLog log)
{
    private readonly LogRecordWriter _writer = new();
    private TreeCursor? _cursor;
    private IUndoTarget? _cursorTarget;

    /// <summary>
    /// Whether a page that has the dbtime of an undo already is left as it is: nothing was logged, and all of it happens
    /// again, in the same order, when replay begins anew.
    /// </summary>
    public bool IsRepeated { get; init; }

    /// <summary>How many changes were undone.</summary>
    public long Undone { get; private set; }

    /// <summary>Undoes everything that is open.</summary>
    /// <param name="sessions">The sessions.</param>
    /// <param name="macros">The macros.</param>
    /// <param name="between">
    /// Called between two changes, when caches may be trimmed; may end it by an exception.
    /// </param>
    /// <exception cref="EseException">
    /// -1917: a change cannot be undone, because its node is not found or its page is damaged.
    /// </exception>
    public void Run(RedoTransactions sessions, MacroSet macros, Action? between = null)
    {
        foreach (var macro in macros.Open)
        {
            _writer.Clear();
            _writer.Add(LogRecordType.MacroAbort, macro);
            log.Append(_writer.Written);
        }

        macros.Clear();
        foreach (var session in sessions.Sessions)
        {
            while (session.Level > 0)
                RollBackLevel(session, between);
        }
    }

    /// <summary>Undoes what the innermost transaction of a session changed; it is open still.</summary>
    /// <param name="session">The session.</param>
    /// <param name="between">Called between two changes; may end it by an exception.</param>
    /// <param name="undone">Called with the number of each change when it is undone.</param>
    /// <exception cref="EseException">-1917: a change cannot be undone.</exception>
    public void UndoLevel(RedoSession session, Action? between = null, Action<uint>? undone = null)
    {
        while (versions.TryNewest(session, out var version))
        {
            uint number = version.Version;
            if (target(version.Database) is { } database)
                Undo(session, version, database);
            session.Versions!.Forget(number);
            undone?.Invoke(number);
            between?.Invoke();
        }
    }

    private void RollBackLevel(RedoSession session, Action? between)
    {
        UndoLevel(session, between);
        _writer.Clear();
        _writer.Add(LogRecordType.Rollback, new TransactionRollback(session.Id, 1));
        log.Append(_writer.Written);
        session.RollBackTo(session.Level - 1);
    }

    private void Undo(RedoSession session, in VersionView version, IUndoTarget database)
    {
        try
        {
            var cursor = CursorOf(database);
            Find(cursor, version);
            var time = database.NextTime();
            if (IsRepeated && cursor.View.DbTime.CompareTo(time) >= 0)
                return;
            version.Inverse.Demand(cursor.View, cursor.Line);
            Apply(session, version, database, cursor, time);
        }
        catch (EseException e) when (e.Error is not (EseError.LogSequenceEnd or EseError.LogWriteFail
            or EseError.InstanceUnavailable))
        {
            throw new EseException(EseError.RollbackError,
                $"change {version.Version:x} of session {session.Id} in database {version.Database} cannot be undone: "
                + e.Message,
                "the database is damaged or does not belong to these logs: restore a backup");
        }
    }

    private void Apply(
        RedoSession session, in VersionView version, IUndoTarget database, TreeCursor cursor, DbTime time)
    {
        var body = version.Body;
        var change = new PageChange(session.Id, version.Database, cursor.Page, DbTime.Nil, DbTime.Nil,
            session.Transaction, (byte)session.Level, 0, body.Flags & ~PageChangeFlags.Versioned);
        if (version.IsUnlogged)
            LogOldData(version, new(change, version.Version, body.Root, body.Tree));

        change = change with
        {
            Time = time, TimeBefore = cursor.View.DbTime, Line = (ushort)cursor.Line,
        };
        _writer.Clear();
        _writer.Undo(new(change, version.Version, body.Root, body.Tree), body.Operation, (byte)session.Level,
            version.Key, version.BookmarkData);
        var editor = database.Edit(cursor.Page, log.Append(_writer.Written));
        version.Inverse.Apply(editor, cursor.Line);
        editor.SetTime(change.Time);
        Undone++;
    }

    private void LogOldData(in VersionView version, in NodeChange node)
    {
        bool isReplace = version.Body.Operation == NodeOperation.Replace;
        _writer.Clear();
        _writer.UndoInfo(node, version.Body.Operation, isReplace ? (short)version.Body.Offset : (short)0,
            version.Body.Growth, version.Key, version.BookmarkData, version.OldData);
        log.Append(_writer.Written);
    }

    /// <summary>Stands on the node of a change, deleted or not.</summary>
    private static void Find(TreeCursor cursor, in VersionView version)
    {
        // Anew each time: the page that the cursor has is not the one that was changed since.
        cursor.Open(version.Body.Root, version.Body.Tree);
        bool isFound = cursor.SeekAtLeast(version.Key, version.BookmarkData)
            && cursor.Key.SequenceEqual(version.Key)
            && (version.BookmarkData.IsEmpty || cursor.Data.SequenceEqual(version.BookmarkData));
        if (!isFound)
        {
            throw new EseException(EseError.RollbackError,
                $"tree {version.Body.Root}: there is no node of the key {Convert.ToHexString(version.Key)}");
        }
    }

    private TreeCursor CursorOf(IUndoTarget database)
    {
        if (_cursor is null || _cursorTarget != database)
            _cursor = new(database.Pages, PageNumber.None, default) { IncludesDeleted = true };
        _cursorTarget = database;
        return _cursor;
    }
}
