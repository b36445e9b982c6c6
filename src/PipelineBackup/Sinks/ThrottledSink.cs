namespace PipelineBackup.Sinks;

/// <summary>A store that keeps to a rate of upload and one of download.</summary>
/// <param name="inner">The sink; disposed with this one.</param>
/// <param name="upload">
/// The rate of puts; null for no limit. Each put goes at full speed and makes the next one wait.
/// </param>
/// <param name="download">The rate of reads; null for no limit.</param>
public sealed class ThrottledSink(IBackupSink inner, RateLimit? upload, RateLimit? download = null)
    : IBackupSink, IObjectLocks, IResumableListings
{
    private readonly ThrottledArchive _reads = new(inner, download);

    /// <inheritdoc/>
    public SinkTraits Traits => inner.Traits;

    /// <inheritdoc/>
    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (upload is not null)
            await upload.TakeAsync(body.Length, cancellationToken);
        await inner.PutAsync(name, body, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
        _reads.OpenReadAsync(name, range, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        _reads.ListAsync(prefix, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAfterAsync(
        string prefix, ObjectName after, CancellationToken cancellationToken) =>
        _reads.ListAfterAsync(prefix, after, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) =>
        inner.DeleteAsync(name, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken) =>
        inner is IObjectLocks locks ? locks.GetLockAsync(name, cancellationToken) : default;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
