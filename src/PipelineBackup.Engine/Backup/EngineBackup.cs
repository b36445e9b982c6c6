using System.Globalization;

namespace PipelineBackup.Engine;

/// <summary>Where a backup stands.</summary>
internal enum EngineBackupState
{
    /// <summary>Databases are read, or none are and their end was not told yet.</summary>
    Databases,

    /// <summary>The logs are known, and read.</summary>
    Logs,

    /// <summary>It has ended well.</summary>
    Completed,

    /// <summary>It was given up.</summary>
    Aborted,
}

/// <summary>A backup of a living engine.</summary>
/// <remarks>
/// <code>
///  begin           pages              end of databases           logs                truncate      complete
///  mark, header    beside writers,    log rolled: all before     closed, nobody      what neither  mark into the
///  and length,     trailer last       it belongs to the set      writes to them      recovery nor  headers, log,
///  logs kept                                                                         backup needs  logs let go
///     └──────────────────────────────── dispose before complete: logs let go, nothing else ──┘
/// </code>
/// <para>
/// The set holds the state of the databases at the moment the log was rolled: what was committed before is in it, what
/// was not is rolled back when it is restored.
/// </para>
/// <para>
/// One call at a time, on whatever thread: one that comes while another is at work is refused with −1910.
/// </para>
/// </remarks>
internal sealed partial class EngineBackup : IBackupSession
{
    private readonly BackupKind _kind;
    private readonly IReadOnlyList<EngineDatabase> _attached;
    private readonly IReadOnlyList<DatabaseCopy> _copies;
    private readonly BackupLogs _logs;
    private readonly BackupInfo _begin;
    private readonly HashSet<int> _copied = [];
    private IReadOnlyList<SourceFile> _files = [], _truncatable = [];
    private BackupInfo _set;
    private LogGeneration _deleteTo;
    private CopyReader? _open;
    private volatile bool _isStopped;
    private bool _hasTruncated;
    private int _isBusy;

    /// <summary>Begins. With the engine's latch held; no other backup goes on.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="request">What is asked.</param>
    /// <exception cref="SourceException">It is not possible.</exception>
    public EngineBackup(EmbeddedEngine engine, BackupRequest request)
    {
        (Engine, _kind, _attached) = (engine, request.Kind, engine.Databases);
        _logs = new(engine.Options);
        if (_attached.Count == 0)
            throw BackupRefusal.NoDatabase("the engine has no database attached", "attach one first");
        var chosen = TakesDatabases ? Choose(request.Databases) : [];
        _logs.Find();
        var low = TakesDatabases || !_logs.Lowest.IsSet ? engine.CheckpointGeneration : _logs.Lowest;
        if (engine.Options.Omits.HasFlag(OmittedRule.FirstBackupLog))
            low = low.Next;
        _begin = new(engine.Log.Tip, engine.Options.Now, low, default);
        Append(BackupPhase.Begin, default);
        _copies = [.. chosen.Select(database => new DatabaseCopy(database, _begin))];
        Databases = [.. _copies.Select(copy => copy.File)];
        Stamp = new()
        {
            Source = engine.Options.LogDirectory,
            IsInUse = true,
            EngineVersion = _attached.Max(database => database.Version).ToString(),
            PageSize = engine.PageSize.Bytes,
            BaseName = engine.Options.BaseName,
            LogSignature = engine.LogSignature.ToHex(),
            Databases = [.. _copies.Select(copy => copy.Stamp)],
        };
        if (!engine.Options.Omits.HasFlag(OmittedRule.KeptLogs))
            engine.KeptFrom = low;
    }

    /// <summary>The engine.</summary>
    public EmbeddedEngine Engine { get; }

    /// <summary>Where it stands.</summary>
    public EngineBackupState State { get; private set; }

    /// <summary>Why whoever makes it gives it up, where that is a failure.</summary>
    public string? Failure { get; set; }

    /// <inheritdoc/>
    public BackupStamp Stamp { get; }

    /// <inheritdoc/>
    public IReadOnlyList<SourceFile> Databases { get; }

    private bool TakesDatabases => _kind is BackupKind.Full or BackupKind.Copy;

    private bool Truncates => _kind is BackupKind.Full or BackupKind.Incremental;

    /// <summary>It is to end: whatever is asked of it now is refused.</summary>
    public void Stop() => _isStopped = State is EngineBackupState.Databases or EngineBackupState.Logs;

    /// <summary>It was not stopped, and its engine still runs.</summary>
    /// <exception cref="SourceException">−801: it was stopped; −510, −1090: its engine failed.</exception>
    public void RequireUnderWay()
    {
        if (_isStopped)
            throw BackupRefusal.Stopped(Engine.State);
        Engine.RequireBackupAllowed();
    }

