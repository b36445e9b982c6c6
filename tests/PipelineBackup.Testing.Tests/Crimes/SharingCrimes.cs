using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>Wrong ways with many calls, and wrong traits.</summary>
internal static class SharingCrimes
{
    public static IReadOnlyList<Crime> All { get; } =
    [
        new("puts one at a time", store => AtMost(store, 1)),
        new("puts no more at a time than it likes", store => AtMost(store, store.Traits.PutConcurrency)),
        new("is worn out by refusals", store =>
        {
            int refusals = 0;
            return store.Failing((_, failure) => failure,
                (_, failure) => ++refusals > 30 ? new ObjectDisposedException("sink") : failure);
        }),
        new("allows no put", store => new SabotagedSink(store) { Tell = () => new() { PutConcurrency = 0 } }),
        new("allows no reader", store => new SabotagedSink(store) { Tell = () => new() { ReadConcurrency = 0 } }),
        new("holds no pack", store => new SabotagedSink(store) { Tell = () => new() { MaxObjectLength = 1 << 20 } }),
        new("has no traits", store => new SabotagedSink(store) { Tell = () => null! }),
        new("learns from what is put", store => new SabotagedSink(store)
        {
            Tell = () => new() { PutConcurrency = store.Count == 1 ? 3 : 2 },
        }),
    ];

    private static SabotagedSink AtMost(MemorySink store, int most)
    {
        int calls = 0;
        return new(store)
        {
            Put = async (name, body, token) =>
            {
                try
                {
                    if (Interlocked.Increment(ref calls) > most)
                        throw new InvalidOperationException("too many at a time");
                    await Task.Delay(5, token);
                    await store.PutAsync(name, body, token);
                }
                finally
                {
                    Interlocked.Decrement(ref calls);
                }
            },
        };
    }
}
