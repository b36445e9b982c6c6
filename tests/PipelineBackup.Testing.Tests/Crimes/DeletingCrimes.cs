using System.Collections.Concurrent;
using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>Wrong deletes, and wrong words on what is retained.</summary>
internal static class DeletingCrimes
{
    public static IReadOnlyList<Crime> All { get; } =
    [
        new("deletes nothing", store => new SabotagedSink(store) { Delete = (_, _) => Task.CompletedTask }),
        new("deletes by prefix", store => new SabotagedSink(store)
        {
            Delete = async (name, token) =>
            {
                await foreach (var item in store.ListAsync(name.ToString(), token))
                    await store.DeleteAsync(item.Name, token);
            },
        }),
        new("misses what is not there", store => new SabotagedSink(store)
        {
            Delete = (name, token) => store.Has(name) ? store.DeleteAsync(name, token).AsTask()
                : throw new SinkException($"no '{name}'") { Failure = SinkFailure.NotFound },
        }),
        new("misses what it has deleted", store =>
        {
            var deleted = new ConcurrentDictionary<ObjectName, bool>();
            return new SabotagedSink(store)
            {
                Delete = async (name, token) =>
                {
                    if (deleted.ContainsKey(name) && !store.Has(name))
                        throw new SinkException($"no '{name}'") { Failure = SinkFailure.NotFound };
                    deleted[name] = true;
                    await store.DeleteAsync(name, token);
                },
            };
        }),
        new("deletes one at a time", store =>
        {
            var going = store.Shared<ConcurrentDictionary<ObjectName, bool>>();
            return new SabotagedSink(store)
            {
                Delete = async (name, token) =>
                {
                    if (!going.TryAdd(name, true))
                        throw new SinkException($"'{name}' is being deleted");
                    await Task.Delay(5, CancellationToken.None);
                    await store.DeleteAsync(name, CancellationToken.None);
                    going.TryRemove(name, out _);
                    token.ThrowIfCancellationRequested();
                },
            };
        }),
        new("promises to retain and does not", store => new SabotagedSink(store)
        {
            Tell = () => new() { SupportsRetention = true },
        }),
        new("retains what it did not promise", store =>
        {
            var retained = store.Shared<ConcurrentDictionary<ObjectName, bool>>();
            return new SabotagedSink(store)
            {
                Put = async (name, body, token) =>
                {
                    await store.PutAsync(name, body, token);
                    if (body.RetainUntil is not null)
                        retained[name] = true;
                },
                Delete = (name, token) => retained.ContainsKey(name) ? throw new SinkException($"'{name}' is retained")
                    : store.DeleteAsync(name, token).AsTask(),
            };
        }),
        new("stores what it refuses to retain", store => new SabotagedSink(store)
        {
            Put = async (name, body, token) =>
            {
                await store.PutAsync(name, body, token);
                if (body.RetainUntil is not null)
                    throw new SinkException($"'{name}' cannot be retained");
            },
        }),
    ];
}
