using System.Diagnostics;
using System.Globalization;
using PipelineBackup.Benchmarks.EndToEnd;
using PipelineBackup.Flow;
using PipelineBackup.Restore;
using PipelineBackup.Sinks.FileSystem;
using PipelineBackup.Testing;

namespace PipelineBackup.Benchmarks.Stores;

/// <summary>
/// The same packs into each store and out again: by HTTP alone, by the provider's own library in its best ways, by the
/// plugin's sink as the pipeline uses it, and by a whole backup and restore. All ways take turns in every round, so that
/// what is compared met the same machine; beside them stands what a backup does without a store.
/// </summary>
/// <remarks>
/// <code>
/// stores [--folder DIR] [--mib N] [--rounds N] [--concurrency N] [--only NAME] [--line MB]
/// </code>
/// With <c>--line</c> a line that carries so many MB a second lies before each server. The servers are those that <c>tests/servers/*-up.sh</c> told as <c>PIPELINEBACKUP_S3_…</c> and <c>PIPELINEBACKUP_AZURITE</c>.
/// </remarks>
internal static class StoreBenchmark
{
    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        string folder = Path.GetFullPath(Path.Combine(Argument(args, "--folder", Path.GetTempPath()), "pipelinebackup-stores"));
        // What an interrupted run left.
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        long bytes = (long)Number(args, "--mib", 512) << 20;
        int rounds = Number(args, "--rounds", 8), concurrency = Number(args, "--concurrency", 4);
        string database = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "source")).FullName, "made.edb");
        DatabaseMaker.Make(database, bytes, PageContent.HalfRandom);
        var costs = StageCosts.Measure(database, folder);
        Say($"{bytes >> 20} MiB, {Environment.ProcessorCount} processors; LZ4 × {Environment.ProcessorCount}: {Environment.ProcessorCount / costs.Compress * 1000:0} MB/s of plain bytes, {Environment.ProcessorCount / costs.Compress * 1000 * costs.Ratio:0} MB/s of stored ones");
        string packs = Path.Combine(folder, "packs");
        await using (var sink = FileSystemSink.Open(packs, create: true))
            await BackUpAsync(database, sink);
        var set = new PackSet(packs, Path.Combine(folder, "whole"));
        string only = Argument(args, "--only", "");
        var lines = new List<SlowLine>();
        foreach (var store in ComparedStore.Open(set, concurrency, Reach))
        {
            await using (store)
            {
                if (store.Name.Contains(only, StringComparison.OrdinalIgnoreCase))
                    await CompareAsync(store, set, database, folder, rounds);
            }
        }

        foreach (var line in lines)
            await line.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        return 0;

        Uri Reach(Uri server)
        {
            if (Number(args, "--line", 0) is var rate and > 0)
                lines.Add(new(server, rate * 1e6));
            return lines.LastOrDefault()?.Address ?? server;
        }
    }

    private static async Task CompareAsync(ComparedStore store, PackSet packs, string database, string folder, int rounds)
    {
        Say($"\n## {store.Name}: {packs.Length / 1e6:0} MB in {packs.Bytes.Count} packs, {rounds} rounds, median and spread\n");
        TransferWay[] ways =
        [
            store.Http(), .. store.ProviderWays(), OfSink(store, packs), OfPipeline(store.OpenSink, "a whole backup and restore", WayOf.House, database, folder),
            OfPipeline(OnlyMemory(), "the same without a store", WayOf.Alone, database, folder),
        ];
        var table = new RateTable(ways, packs.Length);
        // The first round is for the compiler.
        for (int round = 0; round <= rounds; round++)
        {
            for (int turn = 0; turn < ways.Length; turn++)
            {
                var way = ways[(turn + round) % ways.Length];
                string prefix = string.Create(CultureInfo.InvariantCulture, $"round-{round}/turn-{turn}");
                var put = await TimeAsync(() => way.PutAsync(prefix));
                var get = await TimeAsync(() => way.GetAsync(prefix));
                await store.ClearAsync(prefix + "/");
                if (round == 0)
                    continue;
                table.Add(way, put: true, put);
                table.Add(way, put: false, get);
            }
        }

        foreach (string line in table.Lines())
            Console.WriteLine(line);
    }

    // As many at a time as a backup has packs on their way, and as a restore reads.
    private static TransferWay OfSink(ComparedStore store, PackSet packs)
    {
        var options = new BackupOptions();
        return new("the sink", WayOf.House,
            async prefix =>
            {
                await using var sink = store.OpenSink(prefix);
                int puts = MemoryPlan.Of(options.MemoryBudget, options.Workers, sink.Traits.PutConcurrency).Packs - 1;
                await ComparedStore.EachAsync(packs, puts,
                    i => sink.PutAsync(NameOf(i), packs.Bodies[i], CancellationToken.None).AsTask());
            },
            async prefix =>
            {
                await using var sink = store.OpenSink(prefix);
                using var memory = new UnpackMemory(options.MemoryBudget, options.Workers);
                await ComparedStore.EachAsync(packs, memory.Fetchers, async i => await ComparedStore.DrainAsync(
                    await sink.OpenReadAsync(NameOf(i), ByteRange.All, CancellationToken.None), packs.Bytes[i].Length));
            });
    }

    private static TransferWay OfPipeline(Func<string, IBackupSink> open, string name, WayOf of, string database, string folder) => new(name, of,
        async prefix =>
        {
            await using var sink = open(prefix);
            await BackUpAsync(database, sink);
        },
        async prefix =>
        {
            string target = Path.Combine(folder, "target");
            await using (var sink = open(prefix))
                await new RestorePipeline(sink, new() { Target = target }).RunAsync("latest");
            Directory.Delete(target, recursive: true);
        });

    private static Func<string, IBackupSink> OnlyMemory()
    {
        var kept = new Dictionary<string, MemorySink>();
        return prefix =>
        {
            // The one of the turn before is no longer needed.
            if (!kept.ContainsKey(prefix))
                kept.Clear();
            if (!kept.TryGetValue(prefix, out var sink))
                kept.Add(prefix, sink = new() { Traits = new() { PutConcurrency = 4, ReadConcurrency = 4 } });
            return sink.Reopen();
        };
    }

    private static Task<BackupReport> BackUpAsync(string database, IBackupSink sink) => new BackupPipeline(
        new FileSetSource(new() { Path = Path.GetDirectoryName(database)! }), [sink], new() { Kind = BackupKind.Copy }).RunAsync();

    private static ObjectName NameOf(int pack) => ObjectName.Of(string.Create(CultureInfo.InvariantCulture, $"data/pack-{pack}"));

    private static async Task<Effort> TimeAsync(Func<Task> act)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var cpu = Environment.CpuUsage.TotalTime;
        long started = Stopwatch.GetTimestamp();
        await act();
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new(seconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    }

    private static string Argument(string[] args, string name, string otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : otherwise;

    private static int Number(string[] args, string name, int otherwise) => int.Parse(
        Argument(args, name, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
