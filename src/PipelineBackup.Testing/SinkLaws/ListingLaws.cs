using System.Globalization;

namespace PipelineBackup.Testing;

/// <summary>What holds of listing a store.</summary>
internal static class ListingLaws
{
    // Chosen so that any order but the ordinal one of full names shows: directory by directory, by culture, by case.
    // The last only where a store in a directory can tell them from the others.
    private static readonly string[] s_names =
    [
        "a", "a-b/x", "a.b", "a0", "b/c", "b/c-d", "b/c.d/e", "b/c0", "b/cd/e", "b/c_d", "b.c", "b-c", "_", "_a",
        "b/d/e", "b/d/e0", "b/d-e", "b/d.e", "b/d/f/g/h", "b/d/f-g", "z/10", "z/2", "z/1", "0", "-0", "-/a",
        "c/data/x/pages-000001.lz4",
        "c/backups/x.json", "c/data/x/pages-000002.lz4", "c/data/x/index.jsonl", "c/data/y/index.jsonl", "c-/a",
        "c0/a", .. OperatingSystem.IsLinux() ? (string[])["B/d", "Z"] : [],
    ];

    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("list-order", "A listing is complete, in the ordinal order of the full names, with the lengths.", Order),
        new("list-prefix", "A prefix selects by characters, not by segments.", Prefix),
        new("list-many", "A listing is complete also beyond a thousand objects.", Many),
        new("list-empty", "An empty store, and a prefix of nothing, list nothing.", Empty),
    ];

    private static async Task Order(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var expected = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (i, name) in s_names.Index())
        {
            expected[name] = i;
            await trial.PutAsync(sink, name, SinkTrial.Bytes(i, i));
            if (i % 7 == 0)
                await trial.RequireListAsync(sink, "", expected.Keys);
        }

        await trial.RequireListAsync(sink, "", expected.Keys);
        foreach (var item in await trial.ListAsync(sink))
        {
            int length = expected[item.Name.ToString()];
            trial.Require(item.Length == length, $"'{item.Name}' of {length} bytes is listed with {item.Length}");
        }
    }

    private static async Task Prefix(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        string[] names = [.. s_names.Order(StringComparer.Ordinal)];
        foreach (string name in names)
            await trial.PutAsync(sink, name, [1]);
        string[] prefixes =
        [
            "a", "a-", "a-b", "a-b/", "a-b/x", "b", "b/", "b/c", "b/c-", "b/c.", "b/c.d/", "b/d", "b/d/", "b/d/f",
            "b/d/f/g", "c/data",
            "c/data/", "c/data/x/pages", "c/data/x/pages-000002.lz4", "z/1", "-", "-/", "_", "Z", "B",
        ];
        foreach (string prefix in prefixes)
            await trial.RequireListAsync(
                sink, prefix, names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)));
    }

    private static async Task Many(SinkTrial trial)
    {
        const int count = 1050;
        var sink = await trial.OpenAsync();
        string[] names =
            [.. Enumerable.Range(0, count).Select(i => "many/" + i.ToString("D4", CultureInfo.InvariantCulture))];
        var options = new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = trial.Token };
        await Parallel.ForEachAsync(names, options, async (name, _) => await trial.PutAsync(sink, name, [1]));
        await trial.RequireListAsync(sink, "", names);
        await trial.RequireListAsync(sink, "many/1", names.Where(name => name[5] == '1'));
    }

    private static async Task Empty(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await trial.RequireListAsync(sink, "");
        await trial.RequireListAsync(sink, "a");
        await trial.PutAsync(sink, "a/b", [1]);
        foreach (string prefix in (string[])["b", "a/c", "a/b/", "a/b0", "a//", "/", "/a", ".", "a/.", "a/../a/b", "A",
            "ä", " a"])
            await trial.RequireListAsync(sink, prefix);
    }
}