    /// <inheritdoc/>
    public ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var call = Enter();
        bool isDatabase = Databases.Contains(file), isLog = _files.Contains(file);
        bool isInOrder = State == EngineBackupState.Databases ? !isLog : State == EngineBackupState.Logs && !isDatabase;
        if (_open is not null || !isInOrder)
            throw BackupRefusal.OutOfOrder(State, _open is null ? $"open '{file.Name}'" : "open a second file");
        RequireUnderWay();
        if (!isDatabase && !isLog)
            throw BackupRefusal.NoDatabase($"'{file.Name}' is no file of this backup", "take those that it offers");
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var opened = Engine.Options.Disk.Open(file.OriginalPath, DiskAccess.Read);
            _open = isDatabase ? new DatabaseCopyReader(this, _copies.First(copy => copy.File == file), opened)
                : new LogCopyReader(this, file, opened);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw BackupRefusal.LogsGone($"'{file.Name}' cannot be opened: {e.Message}");
        }

        Engine.Tell(EngineEvent.FileBegins, string.Create(CultureInfo.InvariantCulture,
            $"the copy of '{file.OriginalPath}', {file.Length} bytes, begins"));
        return new(_open);
    }

    /// <summary>A reader was closed.</summary>
    /// <param name="reader">The reader.</param>
    public void Closed(CopyReader reader)
    {
        _open = null;
        string name = reader.Source.OriginalPath;
        if (!reader.IsAtEnd)
        {
            Engine.Tell(EngineEvent.FileCutShort, $"'{name}' was closed before its end", EngineEventLevel.Warning);
            return;
        }

        if (reader is DatabaseCopyReader database)
            database.Copy.IsComplete = true;
        else
            _copied.Add(reader.Source.Generation);
        Engine.Tell(EngineEvent.FileComplete, $"'{name}' was copied");
    }

    /// <inheritdoc/>
    public ValueTask ValidateAsync(CancellationToken cancellationToken)
    {
        using var call = Enter();
        Require(EngineBackupState.Logs, "validate");
        cancellationToken.ThrowIfCancellationRequested();
        return default;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (State is EngineBackupState.Completed or EngineBackupState.Aborted)
            return default;
        bool isStopped = _isStopped;
        _open?.Close();
        State = EngineBackupState.Aborted;
        lock (Engine.Latch)
        {
            if (Engine.IsUnderWay(this))
            {
                LogAbort();
                Engine.EndBackup();
            }
        }

        var (id, message, level) = (isStopped, Failure) switch
        {
            (true, _) => (EngineEvent.BackupStopped,
                "the backup was ended: " + BackupRefusal.ReasonToStop(Engine.State), EngineEventLevel.Warning),
            (_, null) => (EngineEvent.BackupAborted, "the backup was given up", EngineEventLevel.Warning),
            var (_, failure) => (EngineEvent.BackupFailed, $"the backup failed: {failure}", EngineEventLevel.Error),
        };
        Engine.Tell(id, message, level);
        return default;
    }

    /// <summary>Tells that it begins. Without the latch.</summary>
    public void TellBegin() => Engine.Tell(
        TakesDatabases ? EngineEvent.FullBackupBegins : EngineEvent.LogBackupBegins, $"a backup begins: {_kind}");

    private List<EngineDatabase> Choose(IReadOnlyList<string> names)
    {
        List<EngineDatabase> chosen = [.. _attached.Where(database => names.Count == 0
            || names.Any(name => IsNamed(database, name)))];
        if (names.FirstOrDefault(name => !_attached.Any(database => IsNamed(database, name))) is { } missing)
        {
            throw BackupRefusal.NoDatabase($"there is no database '{missing}' attached",
                $"there are: {string.Join(", ", _attached)}");
        }

        var twice = chosen.GroupBy(database => database.ToString(), StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(group => group.Count() > 1);
        return twice is null ? chosen : throw BackupRefusal.Senseless(
            $"two databases are called '{twice.Key}': in a backup they could not be told apart",
            "back them up one after the other, naming them by their paths");
    }

    private static bool IsNamed(EngineDatabase database, string name) =>
        name.Equals(Path.GetFileName(database.Path), StringComparison.OrdinalIgnoreCase)
        || name.Equals(database.Path, StringComparison.OrdinalIgnoreCase);

    private void Require(EngineBackupState state, string step)
    {
        if (State != state || _open is not null)
            throw BackupRefusal.OutOfOrder(State, step);
        RequireUnderWay();
    }

    private CallGuard Enter() => Interlocked.CompareExchange(ref _isBusy, 1, 0) == 0
        ? new(this)
        : throw BackupRefusal.InUse();

    private void LogAbort()
    {
        try
        {
            Append(BackupPhase.Abort, default);
            Append(BackupPhase.Stop, default);
        }
        catch (EseException)
        {
            // The engine has failed; whoever uses it is told.
        }
    }

    private LogPosition Append(BackupPhase phase, BackupInfo info, byte scope = 0, byte database = 0)
    {
        byte kind = TakesDatabases ? BackupStep.Full : BackupStep.Incremental;
        var step = new BackupStep(phase, (uint)BackupInfoType.Streaming, scope == 0 ? kind : scope, database,
            info with { MarkTime = info.MarkTime.IsSet ? info.MarkTime : Engine.Options.Now }, 0);
        var records = new LogRecordWriter();
        records.Backup(step);
        return Engine.Log.Append(records.Written);
    }

    // One call of the backup.
    private readonly struct CallGuard(EngineBackup backup) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref backup._isBusy, 0);
    }
}
