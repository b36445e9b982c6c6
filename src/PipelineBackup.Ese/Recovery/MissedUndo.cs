namespace PipelineBackup.Ese;

/// <summary>
/// Undoes, in the replay of a restore, what an earlier recovery did not: it rolled transactions back while a database
/// was missing, so its logs tell that they ended and not how the pages of that one became as before.
/// </summary>
/// <remarks>
/// <code>
/// engine dies, a.edb is lost ─► recovery without it: RecoveryUndo, Undo (of b.edb), Rollback ─► goes on ─► …
/// a.edb restored from a backup, rolled forward:      redo          redo             undo, here
/// </code>
/// Where nothing was missed the records have undone all before. Nothing is logged: a replay that begins anew does the
/// same in the same order, with the same dbtimes, and so passes over what it has done. Where a crash came between two pages,
/// one without the old data and one that was to get them back, it fails (−1917): then the database is restored anew.
/// </remarks>
/// <param name="versions">The changes.</param>
/// <param name="target">The database of a number; null for one that is left out.</param>
internal sealed class MissedUndo(VersionStore versions, Func<byte, IUndoTarget?> target)
{
    /// <summary>The innermost transaction of a session is rolled back by the next record.</summary>
    /// <param name="position">The position of that record.</param>
    /// <param name="session">The session.</param>
    /// <exception cref="EseException">−1917: a change cannot be undone.</exception>
    public void Apply(LogPosition position, RedoSession session)
    {
        if (session.HasBegun && session.Level > 0)
            new UndoPass(versions, target, new NoLog(position)) { IsRepeated = true }.UndoLevel(session);
    }

    private sealed class NoLog(LogPosition position) : IUndoLog
    {
        public LogPosition Append(ReadOnlySpan<byte> record) => position;

        public void Flush()
        {
            // There is nothing.
        }
    }
}
