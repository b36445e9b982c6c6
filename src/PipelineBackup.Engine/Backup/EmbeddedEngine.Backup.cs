namespace PipelineBackup.Engine;

// The engine as a source of backups.
public sealed partial class EmbeddedEngine : IBackupSource
{
    private EngineBackup? _backup;

    /// <summary>Where recovery would begin.</summary>
    internal LogGeneration CheckpointGeneration => _checkpoint.Position.Generation;

    /// <inheritdoc/>
    ValueTask<IBackupSession> IBackupSource.BeginAsync(BackupRequest request, CancellationToken cancellationToken) =>
        BeginBackupAsync(request, cancellationToken);

    /// <summary>
    /// Begins a backup while everybody goes on reading and writing. Until it has ended no database can be made,
    /// attached or detached, and closing the engine ends it.
    /// </summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Ends the waiting for those that make, attach or detach databases.</param>
    /// <exception cref="SourceException">
    /// −505: another one goes on, or a snapshot; −560, −569, −528, −515, −530, −526: no backup of logs alone can follow the last one;
    /// −1203: there is no database to back up; −1029: the engine was not opened, or is closed; −523: it is being opened;
    /// −506: a restore goes on in it; −1329: its activity has ceased; −1000: it is being closed; −516: it logs nothing;
    /// −510: its log cannot be written; −1090: something else could not; −529: the disk of the logs is full.
    /// </exception>
    public async ValueTask<IBackupSession> BeginBackupAsync(
        BackupRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequireBackupAllowed();
        if (_isFrozen)
            throw BackupRefusal.InProgress();
        await _life.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var backup = Options.HasBackgroundWork
                ? await Upkeep.RunAsync(() => BeginBackup(request)).ConfigureAwait(false)
                : BeginBackup(request);
            backup.TellBegin();
            return backup;
        }
        catch (EseException e)
        {
            throw BackupRefusal.Of(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"the logs cannot be read: {e.Message}", e) { Error = JetError.DiskIO };
        }
        finally
        {
            _life.Release();
        }
    }

    /// <summary>
    /// Asks the backup that goes on to end: its next call is refused with −801, and whoever made it ends it then. Nothing
    /// when there is none.
    /// </summary>
    public void StopBackup()
    {
        lock (Latch)
            _backup?.Stop();
    }

    /// <summary>The backup is over, however it ended. With the latch held.</summary>
    internal void EndBackup()
    {
        _backup?.Stop();
        (_backup, KeptFrom) = (null, default);
    }

    /// <summary>Whether a backup still holds its logs. With the latch held.</summary>
    /// <param name="backup">The backup.</param>
    internal bool IsUnderWay(EngineBackup backup) => _backup == backup;

    /// <summary>The engine can be backed up; whether a backup goes on already does not matter.</summary>
    /// <exception cref="SourceException">
    /// −523: it does not run yet; −516: it logs nothing; −510: its log cannot be written; and the error of its state.
    /// </exception>
    internal void RequireBackupAllowed()
    {
        if (State is EngineState.Initialising or EngineState.Recovering && !_isRestoring)
        {
            throw BackupRefusal.Of(new(EseError.BackupNotAllowedYet, "the engine is not ready yet: it is being opened",
                "try again when it is open"));
        }

        if (_log is { IsBroken: true, Failure: var failure } && State == EngineState.Unavailable)
        {
            throw BackupRefusal.Of(new(EseError.LogWriteFail, $"the log cannot be written: {failure!.Message}",
                failure.Hint));
        }

        if (Refusal() is { } refusal)
            throw BackupRefusal.Of(refusal);
        if (Options.LoggingDisabled)
        {
            throw BackupRefusal.Of(new(EseError.LoggingDisabled, "the engine logs nothing, so it cannot be backed up",
                "close it, and copy its databases"));
        }
    }

    /// <summary>Tells whoever listens. Without the latch.</summary>
    /// <param name="id">Number of the event.</param>
    /// <param name="message">What happened.</param>
    /// <param name="level">How much it should worry.</param>
    internal void Tell(int id, string message, EngineEventLevel level = EngineEventLevel.Information) =>
        EngineEvent.Tell(Options.Events, id, level, message);

    // Logs are looked at without the latch: as long as databases neither come nor go nobody else deletes any. What is
    // copied should be in the pages, not only in the logs, so those are written first.
    private EngineBackup BeginBackup(BackupRequest request)
    {
        lock (Latch)
            RequireNoOther();
        if (request.Kind is BackupKind.Incremental or BackupKind.Differential)
            BackupContinuation.Require(this, request.Parent);
        else
            WriteBackAll();
        lock (Latch)
        {
            RequireNoOther();
            return _backup = new(this, request);
        }
    }

    private void RequireNoOther()
    {
        RequireBackupAllowed();
        RequireWritable();
        if (_backup is not null || _snapshot is not null)
            throw BackupRefusal.InProgress();
    }

    private void RequireNoBackup()
    {
        if (_backup is not null || _snapshot is not null)
        {
            throw new EseException(EseError.BackupInProgress,
                "databases are not made, attached or detached while a backup goes on", "wait until it has ended");
        }
    }
}
