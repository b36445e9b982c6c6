using System.Buffers;
using System.Runtime.CompilerServices;
using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>Wrong ways to be cancelled.</summary>
internal static class CancellingCrimes
{
    public static IReadOnlyList<Crime> All { get; } =
    [
        new("puts without a look at the token", store => new SabotagedSink(store)
        {
            Put = (name, body, _) => store.PutAsync(name, body, CancellationToken.None).AsTask(),
        }),
        new("opens without a look at the token", store => new SabotagedSink(store)
        {
            Open = (name, range, _) => store.OpenReadAsync(name, range, CancellationToken.None).AsTask(),
        }),
        new("lists on though cancelled", store => new SabotagedSink(store)
        {
            List = (prefix, _) => store.ListAsync(prefix, CancellationToken.None),
        }),
        new("deletes all the same", store => new SabotagedSink(store)
        {
            Delete = async (name, token) =>
            {
                await store.DeleteAsync(name, CancellationToken.None);
                token.ThrowIfCancellationRequested();
            },
        }),
        new("goes on in the background", store => WhenCancelled(store, (name, all) =>
            Accomplices.Later(() => store.Store(name, all, CancellationToken.None).Wait()))),
        new("leaves a half", store => WhenCancelled(store, (name, all) =>
            store.Store(name, all[..(all.Length / 2)], CancellationToken.None).Wait())),
        new("calls a cancelled put a failure", store => WhenCancelled(store, (_, _) => throw new SinkException("connection closed"))),
        new("looks at the body of a cancelled put", store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                byte[] all = body.Content.ToArray();
                if (token.IsCancellationRequested)
                {
                    Accomplices.Later(() => body.Content.ToArray());
                    token.ThrowIfCancellationRequested();
                }

                await store.Store(name, all, token);
            },
        }),
        new("keeps the name of a cancelled put", store =>
        {
            var reserved = new HashSet<ObjectName>();
            return new SabotagedSink(store)
            {
                Put = async (name, body, token) =>
                {
                    lock (reserved)
                    {
                        if (reserved.Contains(name))
                            throw new SinkException($"'{name}' is taken") { Failure = SinkFailure.AlreadyExists };
                    }

                    byte[] all = body.Content.ToArray();
                    await Task.Yield();
                    if (token.IsCancellationRequested)
                    {
                        lock (reserved)
                            reserved.Add(name);
                    }

                    await store.Store(name, all, token);
                },
            };
        }),
        new("breaks when an open is cancelled half-way", store =>
        {
            bool isBroken = false;
            return new SabotagedSink(store)
            {
                Open = async (name, range, token) =>
                {
                    token.ThrowIfCancellationRequested();
                    await Task.Yield();
                    isBroken |= token.IsCancellationRequested;
                    return isBroken ? throw new SinkException("broken") : await store.OpenReadAsync(name, range, token);
                },
            };
        }),
        new("ends early when a read is cancelled half-way", store => new SabotagedSink(store)
        {
            Open = async (name, range, token) => new Yielding(await store.OpenReadAsync(name, range, token)),
        }),
        new("ends early when a listing is cancelled half-way", store => new SabotagedSink(store)
        {
            List = (prefix, token) => EndingEarly(store, prefix, token),
        }),
        new("deletes later when a delete is cancelled", store => new SabotagedSink(store)
        {
            Delete = async (name, token) =>
            {
                token.ThrowIfCancellationRequested();
                await Task.Yield();
                if (token.IsCancellationRequested)
                    Accomplices.Later(() => store.DeleteAsync(name, CancellationToken.None).AsTask().Wait());

                await store.DeleteAsync(name, token);
            },
        }),
    ];

    private static SabotagedSink WhenCancelled(MemorySink store, Action<ObjectName, byte[]> act) => new(store)
    {
        Put = async (name, body, token) =>
        {
            token.ThrowIfCancellationRequested();
            byte[] all = body.Content.ToArray();
            if (token.IsCancellationRequested)
                act(name, all);
            await store.Store(name, all, token);
        },
    };

    private static async IAsyncEnumerable<StoredObject> EndingEarly(
        MemorySink store, string prefix, [EnumeratorCancellation] CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var all = await store.ListAsync(prefix, token).ToListAsync(token);
        foreach (var item in all)
        {
            if (token.IsCancellationRequested)
                yield break;
            yield return item;
        }
    }

    /// <summary>A stream whose read takes a step, and that takes a cancelled one for its end.</summary>
    private sealed class Yielding(Stream inner) : PipelineBackup.Shared.SequentialStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
            return cancellationToken.IsCancellationRequested ? 0 : await inner.ReadAsync(buffer, CancellationToken.None);
        }
    }
}
