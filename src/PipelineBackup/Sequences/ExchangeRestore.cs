namespace PipelineBackup.Sequences;

/// <summary>
/// The client's half of a restore (HrESERestoreOpen and what follows): of one instance. Instances are restored in
/// parallel by several of these.
/// </summary>
/// <remarks>
/// <code>
/// Open ─► AddDatabase … ─► OpenFile WriteFile CloseFile … ─► SaveEnvironment ─► Complete ─► Close
///                                     ▲                              │
///                                     └── Reopen: the next backup ◄──┘ Close
/// </code>
/// Disposing without <see cref="CloseAsync"/> removes what was written, unless it was saved.
/// </remarks>
public sealed class ExchangeRestore : IAsyncDisposable
{
    private readonly IRestoreSequences _server;
    private readonly OpenedRestore _opened;
    private bool _isSaved, _isClosed;

    private ExchangeRestore(IRestoreSequences server, OpenedRestore opened, bool isSaved) =>
        (_server, _opened, _isSaved, Locations) = (server, opened, isSaved, new(opened.Locations));

    /// <summary>Where the files go.</summary>
    public LocationTable Locations { get; }

    /// <summary>Where logs and patch files go, on the server.</summary>
    public string Directory => _opened.Directory;

    /// <summary>Where the files of an instance go (HrRestoreGetDatabaseLocations).</summary>
    /// <param name="server">The server half, here or over a wire.</param>
    /// <param name="name">Name of the server.</param>
    /// <param name="service">Name of the service.</param>
    /// <param name="instance">Name of the instance.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async ValueTask<LocationTable> GetDatabaseLocationsAsync(IRestoreSequences server, string name,
        string service, string instance, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        return new(await server.GetDatabaseLocationsAsync(name, service, instance, cancellationToken)
            .ConfigureAwait(false));
    }

    /// <summary>Begins a restore (HrESERestoreOpen).</summary>
    /// <param name="server">The server half.</param>
    /// <param name="name">Name of the server.</param>
    /// <param name="service">Name of the service.</param>
    /// <param name="instance">Name of the instance.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async ValueTask<ExchangeRestore> OpenAsync(IRestoreSequences server, string name, string service,
        string instance, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        var opened = await server.OpenAsync(name, service, instance, cancellationToken).ConfigureAwait(false);
        return new(server, opened, isSaved: false);
    }

    /// <summary>Goes on with a restore whose environment was saved (HrESERestoreReopen).</summary>
    /// <param name="server">The server half.</param>
    /// <param name="name">Name of the server.</param>
    /// <param name="service">Name of the service.</param>
    /// <param name="instance">Name of the instance.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async ValueTask<ExchangeRestore> ReopenAsync(IRestoreSequences server, string name, string service,
        string instance, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        var opened = await server.ReopenAsync(name, service, instance, cancellationToken).ConfigureAwait(false);
        return new(server, opened, isSaved: true);
    }

    /// <summary>Adds a database (HrESERestoreAddDatabase).</summary>
    /// <param name="database">Token and path that were kept with its copy.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Where it goes.</returns>
    public ValueTask<string> AddDatabaseAsync(TokenedName database, CancellationToken cancellationToken = default) =>
        _server.AddDatabaseAsync(_opened.Context, database, cancellationToken);

    /// <summary>Opens a file for writing (HrESERestoreOpenFile).</summary>
    /// <param name="file">Token and path that were kept with its copy.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its handle.</returns>
    public ValueTask<int> OpenFileAsync(
        TokenedName file, long length, CancellationToken cancellationToken = default) =>
        _server.OpenFileAsync(_opened.Context, file, length, cancellationToken);

    /// <summary>Writes on in it (HrESERestoreWriteFile).</summary>
    /// <param name="handle">The file.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Ends the call; the file is discarded then.</param>
    public ValueTask WriteFileAsync(
        int handle, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        _server.WriteFileAsync(_opened.Context, handle, bytes, cancellationToken);

    /// <summary>Closes it (HrESERestoreCloseFile): what is not whole or not sound is refused, and discarded.</summary>
    /// <param name="handle">The file.</param>
    /// <param name="cancellationToken">Ends the call; the file is discarded then.</param>
    public ValueTask CloseFileAsync(int handle, CancellationToken cancellationToken = default) =>
        _server.CloseFileAsync(_opened.Context, handle, cancellationToken);

    /// <summary>Saves what recovery will need (HrESERestoreSaveEnvironment).</summary>
    /// <param name="target">What recovery goes on with; null for nothing.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask<RestoreEnvironment> SaveEnvironmentAsync(
        RestoreTarget? target = null, CancellationToken cancellationToken = default)
    {
        var saved = await _server.SaveEnvironmentAsync(_opened.Context, target ?? new(), cancellationToken)
            .ConfigureAwait(false);
        _isSaved = true;
        return saved;
    }

    /// <summary>What was saved (HrESERestoreGetEnvironment).</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask<RestoreEnvironment> GetEnvironmentAsync(CancellationToken cancellationToken = default) =>
        _server.GetEnvironmentAsync(_opened.Context, cancellationToken);

    /// <summary>Recovers the databases (HrESERestoreComplete).</summary>
    /// <param name="rollsForward">Whether replay goes on with the logs of the instance.</param>
    /// <param name="cancellationToken">Ends it in good order; the databases are of no use then.</param>
    public ValueTask<RestoreOutcome> CompleteAsync(
        bool rollsForward = false, CancellationToken cancellationToken = default) =>
        _server.CompleteAsync(_opened.Context, rollsForward, cancellationToken);

    /// <summary>Ends the restore (HrESERestoreClose).</summary>
    /// <param name="isSuccess">Whether what was recovered, or saved, is to stay.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask CloseAsync(bool isSuccess = true, CancellationToken cancellationToken = default)
    {
        await _server.CloseAsync(_opened.Context, isSuccess, cancellationToken).ConfigureAwait(false);
        _isClosed = true;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        try
        {
            await AbandonAsync().ConfigureAwait(false);
        }
        catch (BackupException failure) when (failure.Error == JetError.NoBackup)
        {
            // The server has ended it by itself.
        }
    }

    // After a failed recovery nothing is left that could stay.
    private async ValueTask AbandonAsync()
    {
        try
        {
            await _server.CloseAsync(_opened.Context, _isSaved, CancellationToken.None).ConfigureAwait(false);
        }
        catch (BackupException failure) when (_isSaved && failure.Error == JetError.InvalidBackupSequence)
        {
            await _server.CloseAsync(_opened.Context, isSuccess: false, CancellationToken.None).ConfigureAwait(false);
        }
    }
}
