using System.Globalization;

namespace PipelineBackup.Engine;

/// <summary>One engine in a snapshot session, from the freeze on.</summary>
/// <remarks>
/// <code>
/// Enter ──► Freeze ──► Thaw ──► Leave ──► Truncate … Mark, or Abort
///   └── databases neither come nor go ──┘
///   └── no other backup ───────────────────────────────────────┘
/// </code>
/// One call at a time: the session sees to it.
/// </remarks>
/// <param name="engine">The engine.</param>
/// <param name="options">What kind of snapshot.</param>
internal sealed class SnapshotMember(EmbeddedEngine engine, SnapshotOptions options)
{
    private readonly BackupLogs _logs = new(engine.Options);
    private IReadOnlyList<EngineDatabase> _databases = [];
    private BackupInfo _set;
    private LogGeneration _lowest, _deleteTo;
    private bool _holdsLife, _isLogged, _isFrozen;

    /// <summary>The engine.</summary>
    public EmbeddedEngine Engine => engine;

    private bool IsIncremental => options.HasFlag(SnapshotOptions.Incremental);

    private bool IsCopy => options.HasFlag(SnapshotOptions.Copy);

    /// <summary>The engine, its files, and its logs once they are known.</summary>
    public SnapshotInstance Describe() => new()
    {
        Id = engine.EngineId,
        Name = engine.InstanceName,
        Databases = [.. (_set.Mark.IsSet ? _databases : engine.Databases).Select(database => database.Path)],
        LogDirectory = engine.Options.LogDirectory,
        CheckpointDirectory = engine.Options.CheckpointPlace,
        BaseName = engine.Options.BaseName,
        FirstLog = _set.LowGeneration.Value,
        LastLog = _set.HighGeneration.Value,
    };

    /// <summary>The logs that truncation would delete, as far as they are there.</summary>
    /// <exception cref="EseException">−1808, …: the directory cannot be read.</exception>
    public IReadOnlyList<SourceFile> ListTruncatable()
    {
        if (IsCopy || engine.Options.CircularLogging || !_deleteTo.IsSet)
            return [];
        try
        {
            _logs.Find();
            return _logs.List(_lowest, _deleteTo);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EseException(DiskFailure.Of(e, EseError.DiskIO), $"the logs cannot be listed: {e.Message}");
        }
    }

    /// <summary>The logs that belong to it. While it is frozen.</summary>
    /// <exception cref="SourceException">−528: one is missing.</exception>
    public IReadOnlyList<SourceFile> ListLogs()
    {
        var logs = new BackupLogs(engine.Options);
        logs.Find();
        return logs.Require(_set.LowGeneration, _set.HighGeneration.Next);
    }

