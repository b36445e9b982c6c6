namespace PipelineBackup.Engine;

/// <summary>
/// A small engine for ESE databases: one log stream and up to <see cref="MostDatabases"/> databases, in this process.
/// </summary>
/// <remarks>
/// <code>
///            OpenAsync: recovery, then a new run
///                 │
///   files ────────┴────► running ──CloseAsync──► closed: databases clean, log ended
///     ▲                     │
///     └──── next OpenAsync ─┴──any failure to write──► failed: every call is −1090
/// </code>
/// <para>
/// What is committed and flushed survives whatever happens. One latch guards pages and log; it is held for one change of
/// a tree, never while somebody waits for a commit to become durable, and only for moments while pages are written. In this
/// version pages are read under it, so a slow disk of the databases holds all sessions up.
/// </para>
/// <para>The engine may be used by several threads at once; a session may not.</para>
/// </remarks>
public sealed partial class EmbeddedEngine : IAsyncDisposable
{
    /// <summary>How many databases can be attached at once.</summary>
    public const int MostDatabases = 6;

    private readonly SemaphoreSlim _life = new(1, 1);
    private readonly ScratchMemory _versionMemory;
    private readonly CheckpointFile _checkpoint;
    private readonly Upkeep _upkeep;
    private readonly List<EngineDatabase> _databases = [];
    private LogPosition _runStart;
    private ITimer? _timer;
    private bool _isClosed;

    private EmbeddedEngine(EngineOptions options, LogStream log, CheckpointFile checkpoint, RecoveryReport? recovery)
    {
        (Options, Log, _checkpoint, Recovery) = (options, log, checkpoint, recovery);
        PageSize = log.Settings.PageSize;
        Transactions = new(log);
        Transactions.Changed += FollowTransactions;
        log.Attached = ListAttached;
        string scratch = Path.Combine(options.LogDirectory, $"{options.BaseName}-versions.tmp");
        _versionMemory = new(options.Disk, scratch, options.CacheBytes / 4);
        Versions = new(_versionMemory);
        _upkeep = new(this);
    }

    /// <summary>The options.</summary>
    public EngineOptions Options { get; }

    /// <summary>Page size of all its databases.</summary>
    public PageSize PageSize { get; }

    /// <summary>What recovery did when the engine was opened; null when there were no logs.</summary>
    public RecoveryReport? Recovery { get; }

    /// <summary>Identity of its log stream.</summary>
    public Signature LogSignature => Log.Signature;

    /// <summary>Where the log ends: what is logged later is at this position or behind it.</summary>
    public LogPosition LogEnd => Log.Tip;

    /// <summary>Why it cannot go on; null as long as it can.</summary>
    public EseException? Failure => Log.Failure;

    /// <summary>The databases that are attached.</summary>
    public IReadOnlyList<EngineDatabase> Databases
    {
        get
        {
            lock (Latch)
                return [.. _databases];
        }
    }

    /// <summary>Guards pages, versions and the end of the log; held for one operation, never across an await.</summary>
    internal Lock Latch { get; } = new();

    /// <summary>Its log.</summary>
    internal LogStream Log { get; }

    /// <summary>Its sessions, as the log knows them.</summary>
    internal TransactionLog Transactions { get; }

    /// <summary>What open transactions changed.</summary>
    internal VersionStore Versions { get; }

    /// <summary>
    /// Recovers the databases of the logs, and opens the engine. No database is attached then. Where there are no logs
    /// a new stream begins.
    /// </summary>
    /// <param name="options">Where and how.</param>
    /// <param name="cancellationToken">Ends recovery between two records; another one goes on.</param>
    /// <exception cref="EseException">
    /// −1003: the options make no sense; −1023: a directory is missing; −1213: the logs are of another page size; −529,
    /// −1808: the disk is full; and all that recovery throws.
    /// </exception>
    public static async ValueTask<EmbeddedEngine> OpenAsync(
        EngineOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Require();
        return options.HasBackgroundWork
            ? await Upkeep.RunAsync(() => Open(options, cancellationToken)).ConfigureAwait(false)
            : Open(options, cancellationToken);
    }

