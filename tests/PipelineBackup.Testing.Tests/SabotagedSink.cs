using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>A memory sink of which some calls are done wrong.</summary>
internal sealed class SabotagedSink(MemorySink store) : IBackupSink
{
    public Func<ObjectName, ObjectBody, CancellationToken, Task>? Put { get; init; }

    public Func<ObjectName, ByteRange, CancellationToken, Task<Stream>>? Open { get; init; }

    public Func<string, CancellationToken, IAsyncEnumerable<StoredObject>>? List { get; init; }

    public Func<ObjectName, CancellationToken, Task>? Delete { get; init; }

    public Func<Task>? End { get; init; }

    public SinkTraits Traits { get; init; } = new();

    public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) =>
        Put is null ? store.PutAsync(name, body, cancellationToken) : new(Put(name, body, cancellationToken));

    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
        Open is null ? store.OpenReadAsync(name, range, cancellationToken) : new(Open(name, range, cancellationToken));

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        List is null ? store.ListAsync(prefix, cancellationToken) : List(prefix, cancellationToken);

    public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) =>
        Delete is null ? store.DeleteAsync(name, cancellationToken) : new(Delete(name, cancellationToken));

    public ValueTask DisposeAsync() => End is null ? ValueTask.CompletedTask : new(End());
}
