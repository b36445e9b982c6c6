namespace PipelineBackup.Sequences;

/// <summary>How the older sequence backs up.</summary>
public enum BackupMethod
{
    /// <summary>Databases and logs.</summary>
    Full,

    /// <summary>Logs alone, for an incremental backup, which truncates them, or a differential one, which does not.</summary>
    LogsOnly,
}

/// <summary>
/// The client's half of the older sequence (HrBackupPrepare and what follows), of a service with one instance.
/// </summary>
/// <remarks>
/// <code>
/// Prepare ─► GetDatabaseNames ─► Open Read Close … ─► GetBackupLogs ─► Open Read Close … ─► TruncateLogs ─► End
///            └─────────── Full only ─────────────┘                              not for a differential backup
/// </code>
/// Lists are values: nothing has to be freed. Disposing without <see cref="EndAsync"/> gives the backup up.
/// </remarks>
public sealed class Exchange4Backup : IAsyncDisposable
{
    private readonly IBackupSequences _server;
    private readonly Guid _context;
    private bool _isEnded;

    private Exchange4Backup(IBackupSequences server, Guid context) => (_server, _context) = (server, context);

    /// <summary>Begins a backup (HrBackupPrepare).</summary>
    /// <param name="server">The server half, here or over a wire.</param>
    /// <param name="name">Name of the server.</param>
    /// <param name="service">Name of the service.</param>
    /// <param name="method">The type of the backup.</param>
    /// <param name="keepsLogs">
    /// Whether it is known beforehand that logs are not to be truncated: the backup is then a differential one, or a
    /// copy, and <see cref="TruncateLogsAsync"/> is refused.
    /// </param>
    /// <param name="cancellationToken">Ends the call; nothing is begun then.</param>
    /// <exception cref="BackupException">
    /// −560, −526, −569, −528, −515, −530: a backup of logs alone is not possible, a full one is needed; −1081: the
    /// service runs several instances; −1029: it runs none; −505: a backup goes on.
    /// </exception>
    public static async ValueTask<Exchange4Backup> PrepareAsync(IBackupSequences server, string name, string service,
        BackupMethod method, bool keepsLogs = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        var prepared = await server.PrepareAsync(name, service, cancellationToken).ConfigureAwait(false);
        try
        {
            if (prepared.Instances is not [var instance])
                throw NotOne(service, prepared.Instances.Count);
            var setup = new BackupSetup
            {
                Instance = instance.Id,
                Kind = (method, keepsLogs) switch
                {
                    (BackupMethod.Full, false) => BackupKind.Full,
                    (BackupMethod.Full, true) => BackupKind.Copy,
                    (_, false) => BackupKind.Incremental,
                    _ => BackupKind.Differential,
                },
                NeedsAllDatabases = true,
            };
            await server.SetupAsync(prepared.Context, setup, cancellationToken).ConfigureAwait(false);
            return new(server, prepared.Context);
        }
        catch
        {
            await server.EndAsync(prepared.Context, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The databases, each with its token (HrBackupGetDatabaseNames). Of full backups only.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask<IReadOnlyList<TokenedName>> GetDatabaseNamesAsync(CancellationToken cancellationToken = default) =>
        _server.GetDatabaseNamesAsync(_context, cancellationToken);

    /// <summary>Opens a file (HrBackupOpenFile).</summary>
    /// <param name="file">One of those that were listed.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask<OpenedFile> OpenFileAsync(TokenedName file, CancellationToken cancellationToken = default) =>
        _server.OpenFileAsync(_context, file, cancellationToken);

    /// <summary>Reads on in it (HrBackupRead).</summary>
    /// <param name="file">The file.</param>
    /// <param name="buffer">Takes the bytes.</param>
    /// <param name="cancellationToken">Ends the call; the file is closed then, and to be read again.</param>
    /// <returns>Number of bytes; 0 at the end.</returns>
    public ValueTask<int> ReadAsync(
        OpenedFile file, Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        SequenceReading.ReadAsync(_server, _context, file, buffer, cancellationToken);

    /// <summary>Closes it (HrBackupClose).</summary>
    /// <param name="file">The file.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask CloseAsync(OpenedFile file, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        return _server.CloseFileAsync(_context, file.Handle, cancellationToken);
    }

    /// <summary>The logs and patch files, each with its token (HrBackupGetBackupLogs).</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask<IReadOnlyList<TokenedName>> GetBackupLogsAsync(CancellationToken cancellationToken = default) =>
        _server.GetLogAndPatchFilesAsync(_context, cancellationToken);

    /// <summary>
    /// Deletes the logs that nothing needs any more (HrBackupTruncateLogs). Only of full and incremental backups, and
    /// only when everything was copied; never call it for a backup that did not succeed on the client's side.
    /// </summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask TruncateLogsAsync(CancellationToken cancellationToken = default) =>
        _server.TruncateLogAsync(_context, cancellationToken);

    /// <summary>Ends the backup, and lets its context go (HrBackupEnd).</summary>
    /// <param name="isSuccess">Whether the copies stand.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask<BackupEnding> EndAsync(bool isSuccess = true, CancellationToken cancellationToken = default)
    {
        _isEnded = true;
        try
        {
            return await _server.InstanceEndAsync(_context, isSuccess, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await _server.EndAsync(_context, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (_isEnded)
            return default;
        _isEnded = true;
        return SequenceReading.AbortAsync(_server, _context);
    }

    private static BackupException NotOne(string service, int count) => count == 0
        ? new($"'{service}' runs no instance")
        {
            Error = new(-1029, "JET_errNotInitialized"),
            Hint = "begin again when it runs",
        }
        : new($"'{service}' runs {count} instances, and this sequence names none")
        {
            Error = new(-1081, "JET_errRunningInMultiInstanceMode"),
            Hint = "use the sequence that sets up an instance",
        };
}
