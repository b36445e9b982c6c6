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
    // Between two looks at memory, progress and cancellation.
    private const int Batch = 64;

    private readonly MacroSet _macros = new();
    private readonly Dictionary<(byte, ushort), RedoContext> _contexts = [];
    private LogHeader _header = null!;
    private LogPosition _shutdownMark;
    private MissedUndo? _missed;

    /// <summary>The macros that no record committed so far.</summary>
    public MacroSet Macros => _macros;

    /// <summary>Records replayed.</summary>
    public long Records { get; private set; }

    /// <summary>Bytes of the logs replayed.</summary>
    public long LogBytes { get; private set; }

    /// <summary>Behind the last record that was replayed.</summary>
    public LogPosition End { get; private set; }

    /// <summary>The log that was replayed last; null before the first.</summary>
    public LogFileEntry? Last { get; private set; }

    /// <summary>Position of the last record that did anything, when that closed the stream; not set else.</summary>
    public LogPosition Closed { get; private set; }

    /// <summary>Position of the last record that did anything, when that is the mark of a shutdown; not set else.</summary>
    public LogPosition Marked { get; private set; }

    /// <summary>Begins with the databases that are attached at the start, then replays all logs.</summary>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between two records.</param>
    /// <exception cref="EseException">A log, a page or a database is not as it must be.</exception>
    public void Run(RedoProgress progress, CancellationToken cancellationToken)
    {
        for (var generation = setup.Start.Generation; ; generation = generation.Next)
        {
            using var log = setup.Logs.Open(generation);
            if (log is null)
                break;
            bool isFirst = Last is null;
            (Last, _header) = (log.Entry, log.Reader.Header);
            databases.Begin(_header.Generation, _header.Created);
            if (isFirst)
            {
                foreach (var entry in setup.Attached)
                    databases.Attach(DatabasePlace.From(entry, setup.Stream), setup.Start);
                log.Reader.Seek(setup.Start);
            }

            databases.JudgeTime(Last);
            End = log.Reader.Position;
            LogBytes += Last.Length;
            using var ahead = new ReadAhead(Last, End, databases);
            bool goesOn = Replay(log.Reader, ahead, progress, cancellationToken);
            if (!goesOn || log.IsLast)
                break;
        }

        if (Last is null)
        {
            throw new EseException(EseError.MissingPreviousLogFile,
                $"generation {setup.Start.Generation}, which replay begins with, is missing");
        }
    }

    private bool Replay(
        LogRecordReader reader, ReadAhead ahead, RedoProgress progress, CancellationToken cancellationToken)
    {
        for (int count = 0; reader.TryRead(out var record); count++)
        {
            // A record that a segment behind the stop holds the end of is not replayed either.
            if (setup.Stop.IsSet && reader.Position > setup.Stop)
                return false;
            if (count % Batch == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress.Reach(record.Position, _header);
                databases.Trim();
                ahead.Reach(record.Position);
            }

            Apply(record);
            Records++;
            End = reader.Position;
        }

        return true;
    }

    private void Apply(in LogRecordView record)
    {
        if (record.Type is LogRecordType.Nop or LogRecordType.Nop2)
            return;
        Closed = record.IsClosing ? record.Position : default;
        Marked = record.Type == LogRecordType.ShutdownMark ? record.Position : default;
        if (record.Type == LogRecordType.Rollback)
            _missed?.Apply(record.Position, transactions.Session(record.Body<TransactionRollback>().Session));
        if (transactions.TryApply(record))
            return;
        switch (record.Type)
        {
            case LogRecordType.RecoveryUndo or LogRecordType.RecoveryUndo2 when setup.IsHard:
                _missed = new(versions, databases.Find);
                break;
            case LogRecordType.MacroBegin:
                _macros.Begin(SessionOf(record.Body<MacroBracket>().Session), record);
                break;
            case LogRecordType.MacroCommit:
                var session = SessionOf(record.Body<MacroBracket>().Session);
                if (_macros.Commit(session, record) is { } macro)
                    ApplyMacro(session, macro);
                break;
            case LogRecordType.MacroAbort:
                _macros.Abort(SessionOf(record.Body<MacroBracket>().Session), record);
                break;
            case LogRecordType.Init or LogRecordType.Init2:
                EndSessions();
                break;
            case LogRecordType.ShutdownMark:
                _shutdownMark = record.Position;
                break;
            case LogRecordType.RecoveryQuitKeepAttachments:
                EndSessions();
                break;
            case LogRecordType.Term or LogRecordType.Term2 or LogRecordType.RecoveryQuit or LogRecordType.RecoveryQuit2:
                EndSessions();
                CloseAll(_shutdownMark.IsSet ? _shutdownMark : record.Position);
                break;
            case LogRecordType.CreateDatabase:
                Create(record.AsCreateDatabase(), record.Position);
                break;
            case LogRecordType.AttachDatabase:
                databases.Attach(DatabasePlace.From(record.AsAttachDatabase(), record.Position), record.Position);
                break;
            case LogRecordType.DetachDatabase:
                _contexts.Clear();
                databases.Detach(record.AsDetachDatabase().Database, record.Position);
                break;
            case LogRecordType.SplitOld or LogRecordType.MergeOld or LogRecordType.ConvertTreeOld:
                throw new EseException(EseError.BadLogVersion,
                    $"at {record.Position} there is a {record.Type} record, of engines that nobody replays any more");
            default:
                ApplyOther(record);
                break;
        }
    }

    private void ApplyOther(in LogRecordView record)
    {
        if (DatabaseRedo.SlotOf(record) is { } slot)
        {
            if (databases.Find(slot) is { } database && record.Position > database.Header.Attach)
                DatabaseRedo.Apply(record, database, Now);
        }
        else if (record.IsPageChange)
            ApplyPage(record, record.Page.Session, record.Page.Database, record.Page.Time);
        else if (record.Type == LogRecordType.NewPage)
        {
            ref readonly var created = ref record.Body<PageCreation>();
            ApplyPage(record, created.Session, created.Database, created.Time);
        }
        else if (record.Type == LogRecordType.RootPageMove)
        {
            ref readonly var move = ref record.Body<RootMove>();
            ApplyPage(record, move.Session, move.Database, move.Time);
        }
    }

    private void ApplyPage(in LogRecordView record, ushort sessionId, byte slot, DbTime time)
    {
        var session = SessionOf(sessionId);
        var database = databases.Find(slot);
        database?.Saw(time, RecordedTree.Of(record));
        if (!session.HasBegun || _macros.TryAdd(session, record) || database is null
            || record.Position <= database.Header.Attach)
            return;
        if (!Redo.Apply(ContextOf(database, session), record))
        {
            throw new EseException(EseError.LogCorrupted,
                $"at {record.Position} there is a {record.Type} record, which does not stand by itself");
        }
    }

    private void ApplyMacro(RedoSession session, MacroRecords macro)
    {
        var first = macro[0];
        byte slot = first.Type == LogRecordType.RootPageMove ? first.Body<RootMove>().Database : first.Page.Database;
        if (databases.Find(slot) is { } database && first.Position > database.Header.Attach)
            RedoMacro.Apply(ContextOf(database, session), macro);
    }

    private void Create(CreateDatabaseRecord record, LogPosition position) => databases.Attach(
        DatabasePlace.From(record, position, setup.Stream), position, record.Version);

    private void EndSessions()
    {
        _macros.Clear();
        _contexts.Clear();
        _missed = null;
        transactions.EndAll();
    }

    private void CloseAll(LogPosition position)
    {
        databases.CloseAll(position);
        _shutdownMark = default;
    }

    private RedoSession SessionOf(ushort id) => transactions.Session(id);

    private RedoContext ContextOf(RecoveringFile database, RedoSession session)
    {
        if (!_contexts.TryGetValue((database.Slot, session.Id), out var context))
            _contexts.Add((database.Slot, session.Id), context = new(database, session, versions));
        return context;
    }

    private LogTime Now => LogTime.From(setup.Options.Time.GetUtcNow());
}
