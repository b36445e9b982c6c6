using System.Runtime.CompilerServices;

namespace PipelineBackup.Testing;

/// <summary>A sink that keeps its objects in memory and all laws but one: they do not outlive the process.</summary>
public sealed class MemorySink : IBackupSink, IResumableListings
{
    private readonly Objects _objects;

    /// <summary>An empty store.</summary>
    public MemorySink()
        : this(new Objects())
    {
    }

    private MemorySink(Objects objects) => _objects = objects;

    /// <inheritdoc/>
    public SinkTraits Traits { get; init; } = new();

    /// <summary>Number of objects.</summary>
    public int Count
    {
        get
        {
            lock (_objects.Lock)
                return _objects.ByName.Count;
        }
    }

    /// <summary>Another sink on the same store, as another process would have it.</summary>
    public MemorySink Reopen() => new(_objects) { Traits = Traits };

    /// <summary>A copy of an object's bytes.</summary>
    /// <param name="name">The object.</param>
    /// <exception cref="SinkException">There is no such object.</exception>
    public byte[] Content(ObjectName name)
    {
        lock (_objects.Lock)
            return [.. Find(name)];
    }

    /// <summary>Changes an object behind the back of whoever stored it, as a failing disk would.</summary>
    /// <param name="name">The object.</param>
    /// <param name="change">Takes a copy of its bytes, and returns what shall be there.</param>
    /// <exception cref="SinkException">There is no such object.</exception>
    public void Tamper(ObjectName name, Func<byte[], byte[]> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        lock (_objects.Lock)
            _objects.ByName[name.ToString()] = change([.. Find(name)]);
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        byte[] bytes = new byte[body.Length];
        int offset = 0;
        foreach (var memory in body.Content)
        {
            if (cancellationToken.IsCancellationRequested)
                return ValueTask.FromCanceled(cancellationToken);
            memory.Span.CopyTo(bytes.AsSpan(offset));
            offset += memory.Length;
        }

        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        lock (_objects.Lock)
        {
            return _objects.ByName.TryAdd(name.ToString(), bytes)
                ? ValueTask.CompletedTask
                : ValueTask.FromException(
                    new SinkException($"object '{name}' is there already") { Failure = SinkFailure.AlreadyExists });
        }
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<Stream>(cancellationToken);
        try
        {
            byte[] bytes;
            lock (_objects.Lock)
                bytes = Find(name);
            if (!range.Fits(bytes.Length))
                throw NotFound($"object '{name}' has {bytes.Length} bytes, and the range {range} lies beyond its end");
            int offset = (int)range.Offset;
            return new(new MemoryStream(bytes, offset, (int)(range.Length ?? bytes.Length - offset), writable: false));
        }
        catch (SinkException failure)
        {
            return ValueTask.FromException<Stream>(failure);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        ListAfterAsync(prefix, default, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAfterAsync(
        string prefix, ObjectName after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        StoredObject[] found;
        lock (_objects.Lock)
        {
            found =
            [
                .. _objects.ByName.Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal)
                        && string.CompareOrdinal(item.Key, after.ToString()) > 0)
                    .Select(item => new StoredObject(ObjectName.Of(item.Key), item.Value.Length)),
            ];
        }

        cancellationToken.ThrowIfCancellationRequested();
        await ValueTask.CompletedTask;
        foreach (var item in found)
        {
            yield return item;
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        lock (_objects.Lock)
            _objects.ByName.Remove(name.ToString());
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the sink; the objects stay with the other sinks on the store.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private byte[] Find(ObjectName name) =>
        _objects.ByName.GetValueOrDefault(name.ToString()) ?? throw NotFound($"there is no object '{name}'");

    private static SinkException NotFound(string message) =>
        new(message) { Failure = SinkFailure.NotFound, Error = JetError.FileNotFound, ExitCode = ExitCode.NotFound };

    private sealed class Objects
    {
        public Lock Lock { get; } = new();

        public SortedDictionary<string, byte[]> ByName { get; } = new(StringComparer.Ordinal);
    }
}
