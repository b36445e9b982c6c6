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
    /// Begins a backup while everybody goes on reading and writing. Until it has ended no database can be made, attached
    /// or detached, and closing the engine ends it.
    /// </summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Ends the waiting for those that make, attach or detach databases.</param>
    /// <exception cref="SourceException">
    /// −505: another one goes on; −560, −569, −528, −515, −530, −526: no backup of logs alone can follow the last one;
    /// −1203: there is no database to back up; −1090: the engine failed or was closed; −529: the disk of the logs is full.
    /// </exception>
    public async ValueTask<IBackupSession> BeginBackupAsync(
        BackupRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        await _life.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            EngineBackup backup;
            lock (Latch)
            {
                RequireWritable();
                if (_backup is not null)
                    throw BackupRefusal.InProgress();
                _backup = backup = new(this, request);
            }

            backup.TellBegin();
            return backup;
        }
        catch (EseException e)
        {
            throw BackupRefusal.Of(e);
        }
        finally
        {
            _life.Release();
        }
    }

    /// <summary>The backup is over, however it ended. With the latch held.</summary>
    internal void EndBackup()
    {
        _backup?.Stop();
        (_backup, KeptFrom) = (null, default);
    }

    /// <summary>Tells whoever listens. Without the latch.</summary>
    /// <param name="id">Number of the event.</param>
    /// <param name="message">What happened.</param>
    /// <param name="level">How much it should worry.</param>
    internal void Tell(int id, string message, EngineEventLevel level = EngineEventLevel.Information) =>
        Options.Events?.Report(new(id, level, message));

    private void RequireNoBackup()
    {
        if (_backup is not null)
        {
            throw new EseException(EseError.BackupInProgress,
                "databases are not made, attached or detached while a backup goes on", "wait until it has ended");
        }
    }
}
