namespace PipelineBackup.Sequences;

/// <summary>
/// The half of the sequences that holds the sessions: a program makes one over its instances, clients call it through
/// <see cref="IBackupSequences"/> and <see cref="IRestoreSequences"/>, in the same process or over whatever carries
/// plain values. Sessions that are left alone are aborted; disposing it aborts all.
/// </summary>
public sealed partial class SequenceServer : IBackupSequences, IRestoreSequences, IAsyncDisposable
{
    private readonly SequenceServerOptions _options;
    private readonly ContextTable _contexts;
    private readonly InstanceLedger _ledger = new();

    /// <summary>A server.</summary>
    /// <param name="options">What it serves.</param>
    /// <exception cref="BackupException">The options make no sense.</exception>
    public SequenceServer(SequenceServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.AbandonAfter <= TimeSpan.Zero || options.MostSessions <= 0 || options.MostReadBytes < LeastRead
            || options.Services.DistinctBy(service => service.Name).Count() != options.Services.Count)
        {
            throw SequenceRefusal.Senseless("the options of the server make no sense",
                $"times and bounds are positive, reads of {LeastRead} bytes at least are allowed, services have "
                    + "names of their own");
        }

        (_options, _contexts) = (options, new(options));
    }

    // Three pages of the largest size.
    private const int LeastRead = 3 * 32768;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ServerNode>> GetNodesAsync(CancellationToken cancellationToken) =>
        new([new ServerNode(_options.Name, _options.Name), .. _options.OtherNodes]);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RegisteredService>> GetRegisteredAsync(
        string server, CancellationToken cancellationToken)
    {
        RequireServer(server);
        return new([.. _options.Services.Select(service => new RegisteredService(service.Name,
            service.DisplayName.Length > 0 ? service.DisplayName : service.Name,
            _options.RestoreDirectory is not null))]);
    }

    /// <inheritdoc/>
    public async ValueTask<PreparedBackup> PrepareAsync(
        string server, string service, CancellationToken cancellationToken)
    {
        _contexts.RequireRoom();
        var context = new BackupContext(Find(server, service), _options, _ledger);
        var instances = await SequenceRefusal.ToldAsync(
            "the instances cannot be listed", () => context.ListAsync(cancellationToken)).ConfigureAwait(false);
        await _contexts.AddAsync(context).ConfigureAwait(false);
        return new(context.Id, instances);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TokenedName>> SetupAsync(
        Guid context, BackupSetup setup, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(setup);
        return _contexts.CallAsync<BackupContext, IReadOnlyList<TokenedName>>(
            context, "the backup cannot begin", found => found.SetupAsync(setup, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TokenedName>> GetDatabaseNamesAsync(
        Guid context, CancellationToken cancellationToken) =>
        CallAsync(context, "name the databases of", backup => new ValueTask<IReadOnlyList<TokenedName>>(
            backup.DatabaseNames()));

    /// <inheritdoc/>
    public ValueTask<OpenedFile> OpenFileAsync(Guid context, TokenedName file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        return CallAsync(context, "open a file of", backup => backup.OpenAsync(file, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> ReadFileAsync(
        Guid context, int handle, int count, CancellationToken cancellationToken) =>
        CallAsync(context, "read a file of", backup => backup.ReadAsync(handle, count, cancellationToken));

    /// <inheritdoc/>
    public async ValueTask CloseFileAsync(Guid context, int handle, CancellationToken cancellationToken) =>
        await CallAsync(context, "close a file of", async backup =>
        {
            await backup.CloseAsync(handle).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TokenedName>> GetLogAndPatchFilesAsync(
        Guid context, CancellationToken cancellationToken) =>
        CallAsync(context, "list the logs of", backup => backup.LaterFilesAsync(cancellationToken));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TokenedName>> GetTruncateLogFilesAsync(
        Guid context, CancellationToken cancellationToken) =>
        CallAsync(context, "list the logs to be truncated of", backup => backup.TruncatableAsync(cancellationToken));

    /// <inheritdoc/>
    public async ValueTask TruncateLogAsync(Guid context, CancellationToken cancellationToken) =>
        await CallAsync(context, "truncate the logs of", async backup =>
        {
            await backup.TruncateAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<BackupEnding> InstanceEndAsync(
        Guid context, bool isSuccess, CancellationToken cancellationToken) =>
        _contexts.CallAsync<BackupContext, BackupEnding>(
            context, "the backup cannot be ended", found => found.InstanceEndAsync(isSuccess, cancellationToken));

    /// <inheritdoc/>
    public ValueTask EndAsync(Guid context, CancellationToken cancellationToken) =>
        _contexts.EndAsync<BackupContext>(context, "the session cannot be ended", static _ => default);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _contexts.DisposeAsync();

    private ValueTask<T> CallAsync<T>(Guid context, string what, Func<InstanceBackup, ValueTask<T>> call) =>
        _contexts.CallAsync<BackupContext, T>(
            context, $"it is not possible to {what} the backup", found => call(found.Require(what)));

    private void RequireServer(string server)
    {
        if (server.Equals(_options.Name, StringComparison.OrdinalIgnoreCase))
            return;
        throw SequenceRefusal.NotFound($"this is not the server '{server}'",
            $"it is '{_options.Name}': connect to the other one to ask it");
    }

    private HostedService Find(string server, string service)
    {
        RequireServer(server);
        return _options.Services.FirstOrDefault(
            one => one.Name.Equals(service, StringComparison.OrdinalIgnoreCase))
            ?? throw SequenceRefusal.NotFound($"no service '{service}' is registered on '{_options.Name}'",
                $"there are: {string.Join(", ", _options.Services.Select(one => one.Name))}");
    }
}