    /// <summary>
    /// Closes the databases and the log: no recovery will be needed. Nothing when that was done. With transactions open
    /// it only makes the log durable: recovery rolls them back when the engine is next opened.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting for who uses the engine now.</param>
    /// <exception cref="EseException">−1090: the engine failed before, or now.</exception>
    public async ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        await _life.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_isClosed)
                return;
            _timer?.Dispose();
            lock (_upkeep.Gate)
            lock (Latch)
            {
                try
                {
                    Guard(Close);
                }
                finally
                {
                    Release();
                }
            }
        }
        finally
        {
            _life.Release();
        }
    }

    /// <summary>Closes the engine. A failure is not told: recovery does the rest when it is next opened.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is EseException or IOException or UnauthorizedAccessException)
        {
            // What was committed is in the log.
        }
    }

    /// <summary>The engine can be used.</summary>
    /// <exception cref="EseException">−1090: it failed, or was closed.</exception>
    internal void RequireAlive()
    {
        if (_isClosed)
            throw new EseException(EseError.InstanceUnavailable, "the engine was closed");
        if (Log.Failure is { } failure)
            throw new EseException(EseError.InstanceUnavailable, $"the engine stopped: {failure.Message}", failure.Hint);
    }

    /// <summary>The engine can take changes; transactions that are open may end in any case.</summary>
    /// <exception cref="EseException">−1090: it failed, or was closed. −529: the disk of the logs is full.</exception>
    internal void RequireWritable()
    {
        RequireAlive();
        if (Log.IsOnReserve)
        {
            throw new EseException(EseError.LogDiskFull, "the disk of the logs is full: there is room to end, no more",
                "close the engine, free space, and open it again");
        }
    }

    private static EmbeddedEngine Open(EngineOptions options, CancellationToken cancellationToken)
    {
        var opening = LogOpening.Open(options, cancellationToken);
        try
        {
            var engine = new EmbeddedEngine(options, opening.Log, opening.Checkpoint, opening.Recovery);
            engine.Guard(engine.Begin);
            if (options.HasBackgroundWork)
            {
                engine._timer = options.Time.CreateTimer(
                    static state => ((EmbeddedEngine)state!).WorkInBackground(), engine, options.LazyFlushInterval,
                    options.LazyFlushInterval);
            }

            return engine;
        }
        catch
        {
            opening.Log.Dispose();
            throw;
        }
    }

    private void Begin()
    {
        var records = new LogRecordWriter();
        records.Init(Log.Settings.Parameters, Options.Now);
        _runStart = Log.Append(records.Written);
        Log.Flush();
        Log.FillReserves();
        _checkpoint.Write(_runStart, []);
        Log.Checkpoint = _runStart;
    }

    // Pages, log, headers, log, checkpoint: in this order, so that a crash in between loses nothing but the cleanness.
    private void Close()
    {
        RequireAlive();
        Log.IsEnding = true;
        if (Transactions.Oldest.IsSet)
        {
            Log.Flush();
            return;
        }

        // What room there is on a full disk is for ending.
        if (!Log.IsOnReserve)
            CleanUpAll();
        foreach (var database in _databases)
            database.WriteBack();
        var records = new LogRecordWriter();
        records.Bare(LogRecordType.ShutdownMark);
        var mark = Log.Append(records.Written);
        Log.Flush();
        foreach (var database in _databases)
            database.Close(mark);
        records.Clear();
        records.Add(LogRecordType.Term2, new TimedRunEnd(new(_runStart, default, 0), Options.Now));
        var term = Log.Append(records.Written);
        Log.Flush();
        _checkpoint.WriteClean(term);
        if (Options.CircularLogging)
            DeleteLogs(term.Generation);
    }

    private void Release()
    {
        _isClosed = true;
        EndBackup();
        _upkeep.Dispose();
        foreach (var database in _databases)
            database.Release();
        _databases.Clear();
        _versionMemory.Dispose();
        Log.Dispose();
    }
}
