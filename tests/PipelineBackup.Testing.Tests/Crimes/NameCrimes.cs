using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>Wrong ways with names.</summary>
internal static class NameCrimes
{
    public static IReadOnlyList<Crime> All { get; } =
    [
        new("cuts long names", store => Renaming(store, name => name.Length > 200 ? name[..200].TrimEnd('/') : name)),
        new("folds characters", store => Renaming(store, name => name.Replace('-', '_'))),
        new("drops dots at the end", store => Renaming(store, name => name.TrimEnd('.'))),
        new("keeps some names for itself", store => new SabotagedSink(store)
        {
            Put = (name, body, token) => name.ToString() is "con" or "aux" or "com1"
                ? throw new SinkException($"'{name}' is reserved") : store.PutAsync(name, body, token).AsTask(),
        }),
        new("does not know capitals", store => Renaming(store, name => name.ToLowerInvariant())),
    ];

    private static SabotagedSink Renaming(MemorySink store, Func<string, string> rename)
    {
        return new(store)
        {
            Put = (name, body, token) => store.PutAsync(Renamed(name), body, token).AsTask(),
            Open = (name, range, token) => store.OpenReadAsync(Renamed(name), range, token).AsTask(),
            Delete = (name, token) => store.DeleteAsync(Renamed(name), token).AsTask(),
        };

        ObjectName Renamed(ObjectName name) => ObjectName.Of(rename(name.ToString()));
    }
}
