namespace PipelineBackup;

/// <summary>
/// A backup that a source has begun. The steps follow the engine's own calls: databases are opened, read and closed one
/// at a time; then the log list is frozen, and logs and patch files are read; then, if the backup stands, old logs are
/// truncated and the session is completed. A step out of order is refused with <see cref="JetError.InvalidBackupSequence"/>.
/// </summary>
/// <remarks>
/// <code>
/// Begin ─► Databases ─EndDatabases─► Logs ─[TruncateLogs]─► Complete
///             └──────────── Dispose = abort ─────────────┘
/// </code>
/// </remarks>
public interface IBackupSession : IAsyncDisposable
{
    /// <summary>What identifies the backup on its source.</summary>
    BackupStamp Stamp { get; }

    /// <summary>The databases to read, in the order to read them; empty for kinds that take only logs.</summary>
    IReadOnlyList<SourceFile> Databases { get; }

    /// <summary>Opens a file. At most one is open at a time: dispose the last one first.</summary>
    /// <param name="file">One of <see cref="Databases"/>, or of the list that <see cref="EndDatabasesAsync"/> gave.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken);

    /// <summary>Ends the databases and freezes the list of what must go with them: logs and patch files.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken);

    /// <summary>The logs that <see cref="TruncateLogsAsync"/> would delete.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken);

    /// <summary>Deletes the logs that neither a database nor a later restore needs any more. Only after the backup stands.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask TruncateLogsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Asks the source for a last objection: whether what was read is still what was there, for instance that no file
    /// changed meanwhile. Called after the last byte was read and before anything is published.
    /// </summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="SourceException">What was read must not be published.</exception>
    ValueTask ValidateAsync(CancellationToken cancellationToken);

    /// <summary>Ends the backup as a success. Disposing without it aborts.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask CompleteAsync(CancellationToken cancellationToken);
}
