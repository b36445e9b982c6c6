namespace PipelineBackup.Tests.Retention;

/// <summary>A store that refuses to delete what is locked at a time.</summary>
internal sealed class LockedSink(IBackupSink inner, DateTimeOffset now) : IBackupSink, IObjectLocks
{
    public Dictionary<string, ObjectLock> Locks { get; } = [];

    /// <summary>The objects that someone tried to delete nevertheless.</summary>
    public List<string> Refused { get; } = [];

    public SinkTraits Traits => inner.Traits with { SupportsRetention = true };

    public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) => inner.PutAsync(name, body, cancellationToken);

    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) => inner.OpenReadAsync(name, range, cancellationToken);

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    public ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken) => new(Locks.GetValueOrDefault($"{name}"));

    public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        if (!Locks.GetValueOrDefault($"{name}").HoldsAt(now))
            return inner.DeleteAsync(name, cancellationToken);
        Refused.Add($"{name}");
        throw new SinkException($"'{name}' is locked") { Failure = SinkFailure.AccessDenied };
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
