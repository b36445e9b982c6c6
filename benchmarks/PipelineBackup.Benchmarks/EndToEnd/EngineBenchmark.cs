using System.Diagnostics;
using System.Globalization;
using PipelineBackup.Engine;
using PipelineBackup.Sinks;
using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.Benchmarks.EndToEnd;

/// <summary>
/// The embedded engine under load: sessions that write alone, while the database is backed up online in several ways, and
/// alone again, round by round, so that what is compared stands side by side; then the same backup while nobody writes.
/// </summary>
/// <remarks>
/// <code>
/// engine [--folder DIR] [--store DIR] [--gib N] [--sessions N] [--seconds N] [--rounds N] [--rate MB]
/// </code>
/// </remarks>
internal static class EngineBenchmark
{
    private static readonly string[] s_ways = ["yielding", "not yielding", "limited"];

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        string folder = Directory.CreateDirectory(
            Path.Combine(Argument(args, "--folder", Path.GetTempPath()), "pipelinebackup-engine")).FullName;
        string store = Path.Combine(Argument(args, "--store", folder), "pipelinebackup-store");
        long bytes = (long)(double.Parse(Argument(args, "--gib", "1"), CultureInfo.InvariantCulture) * (1 << 30));
        int sessions = Number(args, "--sessions", 8), rounds = Number(args, "--rounds", 3);
        var alone = TimeSpan.FromSeconds(Number(args, "--seconds", 5));
        long rate = Number(args, "--rate", 200) * 1_000_000L;
        var disk = new TimedDisk();
        await using (var engine = await EmbeddedEngine.OpenAsync(
            new() { LogDirectory = folder, LogFileBytes = 5 << 20, Disk = disk }))
        {
            var database = await engine.CreateDatabaseAsync(Path.Combine(folder, "load.edb"));
            var load = new EngineLoad(engine, database, sessions);
            load.TakeThreads();
            long started = Stopwatch.GetTimestamp();
            await load.FillAsync(bytes);
            Say($"filled with {bytes >> 20} MiB in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
            await ForAsync(load, alone);
            for (int round = 1; round <= rounds; round++)
            {
                var before = await ForAsync(load, alone);
                Tell($"round {round}, writers alone", before, null);
                foreach (string way in s_ways)
                {
                    using var stop = new CancellationTokenSource();
                    var writing = load.WriteAsync(stop.Token);
                    string backup = await BackUpAsync(engine, store, way, rate);
                    await stop.CancelAsync();
                    Tell($"  beside a backup, {way}, of {backup}", await writing, before);
                }
            }

            Say($"backup while nobody writes: {await BackUpAsync(engine, store, s_ways[0], rate)}");
            Say($"log flushed {disk.Flushes} times");
        }

        Directory.Delete(folder, recursive: true);
        return 0;
    }

    private static async Task<LoadFigures> ForAsync(EngineLoad load, TimeSpan time)
    {
        using var stop = new CancellationTokenSource(time);
        return await load.WriteAsync(stop.Token);
    }

    private static async Task<string> BackUpAsync(EmbeddedEngine engine, string store, string way, long rate)
    {
        long started = Stopwatch.GetTimestamp();
        string report;
        await using (var sink = FileSystemSink.Open(store, create: true))
        {
            IBackupSource source = way == s_ways[2] ? new ThrottledSource(engine, new RateLimit(rate)) : engine;
            var options = new BackupOptions { Kind = BackupKind.Copy, YieldsProcessors = way != s_ways[1] };
            var made = await new BackupPipeline(source, [sink], options).RunAsync();
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            long pages = made.Manifest.Databases.Sum(database => database.VerifiedPages);
            report = string.Create(CultureInfo.InvariantCulture,
                $"{seconds:0.0} s, {pages * engine.PageSize.Bytes / 1e6 / seconds:0} MB/s, {made.Manifest.Logs.Count} logs");
        }

        Directory.Delete(store, recursive: true);
        return report;
    }

    private static string Argument(string[] args, string name, string otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : otherwise;

    private static int Number(string[] args, string name, int otherwise) => int.Parse(
        Argument(args, name, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

    private static void Tell(string what, LoadFigures figures, LoadFigures? alone) => Say(
        $"{what}: {figures.Rate:0} transactions/s{(alone is null ? "" : string.Create(CultureInfo.InvariantCulture, $" ({figures.Rate / alone.Rate:0 %} kept)"))}, ms {figures.Least:0.00} least, {figures.Median:0.00} median, {figures.P99:0.0} of 99 %, {figures.Longest:0} at most");

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
