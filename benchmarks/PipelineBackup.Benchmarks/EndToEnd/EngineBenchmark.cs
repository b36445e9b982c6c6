using System.Diagnostics;
using System.Globalization;
using PipelineBackup.Engine;
using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.Benchmarks.EndToEnd;

/// <summary>
/// The embedded engine under load: sessions that write alone, then while the database is backed up online, then alone
/// again, and the same backup while nobody writes.
/// </summary>
/// <remarks>
/// <code>
/// engine [--folder DIR] [--gib N] [--sessions N] [--seconds N]
/// </code>
/// </remarks>
internal static class EngineBenchmark
{
    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        string folder = Directory.CreateDirectory(
            Path.Combine(Argument(args, "--folder", Path.GetTempPath()), "pipelinebackup-engine")).FullName;
        long bytes = (long)(double.Parse(Argument(args, "--gib", "1"), CultureInfo.InvariantCulture) * (1 << 30));
        int sessions = int.Parse(Argument(args, "--sessions", "8"), CultureInfo.InvariantCulture);
        var alone = TimeSpan.FromSeconds(int.Parse(Argument(args, "--seconds", "10"), CultureInfo.InvariantCulture));
        var disk = new TimedDisk();
        await using (var engine = await EmbeddedEngine.OpenAsync(
            new() { LogDirectory = folder, LogFileBytes = 5 << 20, Disk = disk }))
        {
            var database = await engine.CreateDatabaseAsync(Path.Combine(folder, "load.edb"));
            var load = new EngineLoad(engine, database, sessions);
            long started = Stopwatch.GetTimestamp();
            await load.FillAsync(bytes);
            Say($"filled with {bytes >> 20} MiB in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
            Tell("writers alone", await ForAsync(load, alone), disk);
            using var stop = new CancellationTokenSource();
            var writing = load.WriteAsync(stop.Token);
            Say($"backup meanwhile: {await BackUpAsync(engine, Path.Combine(folder, "store-1"))}");
            await stop.CancelAsync();
            Tell("writers during the backup", await writing, disk);
            Tell("writers alone again", await ForAsync(load, alone), disk);
            Say($"backup while nobody writes: {await BackUpAsync(engine, Path.Combine(folder, "store-2"))}");
        }

        Directory.Delete(folder, recursive: true);
        return 0;
    }

    private static async Task<LoadFigures> ForAsync(EngineLoad load, TimeSpan time)
    {
        using var stop = new CancellationTokenSource(time);
        return await load.WriteAsync(stop.Token);
    }

    private static async Task<string> BackUpAsync(EmbeddedEngine engine, string store)
    {
        long started = Stopwatch.GetTimestamp();
        await using var sink = FileSystemSink.Open(store, create: true);
        var report = await new BackupPipeline(engine, [sink], new() { Kind = BackupKind.Copy }).RunAsync();
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        long pages = report.Manifest.Databases.Sum(database => database.VerifiedPages);
        return string.Create(CultureInfo.InvariantCulture,
            $"{seconds:0.0} s, {pages * engine.PageSize.Bytes / 1e6 / seconds:0} MB of pages/s, {report.Manifest.Logs.Count} logs");
    }

    private static string Argument(string[] args, string name, string otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : otherwise;

    private static void Tell(string what, LoadFigures figures, TimedDisk disk) => Say(
        $"{what}: {figures.Rate:0} transactions/s, {figures.Median:0.00} ms median, {figures.P99:0.0} ms of 99 %, {figures.Longest:0} ms at most; {disk.Flushes} flushes so far");

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
