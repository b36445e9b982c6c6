using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace PipelineBackup.Testing;

/// <summary>A call that a sink got.</summary>
/// <param name="Call">What was asked.</param>
/// <param name="Name">The object; the prefix of a listing.</param>
/// <param name="Length">
/// Length of what was put; of a read, the length asked for, -1 for everything to the end; otherwise 0.
/// </param>
public sealed record RecordedCall(SinkCall Call, string Name, long Length = 0);

/// <summary>Writes down every call in the order of their beginnings, and hands it on.</summary>
/// <param name="inner">The sink that answers.</param>
public sealed class RecordingSink(IBackupSink inner) : IBackupSink
{
    private readonly ConcurrentQueue<RecordedCall> _calls = new();

    /// <summary>The calls so far.</summary>
    public IReadOnlyList<RecordedCall> Calls => [.. _calls];

    /// <inheritdoc/>
    public SinkTraits Traits => inner.Traits;

    /// <inheritdoc/>
    public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        _calls.Enqueue(new(SinkCall.Put, name.ToString(), body.Length));
        return inner.PutAsync(name, body, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        _calls.Enqueue(new(SinkCall.Read, name.ToString(), range.Length ?? -1));
        return inner.OpenReadAsync(name, range, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _calls.Enqueue(new(SinkCall.List, prefix));
        await foreach (var item in inner.ListAsync(prefix, cancellationToken))
            yield return item;
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        _calls.Enqueue(new(SinkCall.Delete, name.ToString()));
        return inner.DeleteAsync(name, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
