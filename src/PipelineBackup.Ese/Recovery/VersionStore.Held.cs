namespace PipelineBackup.Ese;

/// <summary>Takes a record that was just made.</summary>
/// <param name="record">Its bytes.</param>
internal delegate void RecordTaker(ReadOnlySpan<byte> record);

// Old data go to the log while an engine is at work, so that pages can be written before transactions end.
internal sealed partial class VersionStore
{
    private readonly LogRecordWriter _writer = new();

    /// <summary>
    /// Tells the old data of all changes of a session that hold pages of a database: they hold them no longer.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="database">Number of the database.</param>
    /// <param name="log">Takes an UndoInfo record for each.</param>
    /// <returns>How many.</returns>
    public int LogHeld(RedoSession session, byte database, RecordTaker log)
    {
        if (session.Versions is not { HoldsPages: true } versions)
            return 0;
        int count = 0;
        foreach (var (found, level) in versions.Held(database))
        {
            LogHeld(session, found, level, log);
            count++;
        }

        return count;
    }

    private void LogHeld(RedoSession session, FoundVersion found, int level, RecordTaker log)
    {
        var version = Read(session, found);
        var body = version.Body;
        var change = new PageChange(session.Id, version.Database, found.Entry.Held, DbTime.Nil, DbTime.Nil,
            session.Transaction, (byte)level, 0, body.Flags & ~PageChangeFlags.Versioned);
        bool isReplace = body.Operation == NodeOperation.Replace;
        _writer.Clear();
        _writer.UndoInfo(new(change, version.Version, body.Root, body.Tree), body.Operation,
            isReplace ? (short)body.Offset : (short)0, body.Growth, version.Key, version.BookmarkData, version.OldData);
        log(_writer.Written);
        session.Versions!.Logged(found);
    }
}
