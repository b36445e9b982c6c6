using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>Wrong ways to write an object.</summary>
internal static class WritingCrimes
{
    public static IReadOnlyList<Crime> All { get; } =
    [
        new("keeps only the first segment", store => new SabotagedSink(store)
        {
            Put = (name, body, token) => store.Store(name, body.Content.First.ToArray(), token),
        }),
        new("loses empty objects", store => new SabotagedSink(store)
        {
            Put = (name, body, token) => body.Length == 0 ? Task.CompletedTask : store.PutAsync(name, body, token).AsTask(),
        }),
        new("stops at an empty segment", store => new SabotagedSink(store)
        {
            Put = (name, body, token) => store.Store(name, UntilEmpty(body.Content), token),
        }),
        new("loses the byte behind 64 KiB", store => store.Bending(body => body.Length == (64 << 10) + 1, bytes => bytes[..^1])),
        new("loses a last part of one byte", store =>
            store.Bending(body => body.Length > 5 << 20 && body.Length % (5 << 20) == 1, bytes => bytes[..^1])),
        new("loses the last slab of a pack", store => store.Bending(body => body.Length == 32 << 20, bytes => bytes[..^(1 << 20)])),
        new("holds nothing above 64 MiB", store => store.Bending(body => body.Length > 64 << 20, bytes => bytes[..(64 << 20)])),
        new("keeps the same content once", store => new SabotagedSink(store)
        {
            Delete = async (name, token) =>
            {
                byte[] content = store.Has(name) ? store.Content(name) : [];
                await foreach (var item in store.ListAsync("same/", token))
                {
                    if (store.Content(item.Name).AsSpan().SequenceEqual(content))
                        await store.DeleteAsync(item.Name, token);
                }

                await store.DeleteAsync(name, token);
            },
        }),
        new("does not list packs", HidingPacks),
        new("refuses wrong checksums for no reason", store => CheckingSums(store, keep: false, SinkFailure.Other)),
        new("keeps what it refuses for its checksums", store => CheckingSums(store, keep: true, SinkFailure.Corrupt)),
        new("writes in place", store => new SabotagedSink(store) { Put = (name, body, token) => InPlace(store, name, body, token) }),
        new("announces what is still to come", Announcing),
        new("writes when it is closed", Lazy),
        new("reads on in the background", store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                await store.PutAsync(name, body, token);
                LookLater(body);
            },
        }),
        new("forgets to unpin", store => new SabotagedSink(store)
        {
            Put = (name, body, token) =>
            {
                _ = body.Content.First.Pin();
                return store.PutAsync(name, body, token).AsTask();
            },
        }),
        new("reads on after a refusal", store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                try
                {
                    await store.PutAsync(name, body, token);
                }
                catch (SinkException)
                {
                    LookLater(body);
                    throw;
                }
            },
        }),
        new("leaves the body scrambled", store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                await store.PutAsync(name, body, token);
                foreach (var memory in body.Content)
                    MemoryMarshal.AsMemory(memory).Span.Reverse();
            },
        }),
    ];

    private static byte[] UntilEmpty(ReadOnlySequence<byte> content)
    {
        var all = new List<byte>();
        foreach (var memory in content)
        {
            if (memory.IsEmpty)
                break;
            all.AddRange(memory.Span);
        }

        return [.. all];
    }

    private static void LookLater(ObjectBody body) => Accomplices.Later(() => body.Content.ToArray());

    private static SabotagedSink HidingPacks(MemorySink store)
    {
        var packs = new ConcurrentDictionary<ObjectName, bool>();
        return new(store)
        {
            Put = (name, body, token) =>
            {
                if (body.Class == ObjectClass.Data)
                    packs[name] = true;
                return store.PutAsync(name, body, token).AsTask();
            },
            List = (prefix, token) => store.ListAsync(prefix, token).Where(item => !packs.ContainsKey(item.Name)),
        };
    }

    private static SabotagedSink CheckingSums(MemorySink store, bool keep, SinkFailure failure) => new(store)
    {
        Put = async (name, body, token) =>
        {
            var right = ObjectBody.Of(body.Content.ToArray());
            bool same = right.Crc32C == body.Crc32C && right.Sha256.Span.SequenceEqual(body.Sha256.Span);
            if (same || keep)
                await store.PutAsync(name, body, token);
            if (!same)
                throw new SinkException($"'{name}' is not what it claims") { Failure = failure };
        },
    };

    private static async Task InPlace(MemorySink store, ObjectName name, ObjectBody body, CancellationToken token)
    {
        await store.Store(name, [], token);
        foreach (var memory in body.Content)
        {
            byte[] piece = memory.ToArray();
            store.Tamper(name, bytes => [.. bytes, .. piece]);
        }
    }

    // Lists an object with its whole length from the moment when its put begins.
    private static SabotagedSink Announcing(MemorySink store)
    {
        var announced = store.Shared<ConcurrentDictionary<ObjectName, long>>();
        return new(store)
        {
            Put = async (name, body, token) =>
            {
                bool first = !store.Has(name) && announced.TryAdd(name, body.Length);
                try
                {
                    await store.PutAsync(name, body, token);
                }
                finally
                {
                    if (first)
                        announced.TryRemove(name, out _);
                }
            },
            List = (prefix, token) => store.ListAsync(prefix, token)
                .Concat(announced.Where(item => item.Key.ToString().StartsWith(prefix, StringComparison.Ordinal) && !store.Has(item.Key))
                    .Select(item => new StoredObject(item.Key, item.Value)).ToAsyncEnumerable())
                .OrderBy(item => item.Name)
                .Select(item =>
                {
                    token.ThrowIfCancellationRequested();
                    return item;
                }),
        };
    }

    private static SabotagedSink Lazy(MemorySink store)
    {
        var own = new MemorySink();
        return new(store)
        {
            Put = (name, body, token) => own.PutAsync(name, body, token).AsTask(),
            Open = (name, range, token) => own.OpenReadAsync(name, range, token).AsTask(),
            List = own.ListAsync,
            End = async () =>
            {
                await foreach (var item in own.ListAsync("", CancellationToken.None))
                    await store.Store(item.Name, own.Content(item.Name), CancellationToken.None);
            },
        };
    }
}
