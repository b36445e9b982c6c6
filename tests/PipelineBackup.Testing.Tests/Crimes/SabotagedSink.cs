using System.Buffers;
using System.Runtime.CompilerServices;
using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>A memory sink of which some calls are done wrong.</summary>
internal class SabotagedSink(MemorySink store) : IBackupSink
{
    public Func<ObjectName, ObjectBody, CancellationToken, Task>? Put { get; init; }

    public Func<ObjectName, ByteRange, CancellationToken, Task<Stream>>? Open { get; init; }

    public Func<string, CancellationToken, IAsyncEnumerable<StoredObject>>? List { get; init; }

    public Func<ObjectName, CancellationToken, Task>? Delete { get; init; }

    public Func<Task>? End { get; init; }

    public Func<SinkTraits>? Tell { get; init; }

    public SinkTraits Traits => Tell is null ? store.Traits : Tell();

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

/// <summary>A memory sink that begins a listing behind a name as it likes.</summary>
internal sealed class MisleadSink(MemorySink store) : SabotagedSink(store), IResumableListings
{
    public required Func<string, ObjectName, CancellationToken, IAsyncEnumerable<StoredObject>> ListAfter { get; init; }

    public IAsyncEnumerable<StoredObject> ListAfterAsync(
        string prefix, ObjectName after, CancellationToken cancellationToken) => ListAfter(prefix, after, cancellationToken);
}

/// <summary>What crimes are made of.</summary>
internal static class Accomplices
{
    /// <summary>Something that all sinks on a store share.</summary>
    public static T Shared<T>(this MemorySink store)
        where T : class, new() => Table<T>.Of.GetOrCreateValue(store);

    private static class Table<T>
        where T : class, new()
    {
        public static readonly ConditionalWeakTable<MemorySink, T> Of = [];
    }

    /// <summary>Stores some bytes.</summary>
    public static Task Store(this MemorySink store, ObjectName name, byte[] bytes, CancellationToken token) =>
        store.PutAsync(name, ObjectBody.Of(bytes), token).AsTask();

    /// <summary>Stores a body over whatever is there.</summary>
    public static async Task Overwrite(this MemorySink store, ObjectName name, ObjectBody body, CancellationToken token)
    {
        byte[] bytes = body.Content.ToArray();
        try
        {
            await store.Store(name, bytes, token);
        }
        catch (SinkException)
        {
            store.Tamper(name, _ => bytes);
        }
    }

    /// <summary>A sink that does something else to some bodies.</summary>
    public static SabotagedSink Bending(
        this MemorySink store, Func<ObjectBody, bool> which, Func<byte[], byte[]> bend) => new(store)
        {
            Put = (name, body, token) => which(body)
                ? store.Store(name, bend(body.Content.ToArray()), token) : store.PutAsync(name, body, token).AsTask(),
        };

    /// <summary>A sink that puts a failure in the place of another.</summary>
    public static SabotagedSink Failing(
        this MemorySink store, Func<string, SinkException, Exception?> opening, Func<string, SinkException, Exception?>? putting = null) => new(store)
        {
            Open = async (name, range, token) =>
            {
                try
                {
                    return await store.OpenReadAsync(name, range, token);
                }
                catch (SinkException failure)
                {
                    if (opening(name.ToString(), failure) is { } other)
                        throw other;
                    return Stream.Null;
                }
            },
            Put = async (name, body, token) =>
            {
                try
                {
                    await store.PutAsync(name, body, token);
                }
                catch (SinkException failure) when (putting is not null)
                {
                    if (putting(name.ToString(), failure) is { } other)
                        throw other;
                }
            },
        };

    /// <summary>Does something in a moment, whatever else waits for a thread.</summary>
    public static void Later(Action act) => new Thread(() =>
    {
        Thread.Sleep(60);
        act();
    }) { IsBackground = true }.Start();

    /// <summary>Whether there is such an object.</summary>
    public static bool Has(this MemorySink store, ObjectName name)
    {
        try
        {
            store.Content(name);
            return true;
        }
        catch (SinkException)
        {
            return false;
        }
    }
}
