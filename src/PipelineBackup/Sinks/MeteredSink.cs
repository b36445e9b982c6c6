namespace PipelineBackup.Sinks;

/// <summary>A store whose calls and bytes are counted.</summary>
/// <param name="inner">The sink; disposed with this one.</param>
/// <param name="meter">Counts.</param>
public sealed class MeteredSink(IBackupSink inner, SinkMeter meter) : IBackupSink, IObjectLocks, IResumableListings
{
    private readonly MeteredArchive _reads = new(inner, meter);

    /// <summary>The counts so far.</summary>
    public SinkTotals Totals => meter.Totals;

    /// <inheritdoc/>
    public SinkTraits Traits => inner.Traits;

    /// <inheritdoc/>
    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        await meter.PutAsync(async () =>
        {
            await inner.PutAsync(name, body, cancellationToken);
            return true;
        });
        meter.CountUp(body.Length);
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
    public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) =>
        await meter.DeleteAsync(async () =>
        {
            await inner.DeleteAsync(name, cancellationToken);
            return true;
        });

    /// <inheritdoc/>
    public ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken) =>
        inner is IObjectLocks locks ? meter.ReadAsync(() => locks.GetLockAsync(name, cancellationToken)) : default;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
