namespace PipelineBackup.Sequences;

/// <summary>
/// The calls of both backup sequences as a server answers them. Arguments and results are plain values, so that a wire
/// can carry them; failures are <see cref="BackupException"/>s, whose plain value is <see cref="SequenceFault"/>.
/// </summary>
/// <remarks>
/// <code>
/// GetNodes GetRegistered │ Prepare ─► Setup ─► Open Read Close … ─► GetLogAndPatchFiles ─► Open Read Close …
///                        │   ▲  databases │                             logs │     ─► TruncateLog ─┐
///                        │   └────────────┴─────── InstanceEnd ◄─────────────┴─────────────────────┘ ─► End
/// </code>
/// <para>
/// One call at a time for each context (−1910). A context that is left alone for longer than the server allows is
/// aborted, and its handle is unknown from then on (−520). Sessions are independent of each other: instances are
/// backed up in parallel by sessions in parallel.
/// </para>
/// </remarks>
public interface IBackupSequences
{
    /// <summary>The servers that this one knows, itself among them.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<IReadOnlyList<ServerNode>> GetNodesAsync(CancellationToken cancellationToken);

    /// <summary>The services of a server that are registered for backups.</summary>
    /// <param name="server">Name of the server.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<IReadOnlyList<RegisteredService>> GetRegisteredAsync(string server, CancellationToken cancellationToken);

    /// <summary>Begins a session with a service, and tells which instances run.</summary>
    /// <param name="server">Name of the server.</param>
    /// <param name="service">Name of the service.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<PreparedBackup> PrepareAsync(string server, string service, CancellationToken cancellationToken);

    /// <summary>
    /// Begins the backup of an instance: from now until its end no database comes or goes there. −505: it is being
    /// backed up; −526, −560, −569, −528, −515 and others: no backup of this type is possible, a full one is needed.
    /// </summary>
    /// <param name="context">The session.</param>
    /// <param name="setup">Which instance, and how.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The databases to read.</returns>
    ValueTask<IReadOnlyList<TokenedName>> SetupAsync(
        Guid context, BackupSetup setup, CancellationToken cancellationToken);

    /// <summary>The files of the databases that are to be read; −521 for backups of logs alone, and later.</summary>
    /// <param name="context">The session.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<IReadOnlyList<TokenedName>> GetDatabaseNamesAsync(Guid context, CancellationToken cancellationToken);

    /// <summary>Opens a file for reading; −1011 as long as another one is open.</summary>
    /// <param name="context">The session.</param>
    /// <param name="file">One of the names that the server gave.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<OpenedFile> OpenFileAsync(Guid context, TokenedName file, CancellationToken cancellationToken);

    /// <summary>Reads on in the open file. What is read has been verified.</summary>
    /// <param name="context">The session.</param>
    /// <param name="handle">The file.</param>
    /// <param name="count">Bytes to read.</param>
    /// <param name="cancellationToken">
    /// Ends the call; the file is closed then, and must be read again from its start.
    /// </param>
    /// <returns>The bytes, valid until the next call with this context; none at the end of the file.</returns>
    ValueTask<ReadOnlyMemory<byte>> ReadFileAsync(
        Guid context, int handle, int count, CancellationToken cancellationToken);

    /// <summary>Closes the open file. It counts as copied when it was read to its end.</summary>
    /// <param name="context">The session.</param>
    /// <param name="handle">The file.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask CloseFileAsync(Guid context, int handle, CancellationToken cancellationToken);

    /// <summary>Ends the databases, and gives the logs and patch files that go with them.</summary>
    /// <param name="context">The session.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<IReadOnlyList<TokenedName>> GetLogAndPatchFilesAsync(Guid context, CancellationToken cancellationToken);

    /// <summary>The logs that <see cref="TruncateLogAsync"/> would delete.</summary>
    /// <param name="context">The session.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<IReadOnlyList<TokenedName>> GetTruncateLogFilesAsync(Guid context, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes the logs that nothing needs any more. −521: the backup is a differential or a copy, or something failed;
    /// −616: a log was not read to its end.
    /// </summary>
    /// <param name="context">The session.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask TruncateLogAsync(Guid context, CancellationToken cancellationToken);

    /// <summary>Ends the backup of the instance; the session can set up another one.</summary>
    /// <param name="context">The session.</param>
    /// <param name="isSuccess">Whether the copies stand; else it is given up.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What became of it: a backup that is not whole is given up though it was called a success.</returns>
    ValueTask<BackupEnding> InstanceEndAsync(Guid context, bool isSuccess, CancellationToken cancellationToken);

    /// <summary>Ends the session; a backup that still goes on is given up.</summary>
    /// <param name="context">The session.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask EndAsync(Guid context, CancellationToken cancellationToken);
}
