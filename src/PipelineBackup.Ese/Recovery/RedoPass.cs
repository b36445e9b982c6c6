namespace PipelineBackup.Ese;

/// <summary>Replays logs: each record goes to who knows its kind.</summary>
/// <remarks>
/// <code>
///  record ─┬─ about a transaction ──► RedoTransactions
///          ├─ about a database ─────► AttachedDatabases, DatabaseRedo
///          └─ about pages ──┬─ of a macro that is open ──► MacroSet ──its commit──► RedoMacro
///                           └─ else ─────────────────────────────────────────────► Redo
/// </code>
/// Pages are left alone by sessions that did not begin a transaction since replay did, in databases that are left out,
/// and by records that are older than the attaching of the file. What such records count is counted all the same.
/// </remarks>
internal sealed class RedoPass(
    RecoverySetup setup, AttachedDatabases databases, RedoTransactions transactions, VersionStore versions)
{
    private readonly MacroSet _macros = new();
    private LogPosition _shutdownMark;

    /// <summary>Records replayed.</summary>
    public long Records { get; private set; }

    /// <summary>Behind the last record that was replayed.</summary>
    public LogPosition End { get; private set; }

    /// <summary>The log that was replayed last; null before the first.</summary>
    public LogFileEntry? Last { get; private set; }

    /// <summary>Bytes of the logs replayed.</summary>
    public long LogBytes { get; private set; }

    /// <summary>Position of the last record when that closed the stream; not set else.</summary>
    public LogPosition Closed { get; private set; }

    /// <summary>Whether the last record was the mark that an engine sets before it closes its databases.</summary>
    public bool EndsWithMark { get; private set; }

    /// <summary>Begins with the databases that are attached at the start, then replays all logs.</summary>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between two records.</param>
    /// <exception cref="EseException">A log, a page or a database is not as it must be.</exception>
    public void Run(RedoProgress progress, CancellationToken cancellationToken)
    {
        var position = setup.Start;
        for (var generation = position.Generation; ; generation = generation.Next)
        {
            using var log = setup.Logs.Open(generation)?.Owned();
            if (log is null)
                break;
            bool isFirst = Last is null;
            Last = log.Log.Entry;
            databases.Begin(log.Log.Reader.Header);
            if (isFirst)
                AttachFirst();
            databases.JudgeTime(Last);
            if (isFirst)
                log.Log.Reader.Seek(position);
            bool goesOn = Replay(log.Log, progress, cancellationToken);
            LogBytes += Last.Length;
            if (!goesOn || log.Log.IsLast)
                break;
        }

        if (Last is null)
        {
            throw new EseException(EseError.MissingPreviousLogFile,
                $"generation {setup.Start.Generation}, which replay begins with, is missing");
        }

        _macros.Clear();
    }
}
