using System.Runtime.CompilerServices;
using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>Wrong listings.</summary>
internal static class ListingCrimes
{
    private const int Page = 1000;

    public static IReadOnlyList<Crime> All { get; } =
    [
        new("walks directory by directory", store => new SabotagedSink(store)
        {
            List = (prefix, token) => Sorted(store, prefix, name => name.Replace('/', '\u0001'), token),
        }),
        new("sorts by the alphabet", store => new SabotagedSink(store)
        {
            List = (prefix, token) => Sorted(store, prefix, name => name.ToLowerInvariant(), token),
        }),
        new("does not know lengths", store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.ListAsync(prefix, token).Select(item => item with { Length = 0 }),
        }),
        new("rounds lengths", store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.ListAsync(prefix, token).Select(item => item with
            {
                Length = item.Length == 4097 ? 8192 : item.Length,
            }),
        }),
        new("takes a prefix for a directory", store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.ListAsync(prefix, token).Where(item =>
                prefix.Length == 0 || prefix.EndsWith('/') || item.Name.ToString() == prefix || item.Name.ToString()[prefix.Length] == '/'),
        }),
        new("fails where there is nothing", store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.Count == 0
                ? throw new SinkException("nothing there") { Failure = SinkFailure.NotFound } : store.ListAsync(prefix, token),
        }),
        new("cleans up the prefix", store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.ListAsync(prefix.Trim(' ', '.').TrimStart('/'), token),
        }),
        new("takes a prefix as it stands in a web address", store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.ListAsync(Uri.UnescapeDataString(prefix), token),
        }),
        new("keeps a cursor for each listing that is left", store =>
        {
            int cursors = 0;
            return new SabotagedSink(store) { List = (prefix, token) => Counting(store, prefix, () => ++cursors, () => --cursors, token) };
        }),
        new("gives the first page", store => new SabotagedSink(store)
        {
            List = (prefix, token) => store.ListAsync(prefix, token).Take(Page),
        }),
        new("gives a full last page twice", store => new SabotagedSink(store)
        {
            List = (prefix, token) => Repeating(store, prefix, token),
        }),
        new("selects within the first page", store => new SabotagedSink(store)
        {
            List = (prefix, token) => prefix.Length == 0 ? store.ListAsync("", token)
                : store.ListAsync("", token).Take(Page).Where(item => item.Name.ToString().StartsWith(prefix, StringComparison.Ordinal)),
        }),
        new("gives the last name again when it goes on", store => new MisleadSink(store)
        {
            ListAfter = (prefix, after, token) => store.ListAsync(prefix, token).Where(item => item.Name.CompareTo(after) >= 0),
        }),
        new("goes on nowhere when the last name is gone", store => new MisleadSink(store)
        {
            ListAfter = (prefix, after, token) => after == default ? store.ListAsync(prefix, token)
                : store.ListAsync(prefix, token).SkipWhile(item => item.Name != after).Skip(1),
        }),
        new("goes on within its directory", store => new MisleadSink(store)
        {
            ListAfter = (prefix, after, token) => store.ListAfterAsync(prefix, after, token).Where(item =>
                after == default || prefix.Length > 0 || item.Name.ToString().Split('/')[0] == after.ToString().Split('/')[0]),
        }),
        new("forgets its prefix on the second page when it goes on", store => new MisleadSink(store)
        {
            ListAfter = (prefix, after, token) => store.ListAfterAsync(prefix, after, token).Take(Page)
                .Concat(store.ListAfterAsync("", after, token).Skip(Page)),
        }),
        new("turns pages by their number", store => new SabotagedSink(store)
        {
            List = (prefix, token) => ByNumber(store, prefix, token),
        }),
    ];

    private static async IAsyncEnumerable<StoredObject> Sorted(
        MemorySink store, string prefix, Func<string, string> key, [EnumeratorCancellation] CancellationToken token)
    {
        var all = await store.ListAsync(prefix, token).ToListAsync(token);
        foreach (var item in all.OrderBy(item => key(item.Name.ToString()), StringComparer.Ordinal))
        {
            yield return item;
            token.ThrowIfCancellationRequested();
        }
    }

    private static async IAsyncEnumerable<StoredObject> Counting(
        MemorySink store, string prefix, Func<int> take, Action giveBack, [EnumeratorCancellation] CancellationToken token)
    {
        if (take() > 16)
            throw new SinkException("too many cursors");
        await foreach (var item in store.ListAsync(prefix, token))
            yield return item;
        giveBack();
    }

    private static async IAsyncEnumerable<StoredObject> Repeating(
        MemorySink store, string prefix, [EnumeratorCancellation] CancellationToken token)
    {
        var all = await store.ListAsync(prefix, token).ToListAsync(token);
        if (all.Count > 0 && all.Count % Page == 0)
            all.AddRange(all[^Page..]);
        foreach (var item in all)
        {
            yield return item;
            token.ThrowIfCancellationRequested();
        }
    }

    private static async IAsyncEnumerable<StoredObject> ByNumber(
        MemorySink store, string prefix, [EnumeratorCancellation] CancellationToken token)
    {
        for (int start = 0; ; start += 50)
        {
            var page = await store.ListAsync(prefix, token).Skip(start).Take(50).ToListAsync(token);
            foreach (var item in page)
            {
                yield return item;
                token.ThrowIfCancellationRequested();
            }

            if (page.Count < 50)
                yield break;
            if (start > 0)
                await Task.Delay(1, token);
        }
    }
}
