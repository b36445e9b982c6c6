using System.Globalization;

namespace PipelineBackup.Testing;

/// <summary>What holds of listings longer than the pages in which stores give them.</summary>
internal static class PagingLaws
{
    // What most stores give in one answer.
    private const int Page = 1000;

    public static IReadOnlyList<SinkLaw> All { get; } =
    [
        new("list-many", "A listing is complete also beyond a thousand objects.", Many)
        {
            MostObjects = Page + 1,
        },
        new("list-full-pages", "A listing of exactly one or two thousand objects is complete and comes to its end.", FullPages)
        {
            MostObjects = 2 * Page,
        },
        new("list-prefix-many", "A prefix begins and ends inside the pages of the whole listing.", PrefixInside)
        {
            MostObjects = 3 * Page / 2,
        },
        new("list-after-many", "Where listings resume, one after a name is complete beyond a thousand objects, and keeps its prefix.",
            AfterMany)
        {
            MostObjects = 3 * Page / 2,
        },
        new("list-beside-writers", "What is there throughout a listing is in it once, whoever puts and deletes meanwhile.",
            BesideWriters)
        {
            MostObjects = 3 * Page / 2,
        },
    ];

    private static async Task Many(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        string[] names = Names("many/", Page + 1);
        await PutAllAsync(trial, sink, names);
        await trial.RequireListAsync(sink, "", names);
    }

    private static async Task FullPages(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        string[] names = Names("full/", 2 * Page);
        await PutAllAsync(trial, sink, names[..Page]);
        await trial.RequireListAsync(sink, "", names[..Page]);
        await PutAllAsync(trial, sink, names[Page..]);
        await trial.RequireListAsync(sink, "", names);
    }

    private static async Task PrefixInside(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        string[] names = [.. Names("a/", 200), .. Names("b/", Page + 50), .. Names("c/", 200)];
        await PutAllAsync(trial, sink, names);
        foreach (string prefix in (string[])["b/", "b/09", "b/1", "c/", "b/0999", "b/1049"])
        {
            await trial.RequireListAsync(
                sink, prefix, names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)));
        }
    }

    private static async Task AfterMany(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        var listings = trial.Resumable(sink);
        string[] names = [.. Names("a/", 100), .. Names("b/", Page + 200), .. Names("c/", 100)];
        await PutAllAsync(trial, sink, names);
        foreach (string prefix in (string[])["", "b/"])
        {
            foreach (string after in (string[])["a/0098", "b/0000", "b/0198", "b/0199", "b/1198", "c/0000"])
            {
                await trial.RequireListAfterAsync(listings, prefix, ObjectName.Of(after), names.Where(
                    name => name.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(name, after) > 0));
            }
        }
    }

    private static async Task BesideWriters(SinkTrial trial)
    {
        var sink = await trial.OpenAsync();
        string[] steady = Names("s/", Page + 100);
        await PutAllAsync(trial, sink, steady);
        var known = new HashSet<string>(steady);
        for (int round = 0; round < 3; round++)
        {
            var listed = new List<string>();
            await foreach (var item in sink.ListAsync("s/", trial.Token))
            {
                listed.Add(item.Name.ToString());
                if (listed.Count % 40 == 0)
                    await WriteAsync(round, listed.Count);
            }

            string? stranger = listed.Find(name => !known.Contains(name));
            trial.Require(stranger is null, $"'{stranger}' is listed, and nobody has put it");
            trial.Require(listed.SequenceEqual(listed.Distinct().Order(StringComparer.Ordinal)),
                "a listing beside writers is out of order or names an object twice");
            string? lost = steady.Except(listed).FirstOrDefault();
            trial.Require(lost is null, $"'{lost}' is there throughout, and missing in a listing beside writers");
        }

        // In front of what was listed, so that everything moves in its pages: on by puts, then back by deletes.
        async Task WriteAsync(int round, int at)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"s/{at / 2:D4}-{round % 2}");
            if (round == 2)
            {
                if (known.Contains(name))
                    await sink.DeleteAsync(ObjectName.Of(name), trial.Token);
                return;
            }

            known.Add(name);
            await trial.PutAsync(sink, name, [1]);
        }
    }

    private static string[] Names(string prefix, int count) =>
        [.. Enumerable.Range(0, count).Select(i => prefix + i.ToString("D4", CultureInfo.InvariantCulture))];

    private static Task PutAllAsync(SinkTrial trial, IBackupSink sink, string[] names) => Parallel.ForEachAsync(
        names, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = trial.Token },
        async (name, _) => await trial.PutAsync(sink, name, [1]));
}
