namespace PipelineBackup.Engine;

// Backups to a directory, and from one, of the only engine that there is.
public sealed partial class EngineHost
{
    /// <summary>
    /// Backs the only engine up to a directory, as <see cref="EmbeddedEngine.BackupToDirectoryAsync"/> does.
    /// </summary>
    /// <param name="path">The directory; null, or empty, to truncate logs and back nothing up.</param>
    /// <param name="options">How.</param>
    /// <param name="status">Is told of begin, progress, end. Null for nobody.</param>
    /// <param name="cancellationToken">Ends it, as long as the files do not stand.</param>
    /// <exception cref="SourceException">
    /// −1029: there is no engine; −1081: there are several; and what the backup of an engine throws.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public ValueTask<DirectoryBackupReport> BackupToDirectoryAsync(string? path,
        DirectoryBackupOptions options = DirectoryBackupOptions.None, IProgress<BackupStatus>? status = null,
        CancellationToken cancellationToken = default)
    {
        EmbeddedEngine only;
        try
        {
            only = RequireOnly();
        }
        catch (EseException refusal)
        {
            throw BackupRefusal.Of(refusal);
        }

        return only.BackupToDirectoryAsync(path, options, status, cancellationToken);
    }

    /// <summary>
    /// Restores a directory with the only engine, as <see cref="EmbeddedEngine.RestoreDirectoryAsync"/> does.
    /// </summary>
    /// <param name="path">The directory; an atomic backup is found in <c>new</c> or <c>old</c> below it.</param>
    /// <param name="destination">Where the databases go; null for where they were.</param>
    /// <param name="progress">Takes the progress of the replay; null for nobody.</param>
    /// <param name="cancellationToken">Ends it; databases that were copied must be restored anew.</param>
    /// <exception cref="EseException">
    /// −1029: there is no engine; −1081: there are several; and what the restore of an engine throws.
    /// </exception>
    public ValueTask<RecoveryReport> RestoreDirectoryAsync(string path, string? destination = null,
        IProgress<RecoveryProgress>? progress = null, CancellationToken cancellationToken = default) =>
        RequireOnly().RestoreDirectoryAsync(path, destination, progress, cancellationToken);
}
