using System.Diagnostics.CodeAnalysis;

namespace PipelineBackup.Engine;

// From Create to CloseAsync.
public sealed partial class EmbeddedEngine
{
    private readonly SemaphoreSlim _life = new(1, 1);
    private readonly Lock _stageLock = new();
    private volatile EngineState _stage;
    private volatile bool _isRestoring, _isClosing;
    private LogStream? _log;
    private TransactionLog? _transactions;
    private CheckpointFile _checkpoint = null!;
    private LogPosition _runStart;
    private ITimer? _timer;

    /// <summary>Where it stands in its life.</summary>
    public EngineState State =>
        _stage is (EngineState.Running or EngineState.StoppingService) && Failure is not null
            ? EngineState.Unavailable
            : _stage;

    /// <summary>An engine whose files are not opened yet: nothing but its options is looked at.</summary>
    /// <param name="options">Where and how.</param>
    /// <exception cref="EseException">
    /// −1003: the options make no sense; −1214, −1086, −1084, −1083, −1080: its host does not take it.
    /// </exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "it is the result")]
    public static EmbeddedEngine Create(EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Require();
        return new(options);
    }

    /// <summary>
    /// Recovers the databases of the logs, and opens the engine. No database is attached then. Where there are no logs
    /// a new stream begins.
    /// </summary>
    /// <param name="options">Where and how.</param>
    /// <param name="cancellationToken">Ends recovery between two records; another one goes on.</param>
    /// <exception cref="EseException">What <see cref="Create(EngineOptions)"/> and <see cref="InitializeAsync"/> throw.</exception>
    public static async ValueTask<EmbeddedEngine> OpenAsync(
        EngineOptions options, CancellationToken cancellationToken = default)
    {
        var engine = Create(options);
        try
        {
            await engine.InitializeAsync(cancellationToken).ConfigureAwait(false);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Recovers the databases of the logs, and begins a run. When it fails the engine is as it was created, and may be
    /// asked again.
    /// </summary>
    /// <param name="cancellationToken">Ends recovery between two records; another one goes on.</param>
    /// <exception cref="EseException">
    /// −1023: a directory is missing; −1213: the logs are of another page size; −529, −1808: the disk is full; −1030: it
    /// was done already; −506: a restore goes on in it; −1000, −1029: it is closed; and all that recovery throws.
    /// </exception>
    public async ValueTask InitializeAsync(CancellationToken cancellationToken = default)
    {
        if (_stage is not (EngineState.Created or EngineState.Initialising or EngineState.Recovering) || _isRestoring)
            throw OpenAlready();
        await _life.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!TryMove(EngineState.Created, EngineState.Initialising))
                throw OpenAlready();
            _ = Options.HasBackgroundWork
                ? await Upkeep.RunAsync(() => Initialise(cancellationToken)).ConfigureAwait(false)
                : Initialise(cancellationToken);
        }
        finally
        {
            _life.Release();
        }
    }

    /// <summary>
    /// Closes the databases and the log: no recovery will be needed. Nothing when that was done. With transactions open
    /// it only makes the log durable: recovery rolls them back when the engine is next opened. One that is frozen for a
    /// snapshot is closed behind the thaw.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting for who uses the engine now.</param>
    /// <exception cref="EseException">−1090: the engine failed before, or now.</exception>
    public async ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        var before = BeginTermination();
        try
        {
            await _life.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            TakeBack(before);
            throw;
        }

