using System.Runtime.CompilerServices;
using PipelineBackup;

namespace Company.SinkProject;

/// <summary>A store that backups are written to.</summary>
/// <remarks>
/// It neither retries, limits rates nor measures: PipelineBackup does that around every sink. What it does is to put
/// the contract into the words of its client, and the client's failures into those of the contract.
/// </remarks>
public sealed class StoreNameSink : IBackupSink
{
    private readonly StoreNameClient _client;

    private StoreNameSink(StoreNameClient client, StoreNameSinkOptions options)
    {
        _client = client;
        Traits = new() { PutConcurrency = options.Concurrency, ReadConcurrency = options.Concurrency };
    }

    /// <inheritdoc/>
    public SinkTraits Traits { get; }

    /// <summary>Opens a store.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="create">Whether to make it when it is not there.</param>
    /// <exception cref="SinkException">It is not there, or cannot be made.</exception>
    public static StoreNameSink Open(StoreNameSinkOptions options, bool create)
    {
        ArgumentNullException.ThrowIfNull(options);
        var client = new StoreNameClient(options.Folder);
        try
        {
            if (!client.Exists() && !create)
                throw StoreNameFailure.NotFound($"there is no store '{options.Folder}'");
            client.Create();
            return new(client, options);
        }
        catch (Exception failure) when (StoreNameFailure.Is(failure))
        {
            throw StoreNameFailure.Of(failure, $"cannot open the store '{options.Folder}'");
        }
    }

    /// <inheritdoc/>
    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        // A promise that the store cannot keep is refused, never dropped.
        if (body.RetainUntil is not null)
            throw new SinkException($"cannot store '{name}': this store cannot promise to keep an object until a date");
        bool created;
        try
        {
            created = await _client.CreateAsync(name.ToString(), body.Content, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (StoreNameFailure.Is(failure))
        {
            throw StoreNameFailure.Of(failure, $"cannot store '{name}'");
        }

        if (!created)
            throw new SinkException($"object '{name}' is there already") { Failure = SinkFailure.AlreadyExists };
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<Stream>(cancellationToken);
        try
        {
            long length = _client.Find(name.ToString())
                ?? throw StoreNameFailure.NotFound($"there is no object '{name}'");
            if (!range.Fits(length))
                throw StoreNameFailure.NotFound($"object '{name}' has {length} bytes: the range lies beyond its end");
            return new(_client.OpenRead(name.ToString(), range.Offset, range.Length ?? length - range.Offset));
        }
        catch (Exception failure) when (StoreNameFailure.Is(failure))
        {
            return ValueTask.FromException<Stream>(StoreNameFailure.Of(failure, $"cannot open '{name}'"));
        }
        catch (SinkException failure)
        {
            return ValueTask.FromException<Stream>(failure);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var (key, length) in await PageAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            // What others keep in the same place is none of ours.
            if (ObjectName.TryParse(key, out var name))
                yield return new(name, length);
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        try
        {
            _client.Delete(name.ToString());
            return ValueTask.CompletedTask;
        }
        catch (Exception failure) when (StoreNameFailure.Is(failure))
        {
            return ValueTask.FromException(StoreNameFailure.Of(failure, $"cannot delete '{name}'"));
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // Where your store lists in pages, ask for one after the other here, and yield between.
    private async Task<IReadOnlyList<(string Key, long Length)>> PageAsync(
        string prefix, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(() => _client.List(prefix, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception failure) when (StoreNameFailure.Is(failure))
        {
            throw StoreNameFailure.Of(failure, $"cannot list '{prefix}'");
        }
    }
}
