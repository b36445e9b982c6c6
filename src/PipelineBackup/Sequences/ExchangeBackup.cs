namespace PipelineBackup.Sequences;

/// <summary>
/// The client's half of the newer sequence (HrESEBackupPrepare and what follows): a session with a service, in which
/// one instance after the other is backed up. Instances are backed up in parallel by several of these.
/// </summary>
/// <remarks>
/// <code>
/// GetNodes GetRegistered │ Prepare ─► Setup ─► OpenFile ReadFile CloseFile … ─► GetLogAndPatchFiles
///                        │              ▲        ─► OpenFile ReadFile CloseFile … ─► GetTruncateLogFiles
///                        │              └─────── InstanceEnd ◄── TruncateLog ◄─────────────┘     End
/// </code>
/// Disposing without <see cref="EndAsync"/> gives up what goes on.
/// </remarks>
public sealed class ExchangeBackup : IAsyncDisposable
{
    private readonly IBackupSequences _server;
    private bool _isEnded;

    private ExchangeBackup(IBackupSequences server, PreparedBackup prepared) =>
        (_server, Context, Instances) = (server, prepared.Context, prepared.Instances);

    /// <summary>The handle of the session: with it another process can go on, or end it.</summary>
    public Guid Context { get; }

    /// <summary>The instances that ran when the session began.</summary>
    public IReadOnlyList<PreparedInstance> Instances { get; }

    /// <summary>The servers (HrESEBackupRestoreGetNodes).</summary>
    /// <param name="server">The server half, here or over a wire.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static ValueTask<IReadOnlyList<ServerNode>> GetNodesAsync(
        IBackupSequences server, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        return server.GetNodesAsync(cancellationToken);
    }

    /// <summary>The services of a server (HrESEBackupRestoreGetRegistered).</summary>
    /// <param name="server">The server half.</param>
    /// <param name="name">Name of the server.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static ValueTask<IReadOnlyList<RegisteredService>> GetRegisteredAsync(
        IBackupSequences server, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        return server.GetRegisteredAsync(name, cancellationToken);
    }

    /// <summary>Connects with a service, and learns which instances run (HrESEBackupPrepare).</summary>
    /// <param name="server">The server half.</param>
    /// <param name="name">Name of the server.</param>
    /// <param name="service">Name of the service, for instance <c>Microsoft Information Store</c>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async ValueTask<ExchangeBackup> PrepareAsync(
        IBackupSequences server, string name, string service, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        return new(server, await server.PrepareAsync(name, service, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Tells the server which instance to back up, and how (HrESEBackupSetup).</summary>
    /// <param name="instance">Id of the instance.</param>
    /// <param name="kind">Type of the backup.</param>
    /// <param name="databases">Databases to take; none for all.</param>
    /// <param name="cancellationToken">Ends the call; nothing is begun then.</param>
    /// <returns>The files of the databases, each to be read by itself; none for types that take only logs.</returns>
    /// <exception cref="BackupException">
    /// −560, −526, −569, −528, −515, −530: a backup of logs alone is not possible, a full one is needed; −505: the
    /// instance, or this session, makes a backup already; −1203: it has no such database.
    /// </exception>
    public ValueTask<IReadOnlyList<TokenedName>> SetupAsync(int instance, BackupKind kind,
        IReadOnlyList<Guid>? databases = null, CancellationToken cancellationToken = default) =>
        _server.SetupAsync(
            Context, new() { Instance = instance, Kind = kind, Databases = databases ?? [] }, cancellationToken);

    /// <summary>Opens a file (HrESEBackupOpenFile).</summary>
    /// <param name="file">One of those that were listed.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask<OpenedFile> OpenFileAsync(TokenedName file, CancellationToken cancellationToken = default) =>
        _server.OpenFileAsync(Context, file, cancellationToken);

    /// <summary>Reads on in it (HrESEBackupReadFile).</summary>
    /// <param name="file">The file.</param>
    /// <param name="buffer">Takes the bytes.</param>
    /// <param name="cancellationToken">Ends the call; the file is closed then, and to be read again.</param>
    /// <returns>Number of bytes; 0 at the end.</returns>
    public ValueTask<int> ReadFileAsync(
        OpenedFile file, Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        SequenceReading.ReadAsync(_server, Context, file, buffer, cancellationToken);

    /// <summary>Closes it (HrESEBackupCloseFile).</summary>
    /// <param name="file">The file.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask CloseFileAsync(OpenedFile file, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        return _server.CloseFileAsync(Context, file.Handle, cancellationToken);
    }

    /// <summary>Ends the databases; the logs and other files are to be read next (HrESEBackupGetLogAndPatchFiles).</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask<IReadOnlyList<TokenedName>> GetLogAndPatchFilesAsync(
        CancellationToken cancellationToken = default) =>
        _server.GetLogAndPatchFilesAsync(Context, cancellationToken);

    /// <summary>What <see cref="TruncateLogAsync"/> would delete (HrESEBackupGetTruncateLogFiles).</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask<IReadOnlyList<TokenedName>> GetTruncateLogFilesAsync(
        CancellationToken cancellationToken = default) =>
        _server.GetTruncateLogFilesAsync(Context, cancellationToken);

    /// <summary>
    /// Deletes the logs that nothing needs any more (HrESEBackupTruncateLog). Only of full and incremental backups, and
    /// only when everything was copied; never call it for a backup that did not succeed on the client's side.
    /// </summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask TruncateLogAsync(CancellationToken cancellationToken = default) =>
        _server.TruncateLogAsync(Context, cancellationToken);

    /// <summary>Ends the backup of the instance (HrESEBackupInstanceEnd); another one may be set up.</summary>
    /// <param name="isSuccess">Whether the copies stand.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask<BackupEnding> InstanceEndAsync(
        bool isSuccess = true, CancellationToken cancellationToken = default) =>
        _server.InstanceEndAsync(Context, isSuccess, cancellationToken);

    /// <summary>Disconnects (HrESEBackupEnd); a backup that still goes on is given up.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask EndAsync(CancellationToken cancellationToken = default)
    {
        _isEnded = true;
        return _server.EndAsync(Context, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (_isEnded)
            return default;
        _isEnded = true;
        return SequenceReading.AbortAsync(_server, Context);
    }
}
