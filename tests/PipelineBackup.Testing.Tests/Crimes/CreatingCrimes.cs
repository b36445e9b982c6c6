using System.Buffers;
using System.Collections.Concurrent;
using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>Wrong ways with names that are taken, and with what others see.</summary>
internal static class CreatingCrimes
{
    public static IReadOnlyList<Crime> All { get; } =
    [
        new("overwrites", store => new SabotagedSink(store) { Put = store.Overwrite }),
        new("says nothing of a name that is taken", store => store.Failing((_, failure) => failure, (_, _) => null)),
        new("refuses and overwrites all the same", store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                bool taken = store.Has(name);
                await store.Overwrite(name, body, token);
                if (taken)
                    throw new SinkException($"'{name}' is taken") { Failure = SinkFailure.AlreadyExists };
            },
        }),
        new("throws what it likes for a name that is taken", store =>
            store.Failing((_, failure) => failure, (name, _) => new IOException(name))),
        new("calls a taken name transient", store => store.Failing((_, failure) => failure,
            (name, _) => new SinkException(name) { Failure = SinkFailure.AlreadyExists, Transient = true })),
        new("looks and then writes", store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                if (store.Has(name))
                    throw Taken(name);
                await Task.Delay(20, token);
                await store.Overwrite(name, body, token);
            },
        }),
        new("looks and then writes what has parts", store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                if (body.Length <= 8 << 20)
                {
                    await store.PutAsync(name, body, token);
                    return;
                }

                if (store.Has(name))
                    throw Taken(name);
                byte[] bytes = body.Content.ToArray();
                await Task.Delay(20, token);
                await store.Overwrite(name, ObjectBody.Of(bytes), token);
            },
        }),
        new("never gives a name back", store =>
        {
            var used = store.Shared<ConcurrentDictionary<ObjectName, bool>>();
            return new SabotagedSink(store)
            {
                Put = async (name, body, token) =>
                {
                    if (used.ContainsKey(name))
                        throw Taken(name);
                    await store.PutAsync(name, body, token);
                    used[name] = true;
                },
            };
        }),
        new("remembers what was not there", store =>
        {
            var missing = new ConcurrentDictionary<ObjectName, bool>();
            return new SabotagedSink(store)
            {
                Open = async (name, range, token) =>
                {
                    if (!missing.ContainsKey(name) && !store.Has(name))
                        missing[name] = true;
                    return await store.OpenReadAsync(missing.ContainsKey(name) ? ObjectName.Of($"none/{name}") : name, range, token);
                },
            };
        }),
        new("remembers its first listing", store =>
        {
            var known = new ConcurrentDictionary<string, List<StoredObject>>();
            return new SabotagedSink(store)
            {
                List = (prefix, token) => known.GetOrAdd(prefix, _ => store.ListAsync(prefix, token).ToListAsync(token).AsTask().Result)
                    .ToAsyncEnumerable(),
            };
        }),
        new("remembers what it has read", store =>
        {
            var read = new ConcurrentDictionary<ObjectName, byte[]>();
            return new SabotagedSink(store)
            {
                Open = async (name, range, token) =>
                {
                    if (!read.ContainsKey(name) && store.Has(name))
                        read[name] = store.Content(name);
                    if (!read.TryGetValue(name, out byte[]? content) || store.Has(name))
                        return await store.OpenReadAsync(name, range, token);
                    return new MemoryStream(content);
                },
                Delete = async (name, token) =>
                {
                    await store.DeleteAsync(name, token);
                    read.TryRemove(name, out _);
                },
            };
        }),
        new("takes its objects along when it ends", store =>
        {
            var own = new ConcurrentBag<ObjectName>();
            return new SabotagedSink(store)
            {
                Put = async (name, body, token) =>
                {
                    await store.PutAsync(name, body, token);
                    own.Add(name);
                },
                End = async () =>
                {
                    foreach (var name in own)
                        await store.DeleteAsync(name, CancellationToken.None);
                },
            };
        }),
        new("fails when it is ended twice", store =>
        {
            int ended = 0;
            return new SabotagedSink(store)
            {
                End = () => ended++ == 0 ? Task.CompletedTask : throw new ObjectDisposedException("sink"),
            };
        }),
    ];

    private static SinkException Taken(ObjectName name) =>
        new($"'{name}' is taken") { Failure = SinkFailure.AlreadyExists };
}
