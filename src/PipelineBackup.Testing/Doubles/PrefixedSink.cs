using System.Runtime.CompilerServices;

namespace PipelineBackup.Testing;

/// <summary>
/// A part of a store as a store of its own: every name gets a prefix on the way in and loses it on the way out.
/// </summary>
/// <param name="inner">The store; it stays open.</param>
/// <param name="prefix">The prefix, with its slash.</param>
internal sealed class PrefixedSink(IBackupSink inner, string prefix) : IBackupSink
{
    public SinkTraits Traits => inner.Traits;

    public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) =>
        inner.PutAsync(Full(name), body, cancellationToken);

    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(Full(name), range, cancellationToken);

    public async IAsyncEnumerable<StoredObject> ListAsync(
        string start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in inner.ListAsync(prefix + start, cancellationToken))
            yield return item with { Name = ObjectName.Of(item.Name.ToString()[prefix.Length..]) };
    }

    public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) =>
        inner.DeleteAsync(Full(name), cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ObjectName Full(ObjectName name) => ObjectName.Of($"{prefix}{name}");
}