    /// <summary>Waits for those that make, attach or detach databases: they wait from now on.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="EseException">−2403: the engine cannot be frozen.</exception>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        engine.RequireSnapshotAllowed();
        await engine.HoldLifeAsync(cancellationToken).ConfigureAwait(false);
        _holdsLife = true;
        engine.Join(this);
    }

    /// <summary>Freezes the engine.</summary>
    /// <exception cref="EseException">
    /// −526, −560, −569: no snapshot of logs alone can follow; −2403, −510, −1090: the engine cannot be frozen.
    /// </exception>
    public void Freeze()
    {
        RequireLogs();
        engine.Tell(EngineEvent.SnapshotFreezeBegins, "the engine is being frozen for a snapshot");
        engine.Freeze(() =>
        {
            Append(BackupPhase.Begin, default);
            _isLogged = true;
        }, () =>
        {
            _isFrozen = true;

            // The record is not on the disk: it belongs to the generation behind the snapshot.
            var now = engine.Options.Now;
            var mark = Append(BackupPhase.PrepareLogs, new(default, now, default, default));
            var high = new LogGeneration(mark.Generation.Value - 1);
            var low = IsIncremental ? _lowest : engine.CheckpointGeneration;
            _set = new(mark, now, low, high);
            _deleteTo = engine.CheckpointGeneration < high ? engine.CheckpointGeneration : high;
            _databases = engine.Databases;
        });
    }

    /// <summary>Writing goes on. Nothing when it does already, or when it is another snapshot that it waits for.</summary>
    /// <exception cref="EseException">−510: the log failed.</exception>
    public void Thaw()
    {
        if (!_isFrozen)
            return;
        _isFrozen = false;
        engine.Thaw();
    }

    /// <summary>Databases may come and go again, as far as a backup allows it.</summary>
    public void Leave()
    {
        if (!_holdsLife)
            return;
        _holdsLife = false;
        engine.ReleaseLife();
    }

    /// <summary>Deletes the logs that neither recovery nor another snapshot needs. The second time there are none.</summary>
    /// <param name="hasAll">Whether all databases were copied; else nothing is deleted.</param>
    /// <param name="cancellationToken">Ends the waiting for those that use the engine's life.</param>
    /// <exception cref="EseException">−543: logs are missing; −801: the engine was closed; and the error of its state.</exception>
    public async ValueTask TruncateAsync(bool hasAll, CancellationToken cancellationToken)
    {
        await engine.HoldLifeAsync(cancellationToken).ConfigureAwait(false);
        _holdsLife = true;
        try
        {
            RequireUnderWay();
            if (hasAll && !engine.Options.CircularLogging)
                await RunAsync(Truncate).ConfigureAwait(false);
            else
                engine.Tell(EngineEvent.NoLogsDeleted, "no log is deleted behind the snapshot");
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>The headers of the databases get the mark of the snapshot, and it is over.</summary>
    /// <exception cref="EseException">−801: the engine was closed; and the error of its state.</exception>
    public async ValueTask MarkAsync()
    {
        if (!_holdsLife)
        {
            await engine.HoldLifeAsync(CancellationToken.None).ConfigureAwait(false);
            _holdsLife = true;
        }

        RequireUnderWay();
        await RunAsync(Mark).ConfigureAwait(false);
    }

    /// <summary>It is over, without a mark. Nothing when it was.</summary>
    public void Abort()
    {
        lock (engine.Latch)
        {
            if (!engine.IsPartOf(this))
                return;
            try
            {
                if (_isLogged && engine.Failure is null)
                {
                    Append(BackupPhase.Abort, default);
                    Append(BackupPhase.Stop, default);
                }
            }
            catch (EseException)
            {
                // The engine has failed; whoever uses it is told.
            }

            engine.EndSnapshot();
        }
    }

    /// <summary>It is over, and nothing is logged of it: the engine failed.</summary>
    public void Forget()
    {
        lock (engine.Latch)
        {
            if (engine.IsPartOf(this))
                engine.EndSnapshot();
        }
    }

    /// <summary>Does what waits for the disk.</summary>
    /// <param name="work">What.</param>
    public async ValueTask RunAsync(Action work)
    {
        if (!engine.Options.HasBackgroundWork)
        {
            work();
            return;
        }

        await Upkeep.RunAsync(() =>
        {
            work();
            return true;
        }).ConfigureAwait(false);
    }

    // As long as its life is held nobody deletes logs, but circular logging does.
    private void RequireLogs()
    {
        try
        {
            // Looked at first: whatever is closed meanwhile is there then.
            var current = engine.Log.DurableHeader.Generation;
            _logs.Find();
            _lowest = _logs.Lowest.IsSet ? _logs.Lowest : current;
            if (IsIncremental)
                BackupContinuation.RequireSnapshot(engine, _lowest);
            var low = IsIncremental ? _lowest : engine.CheckpointGeneration;
            if (!engine.Options.CircularLogging)
                _logs.Require(low, current);
        }
        catch (SourceException e) when (e.Error is { Number: (int)EseError.MissingLogFile })
        {
            throw new EseException(EseError.MissingFileToBackup, e.Message, e.Hint ?? "");
        }
        catch (SourceException e)
        {
            throw SnapshotRefusal.Of(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EseException(EseError.MissingFileToBackup, $"the logs cannot be read: {e.Message}");
        }
    }

    // An engine that waits to be closed is not closed before this is over.
    private void RequireUnderWay()
    {
        if (!engine.IsPartOf(this))
            throw SnapshotRefusal.Closed(engine);
        if (engine.State != EngineState.Terminating)
            engine.RequireAlive();
    }

    private void Truncate()
    {
        if (_lowest > _deleteTo && _deleteTo.IsSet)
        {
            throw new EseException(EseError.RequiredLogFilesMissing,
                $"the logs begin with generation {_lowest}, behind those that could be deleted");
        }

        var logs = ListTruncatable();
        var (from, to) = (_lowest, _deleteTo);
        _lowest = _deleteTo = default;
        if (logs.Count == 0)
        {
            engine.Tell(EngineEvent.NoLogsDeleted, "there was no log to delete");
            return;
        }

        lock (engine.Latch)
            Append(BackupPhase.Truncate, new(default, default, from, to));
        engine.Guard(engine.Log.Flush);
        if (!TryDelete(logs))
        {
            engine.Tell(EngineEvent.NoLogsDeleted,
                "no log was deleted: a restore reads them; the next snapshot deletes them", EngineEventLevel.Warning);
            return;
        }

        int gone = to.Value - from.Value - logs.Count;
        if (gone > 0)
        {
            engine.Tell(EngineEvent.LogsWereGone,
                string.Create(CultureInfo.InvariantCulture, $"{gone} logs to be deleted were gone already"),
                EngineEventLevel.Warning);
        }

        engine.Tell(EngineEvent.LogsDeleted, $"logs {BackupLogs.Text(from, to)} were deleted");
    }

    private bool TryDelete(IReadOnlyList<SourceFile> logs)
    {
        try
        {
            return engine.TryDeleteLogs(() => _logs.Delete(logs));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EseException(DiskFailure.Of(e, EseError.DiskIO), $"the logs cannot be deleted: {e.Message}");
        }
    }

    private void Mark()
    {
        byte scope = (IsIncremental, IsCopy) switch
        {
            (false, false) => BackupStep.Full,
            (false, true) => BackupStep.Copy,
            (true, false) => BackupStep.Incremental,
            _ => BackupStep.Differential,
        };
        lock (engine.Latch)
        {
            foreach (var database in _databases)
                Append(BackupPhase.Update, _set, scope, database.Slot);
        }

        engine.Guard(engine.Log.Flush);
        EngineDatabase? marking = null;
        try
        {
            lock (engine.Latch)
            {
                foreach (var database in _databases)
                {
                    marking = database;
                    engine.Guard(() => database.MarkBackup(Step(BackupPhase.Update, _set, scope, database.Slot)));
                }

                marking = null;
                Append(BackupPhase.Stop, default);
                engine.EndSnapshot();
            }
        }
        catch (EseException failure) when (marking is not null)
        {
            engine.Tell(EngineEvent.HeaderNotMarked, $"the header of '{marking.Path}' could not be given the mark of "
                + $"the snapshot: {failure.Message}", EngineEventLevel.Error);
            throw;
        }
    }

    private LogPosition Append(BackupPhase phase, BackupInfo info, byte scope = 0, byte database = 0)
    {
        byte kind = IsIncremental ? BackupStep.Incremental : BackupStep.Full;
        var records = new LogRecordWriter();
        records.Backup(Step(phase, info, scope == 0 ? kind : scope, database));
        return engine.Log.Append(records.Written);
    }

    private BackupStep Step(BackupPhase phase, BackupInfo info, byte scope, byte database) => new(
        phase, (uint)BackupInfoType.OperatingSystemSnapshot, scope, database,
        info with { MarkTime = info.MarkTime.IsSet ? info.MarkTime : engine.Options.Now }, 0);
}
