namespace PipelineBackup;

/// <summary>Something that holds databases and can be backed up: files at rest, an embedded engine, a server.</summary>
public interface IBackupSource
{
    /// <summary>Begins a backup: from here on the source keeps the logs that the backup will need.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Ends the call; nothing is begun then.</param>
    /// <exception cref="SourceException">The source refuses: its error, hint and exit code say why.</exception>
    ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken);
}
