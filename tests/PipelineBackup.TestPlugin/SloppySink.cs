namespace PipelineBackup.TestPlugin;

/// <summary>A store that overwrites what is there, and lists names without their lengths.</summary>
/// <param name="inner">The store that does it right.</param>
internal sealed class SloppySink(IBackupSink inner) : IBackupSink
{
    public SinkTraits Traits => inner.Traits;

    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        await inner.DeleteAsync(name, cancellationToken);
        await inner.PutAsync(name, body, cancellationToken);
    }

    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(name, range, cancellationToken);

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        inner.ListAsync(prefix, cancellationToken).Select(item => new StoredObject(item.Name, 0));

    public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) =>
        inner.DeleteAsync(name, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
