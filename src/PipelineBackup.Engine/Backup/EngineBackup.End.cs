namespace PipelineBackup.Engine;

// What comes behind the databases.
internal sealed partial class EngineBackup
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken)
    {
        using var call = Enter();
        Require(EngineBackupState.Databases, "end the databases");
        cancellationToken.ThrowIfCancellationRequested();
        await RunAsync(FixLogs).ConfigureAwait(false);
        return _files;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken)
    {
        using var call = Enter();
        Require(EngineBackupState.Logs, "list truncatable logs");
        cancellationToken.ThrowIfCancellationRequested();
        return new(_truncatable);
    }

    /// <inheritdoc/>
    public async ValueTask TruncateLogsAsync(CancellationToken cancellationToken)
    {
        using var call = Enter();
        Require(EngineBackupState.Logs, "truncate");
        cancellationToken.ThrowIfCancellationRequested();
        if (_files.FirstOrDefault(log => !_copied.Contains(log.Generation)) is { } missing)
        {
            Engine.Tell(EngineEvent.LogsNotCopied, $"'{missing.Name}' was not copied", EngineEventLevel.Error);
            throw BackupRefusal.NotCopied($"'{missing.Name}' was not read to its end");
        }

        if (Truncates)
            await RunAsync(Truncate).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        using var call = Enter();
        Require(EngineBackupState.Logs, "complete");
        cancellationToken.ThrowIfCancellationRequested();
        await RunAsync(Complete).ConfigureAwait(false);
        Engine.Tell(EngineEvent.BackupComplete,
            $"the backup is complete, logs {BackupLogs.Text(_set.LowGeneration, _set.HighGeneration.Next)}");
    }

    /// <summary>
    /// Deletes the logs that recovery does not need, whether or not they were backed up, and ends the backup, which
    /// holds nothing. A log that is gone then leaves a gap behind the last backup.
    /// </summary>
    /// <returns>How many logs were deleted.</returns>
    public async ValueTask<int> TruncateAloneAsync()
    {
        using var call = Enter();
        Require(EngineBackupState.Databases, "truncate alone");
        await RunAsync(TruncateAlone).ConfigureAwait(false);
        Engine.Tell(EngineEvent.BackupComplete, "logs were truncated, and nothing was backed up");
        return _truncatable.Count;
    }

    private bool TruncateAlone()
    {
        _logs.Find();
        lock (Engine.Latch)
            _deleteTo = Engine.CheckpointGeneration;
        _truncatable = _logs.List(_logs.Lowest, _deleteTo);
        Truncate();
        lock (Engine.Latch)
        {
            RequireUnderWay();
            Append(BackupPhase.Stop, default);
            State = EngineBackupState.Completed;
            Engine.EndBackup();
        }

        return true;
    }

    // Everything logged before belongs to the set; nothing logged behind does.
    private bool FixLogs()
    {
        LogGeneration end, checkpoint;
        LogPosition mark;
        var now = Engine.Options.Now;
        lock (Engine.Latch)
        {
            RequireUnderWay();
            end = Engine.Log.Header.Generation;
            Engine.Log.Roll();
            if (Engine.Log.Header.Generation == end)
            {
                // Not even a record so far; but the trailers have named this generation.
                var records = new LogRecordWriter();
                records.Text(LogRecordType.ForceLogRollover, ushort.MaxValue, "backup\0"u8);
                Engine.Log.Append(records.Written);
                Engine.Log.Roll();
            }

            mark = Append(BackupPhase.PrepareLogs, new(default, now, default, default));
            (end, checkpoint) = (Engine.Log.Header.Generation, Engine.CheckpointGeneration);
        }

        Engine.Guard(Engine.Log.Flush);
        _logs.Find();
        var lowest = _logs.Lowest;
        if (!TakesDatabases)
            BackupContinuation.RequireNoGap(_attached, lowest);
        var low = TakesDatabases ? _begin.LowGeneration : lowest;
        var last = new LogGeneration(end.Value - 1);
        _set = TakesDatabases ? _begin with { HighGeneration = last } : new(mark, now, low, last);
        try
        {
            _files = _logs.Require(low, Engine.Options.Omits.HasFlag(OmittedRule.LastBackupLog) ? last : end);
        }
        catch (SourceException missing)
        {
            Engine.Tell(EngineEvent.LogMissing, missing.Message, EngineEventLevel.Error);
            throw;
        }

        if (checkpoint > end || Engine.Options.Omits.HasFlag(OmittedRule.TruncationLimit))
            checkpoint = end;
        _deleteTo = Truncates ? LastDeleted(checkpoint) : default;
        _truncatable = _logs.List(lowest, _deleteTo);
        State = EngineBackupState.Logs;
        Engine.Tell(EngineEvent.LogsChosen, $"the logs of the backup are {BackupLogs.Text(low, end)}");
        return true;
    }

    // A database that this backup does not hold needs the logs since its own last one; without one, all of them.
    private LogGeneration LastDeleted(LogGeneration below)
    {
        if (!TakesDatabases)
            return below;
        foreach (var database in _attached)
        {
            var last = database.Header.PreviousFull.HighGeneration;
            if (!IsHeld(database) && last < below)
                below = last;
        }

        return below;
    }

    private bool IsHeld(EngineDatabase database) =>
        _copies.Any(copy => copy.Database == database && copy.IsComplete);

    private bool Truncate()
    {
        var from = _truncatable.Count > 0 ? new LogGeneration(_truncatable[0].Generation) : _deleteTo;
        lock (Engine.Latch)
        {
            RequireUnderWay();
            Append(BackupPhase.Truncate, new(default, default, from, _deleteTo));
        }

        Engine.Guard(Engine.Log.Flush);
        int gone = _truncatable.Count(log => !Engine.Options.Disk.FileExists(log.OriginalPath));
        bool isDone = Engine.TryDeleteLogs(() => _logs.Delete(_truncatable));
        _hasTruncated = true;
        if (!isDone)
        {
            _truncatable = [];
            Engine.Tell(EngineEvent.NoLogsDeleted, "no log was deleted: a restore reads them; the next backup deletes them",
                EngineEventLevel.Warning);
            return true;
        }

        if (gone > 0)
        {
            Engine.Tell(EngineEvent.LogsWereGone, $"{gone} logs to be deleted were gone already",
                EngineEventLevel.Warning);
        }

        if (_truncatable.Count == 0)
            Engine.Tell(EngineEvent.NoLogsDeleted, "there was no log to delete");
        else
            Engine.Tell(EngineEvent.LogsDeleted, $"logs {BackupLogs.Text(from, _deleteTo)} were deleted");
        return true;
    }

    private bool Complete()
    {
        byte scope = (TakesDatabases, _hasTruncated) switch
        {
            (true, true) => BackupStep.Full,
            (true, false) => BackupStep.Copy,
            (false, true) => BackupStep.Incremental,
            _ => BackupStep.Differential,
        };
        List<EngineDatabase> marked = [.. TakesDatabases ? _attached.Where(IsHeld) : _attached];
        lock (Engine.Latch)
        {
            RequireUnderWay();
            foreach (var database in marked)
                Append(BackupPhase.Update, _set, scope, database.Slot);
        }

        Engine.Guard(Engine.Log.Flush);
        EngineDatabase? marking = null;
        try
        {
            lock (Engine.Latch)
            {
                RequireUnderWay();
                foreach (var database in marked)
                {
                    marking = database;
                    Engine.Guard(() => database.MarkBackup(
                        new(BackupPhase.Update, (uint)BackupInfoType.Streaming, scope, database.Slot, _set, 0)));
                }

                marking = null;
                Append(BackupPhase.Stop, default);
                State = EngineBackupState.Completed;
                Engine.EndBackup();
            }
        }
        catch (EseException failure) when (marking is not null)
        {
            Engine.Tell(EngineEvent.HeaderNotMarked, $"the header of '{marking.Path}' could not be given the mark of "
                + $"the backup: {failure.Message}", EngineEventLevel.Error);
            throw;
        }

        return true;
    }

    private async ValueTask<T> RunAsync<T>(Func<T> work)
    {
        try
        {
            return Engine.Options.HasBackgroundWork
                ? await Upkeep.RunAsync(work).ConfigureAwait(false)
                : work();
        }
        catch (EseException failure)
        {
            throw BackupRefusal.Of(failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"the logs cannot be listed or deleted: {failure.Message}", failure)
            {
                Error = JetError.DiskIO,
            };
        }
    }
}
