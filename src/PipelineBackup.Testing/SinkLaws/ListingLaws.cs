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
        new("list-order", "A listing is complete and in the ordinal order of the full names.", Order),
        new("list-lengths", "A listing shows the length of each object.", Lengths),
        new("list-prefix", "A prefix selects by characters, not by segments.", Prefix),
        new("list-empty", "An empty store, and a prefix of nothing, list nothing.", Empty),
        new("list-odd-prefix", "A prefix that no name can begin with lists nothing.", OddPrefix),
        new("list-after", "Where listings resume, one after a name has exactly the later names, whether or not it is there.",
            After),
        new("list-left", "A listing that is left half-way, however often, leaves the sink usable.", Left),
    ];

    private static async Task Order(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var expected = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (i, name) in s_names.Index())
        {
            expected.Add(name);
            await trial.PutAsync(sink, name, SinkTrial.Bytes(i, i));
            if (i % 7 == 0)
                await trial.RequireListAsync(sink, "", expected);
        }

        await trial.RequireListAsync(sink, "", expected);
    }

    private static async Task Lengths(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        foreach (int length in (int[])[0, 1, 4095, 4096, 4097, 100_000, 2 << 20])
            await trial.PutAsync(sink, string.Create(CultureInfo.InvariantCulture, $"l/{length}"), SinkTrial.Bytes(1, length));
        foreach (var item in await trial.ListAsync(sink))
        {
            int length = int.Parse(item.Name.ToString()[2..], CultureInfo.InvariantCulture);
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
            "b/d/f/g", "c/data", "c/data/", "c/data/x/pages", "c/data/x/pages-000002.lz4", "z/1", "-", "-/", "_", "Z", "B",
        ];
        foreach (string prefix in prefixes)
        {
            await trial.RequireListAsync(
                sink, prefix, names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)));
        }
    }

    private static async Task Empty(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await trial.RequireListAsync(sink, "");
        await trial.RequireListAsync(sink, "a");
        await trial.RequireListAsync(sink, "a/b/");
        await trial.PutAsync(sink, "a/b", [1]);
        foreach (string prefix in (string[])["b", "a/c", "a/b/", "a/b0", "a/b/c"])
            await trial.RequireListAsync(sink, prefix);
        await sink.DeleteAsync(ObjectName.Of("a/b"), trial.Token);
        await trial.RequireListAsync(sink, "");
        await trial.RequireListAsync(sink, "a/");
    }

    private static async Task OddPrefix(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        await trial.PutAsync(sink, "a/b", [1]);
        string[] prefixes =
        [
            "a//", "/", "//", "/a", ".", "..", "../", "a/.", "a/./b", "a/../a/b", " ", " a", "a ", "a/b ", "%", "a%2Fb", "a%2fb", "+",
            "a+", "*", "a*", "?", "\\", "a\\b", "&prefix=a", "<a>", "\"", "ä", "a\u0308", "\u00a0", "\n", "名",
        ];
        foreach (string prefix in prefixes)
            await trial.RequireListAsync(sink, prefix);
        await trial.RequireListAsync(sink, "a/", "a/b");
    }

    private static async Task After(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var listings = trial.Resumable(sink);
        string[] names = [.. s_names.Order(StringComparer.Ordinal)];
        foreach (string name in names)
            await trial.PutAsync(sink, name, [1]);
        // Between the names, before and behind all of them, and longer and shorter than some.
        string[] places = [.. names, "--", "a-a", "a-b/x/y", "a-b/w", "b", "b/c.d", "b/d/f", "b/zz", "c/data/x", "zz"];
        foreach (string prefix in (string[])["", "a", "b/", "b/c", "b/d/", "c/data/x/pages", "z/"])
        {
            await trial.RequireListAfterAsync(listings, prefix, default, Of(prefix));
            // Of a prefix only what lies about it, for a store far away takes its time for each.
            foreach (string place in places.Where(place => prefix.Length == 0 || place[0] == prefix[0] || place is "--" or "zz"))
            {
                await trial.RequireListAfterAsync(listings, prefix, ObjectName.Of(place),
                    Of(prefix).Where(name => string.CompareOrdinal(name, place) > 0));
            }
        }

        await sink.DeleteAsync(ObjectName.Of("b/c"), trial.Token);
        await trial.RequireListAfterAsync(listings, "b/c", ObjectName.Of("b/c"), Of("b/c").Skip(1));

        IEnumerable<string> Of(string prefix) => names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal));
    }

    private static async Task Left(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        string[] names = [.. Enumerable.Range(10, 20).Select(i => $"left/{i}")];
        foreach (string name in names)
            await trial.PutAsync(sink, name, [1]);
        for (int i = 0; i < 30; i++)
        {
            int seen = 0;
            await foreach (var item in sink.ListAsync("left/", trial.Token))
            {
                if (seen++ == i % 3)
                    break;
            }
        }

        await trial.RequireListAsync(sink, "", names);
        await trial.PutAsync(sink, "left/30", [1]);
    }
}