        try
        {
            _isClosing = true;
            BeginTermination();
            if (TryMove(EngineState.Created, EngineState.Terminated))
            {
                _versionMemory.Dispose();
                Options.Host?.Remove(this);
            }

            if (_stage == EngineState.Terminated)
                return;
            _timer?.Dispose();
            _ = Options.HasBackgroundWork ? await Upkeep.RunAsync(End).ConfigureAwait(false) : End();
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

    /// <summary>
    /// Ends all activity in preparation of closing: a backup that goes on gets −801 with its next call, everything else
    /// but rolling back and closing is refused with −1329. What is under way is waited for, and what was committed
    /// lazily made durable: while the engine is frozen that waits for the thaw. Nothing when that was done.
    /// </summary>
    /// <exception cref="EseException">−1029, −506, −1000, −1090: it does not run; −510: the log cannot be written.</exception>
    public void StopService()
    {
        if (State == EngineState.Unavailable || !TryMove(EngineState.Running, EngineState.StoppingService))
        {
            if (State != EngineState.StoppingService)
                RequireAlive();
            return;
        }

        lock (Latch)
            _backup?.Stop();
        FlushBehindThaw();
    }

    /// <summary>A restore goes on in the engine, which is not opened meanwhile, until the result is disposed of.</summary>
    /// <exception cref="EseException">
    /// −506: another one goes on; −1850: it was opened, or is being; −1000, −1029: it is closed, or is being.
    /// </exception>
    internal RestoreRun EnterRestore()
    {
        RequireNoRestore();
        if (!_life.Wait(0))
        {
            RequireNoRestore();
            throw AfterOpening();
        }

        if (!TryMove(EngineState.Created, EngineState.Recovering, isRestoring: true))
        {
            _life.Release();
            if (State != EngineState.Running)
                RequireAlive();
            throw AfterOpening();
        }

        return new(this);
    }

    /// <summary>The engine can be used.</summary>
    /// <exception cref="EseException">The error of its state: −1029, −506, −1329, −1090, −1000.</exception>
    internal void RequireAlive()
    {
        if (Refusal() is { } refusal)
            throw refusal;
    }

    /// <summary>The engine can take changes; transactions that are open may end in any case.</summary>
    /// <exception cref="EseException">The error of its state. −529: the disk of the logs is full.</exception>
    internal void RequireWritable()
    {
        RequireAlive();
        if (Log.IsOnReserve)
        {
            throw new EseException(EseError.LogDiskFull, "the disk of the logs is full: there is room to end, no more",
                "close the engine, free space, and open it again");
        }
    }

    private EseException? Refusal() => State switch
    {
        EngineState.Running => null,
        EngineState.StoppingService => new(EseError.ClientRequestToStopJetService,
            "all activity of the engine has ceased, as was asked", "close it, and open it again"),
        EngineState.Unavailable => new(EseError.InstanceUnavailable, $"the engine stopped: {Failure!.Message}",
            Failure.Hint),
        EngineState.Terminating => new(EseError.TermInProgress, "the engine is being closed"),
        EngineState.Terminated => new(EseError.NotInitialized, "the engine was closed"),
        EngineState.Recovering when _isRestoring => RestoreGoesOn(),
        _ => NotOpened(),
    };

    private EseException OpenAlready() => Refusal() ?? new(EseError.AlreadyInitialized, "the engine is open already");

    private void RequireNoRestore()
    {
        if (_isRestoring)
            throw RestoreGoesOn();
    }

    private static EseException RestoreGoesOn() =>
        new(EseError.RestoreInProgress, "a restore goes on in the engine", "wait until it has ended");

    private static EseException AfterOpening() => new(EseError.AfterInitialization,
        "a restore comes before the engine is opened", "close it, and create it anew");

    private static EseException NotOpened() =>
        new(EseError.NotInitialized, "the engine was not opened", "open it first");

    private bool TryMove(EngineState from, EngineState to, bool isRestoring = false)
    {
        lock (_stageLock)
        {
            if (_stage != from)
                return false;
            _isRestoring = isRestoring;
            _stage = to;
            return true;
        }
    }

    // Whoever waits to use the engine is refused from now on.
    private EngineState BeginTermination()
    {
        lock (_stageLock)
        {
            var before = _stage;
            if (before is EngineState.Running or EngineState.StoppingService)
                _stage = EngineState.Terminating;
            return before;
        }
    }

    // Who does not wait for the closing any more, unless another one closes it now.
    private void TakeBack(EngineState before)
    {
        lock (_stageLock)
        {
            if (_stage == EngineState.Terminating && !_isClosing)
                _stage = before;
        }
    }

    private bool Initialise(CancellationToken cancellationToken)
    {
        LogOpening? opening = null;
        try
        {
            Options.RequireDirectory(Options.LogDirectory);
            Options.RequireDirectory(Options.CheckpointPlace);
            opening = LogOpening.Open(OptionsOfRecovery, isRecovering => _stage =
                isRecovering ? EngineState.Recovering : EngineState.Initialising, cancellationToken);
            (_log, _checkpoint, Recovery) = (opening.Log, opening.Checkpoint, opening.Recovery);
            _transactions = new(_log);
            _transactions.Changed += FollowTransactions;
            _log.Attached = ListAttached;
            Guard(Begin);
            _stage = EngineState.Running;
        }
        catch
        {
            opening?.Log.Dispose();
            (_log, _transactions, _stage) = (null, null, EngineState.Created);
            throw;
        }

        if (Options.HasBackgroundWork)
        {
            _timer = Options.Time.CreateTimer(static state => ((EmbeddedEngine)state!).WorkInBackground(), this,
                Options.LazyFlushInterval, Options.LazyFlushInterval);
        }

        return true;
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

    private bool End()
    {
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

        return true;
    }

    // Pages, log, headers, log, checkpoint: in this order, so that a crash in between loses nothing but the cleanness.
    private void Close()
    {
        if (Failure is { } failure)
            throw new EseException(EseError.InstanceUnavailable, $"the engine stopped: {failure.Message}", failure.Hint);
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
        if (Options.DeletesLogs)
            DeleteLogs(term.Generation);
    }

    private void Release()
    {
        _stage = EngineState.Terminated;
        EndBackup();
        EndSnapshot();
        _upkeep.Dispose();
        foreach (var database in _databases)
            database.Release();
        _databases.Clear();
        _versionMemory.Dispose();
        Log.Dispose();
        Options.Host?.Remove(this);
    }

    /// <summary>A restore that goes on in an engine.</summary>
    /// <param name="engine">The engine.</param>
    internal readonly struct RestoreRun(EmbeddedEngine engine) : IDisposable
    {
        /// <summary>Ends it.</summary>
        public void Dispose()
        {
            engine.TryMove(EngineState.Recovering, EngineState.Created);
            engine._life.Release();
        }
    }
}
