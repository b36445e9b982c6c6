using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.Benchmarks.EndToEnd;

/// <summary>
/// Whole backups, verifications and restores of databases made on the spot, each in a process of its own so that its peak
/// memory is its own, beside the limit that the stages alone set on this machine.
/// </summary>
/// <remarks>
/// <code>
/// end-to-end [--folder DIR] [--gib N] [--content Golden|HalfRandom] [--runs N]
/// </code>
/// </remarks>
internal static class EndToEndBenchmark
{
    private static string Argument(string[] args, string name, string otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : otherwise;

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["step", .. var step])
            return await StepAsync(step).ConfigureAwait(false);
        string folder = Directory.CreateDirectory(Path.Combine(Argument(args, "--folder", Path.GetTempPath()), "pipelinebackup-benchmark")).FullName;
        double gib = double.Parse(Argument(args, "--gib", "2"), CultureInfo.InvariantCulture);
        int runs = int.Parse(Argument(args, "--runs", "3"), CultureInfo.InvariantCulture);
        var contents = Argument(args, "--content", "") is { Length: > 0 } one ? [Enum.Parse<PageContent>(one)] : Enum.GetValues<PageContent>();
        foreach (var content in contents)
            await CompareAsync(folder, (long)(gib * (1 << 30)), content, runs).ConfigureAwait(false);
        Directory.Delete(folder, recursive: true);
        return 0;
    }

    private static async Task CompareAsync(string folder, long bytes, PageContent content, int runs)
    {
        string database = Path.Combine(folder, "source", "made.edb");
        Directory.CreateDirectory(Path.GetDirectoryName(database)!);
        DatabaseMaker.Make(database, bytes, content);
        var costs = StageCosts.Measure(database, folder);
        int cores = Environment.ProcessorCount;
        Say($"## {content}, {bytes / (double)(1 << 30):0.##} GiB, {cores} cores, LZ4 ratio {costs.Ratio:0.000}");
        Say($"core-seconds a GB alone: read {costs.Read:0.000}, inspect {costs.Inspect:0.000}, CRC {costs.Crc:0.000}, LZ4 {costs.Compress:0.000}, "
            + $"SHA-256 {costs.Hash:0.000}, copy {costs.Copy:0.000}, write {costs.Write:0.000}, decompress {costs.Decompress:0.000}");
        Say($"all {cores} compressing at once are worth {costs.EffectiveCores:0.00} cores: limit with these {costs.EffectiveCores / costs.Backup:0.000} GB/s backup, {costs.EffectiveCores / costs.RestoreWhole:0.000} GB/s restore");
        double backupLimit = cores / costs.Backup, restoreLimit = cores / costs.RestoreWhole, lz4 = cores / costs.Compress;
        for (int run = 1; run <= runs; run++)
        {
            string store = Path.Combine(folder, $"store-{run}"), target = Path.Combine(folder, $"target-{run}");
            var backup = await ChildAsync("backup", Path.GetDirectoryName(database)!, store).ConfigureAwait(false);
            Tell($"backup  {run}", backup, bytes, backupLimit, $", {bytes / 1e9 / backup.Seconds / lz4:0.0%} of LZ4 × {cores}");
            Tell($"verify  {run}", await ChildAsync("verify", store, "").ConfigureAwait(false), bytes, 0, "");
            Tell($"restore {run}", await ChildAsync("restore", store, target).ConfigureAwait(false), bytes, restoreLimit, "");
            Directory.Delete(store, recursive: true);
            Directory.Delete(target, recursive: true);
        }

        File.Delete(database);
    }

    private static void Tell(string what, StepResult result, long bytes, double limit, string more)
    {
        double rate = bytes / 1e9 / result.Seconds;
        Say($"{what}: {rate:0.000} GB/s in {result.Seconds:0.00} s" + (limit > 0 ? $", {rate / limit:0.0%} of the limit {limit:0.000} GB/s" : "")
            + more + $", CPU {result.CpuSeconds / (bytes / 1e9):0.000} core-s/GB, peak memory {result.PeakBytes >> 20} MiB{result.Rooms}");
    }

    private static void Say(FormattableString text) => Say(text.ToString(CultureInfo.InvariantCulture));

    private static void Say(string text) => Console.WriteLine(text);

    private static async Task<StepResult> ChildAsync(string step, string from, string to)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(EndToEndBenchmark).Assembly.Location);
        foreach (string argument in new[] { "end-to-end", "step", step, from, to })
            start.ArgumentList.Add(argument);
        using var child = Process.Start(start)!;
        string output = await child.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await child.WaitForExitAsync().ConfigureAwait(false);
        return child.ExitCode == 0
            ? JsonSerializer.Deserialize<StepResult>(output)!
            : throw new InvalidOperationException($"{step} ended with {child.ExitCode}: {output}");
    }

    private static async Task<int> StepAsync(string[] args)
    {
        string rooms = "";
        long started = Stopwatch.GetTimestamp();
        switch (args)
        {
            case ["backup", var source, var store]:
                var sink = FileSystemSink.Open(store, create: true);
                var report = await new BackupPipeline(new FileSetSource(new() { Path = source }), [sink]).RunAsync().ConfigureAwait(false);
                rooms = "; busy seconds: " + string.Join(", ", report.Manifest.Rooms.Select(room =>
                    string.Create(CultureInfo.InvariantCulture, $"{room.Key} {room.Value:0.00}")));
                break;
            case ["verify", var store, _]:
                var verified = await new VerificationPipeline(FileSystemSink.Open(store, create: false)).RunAsync("latest").ConfigureAwait(false);
                if (verified.ExitCode != ExitCode.Done)
                    return 1;
                break;
            case ["restore", var store, var target]:
                await new RestorePipeline(FileSystemSink.Open(store, create: false), new() { Target = target }).RunAsync("latest").ConfigureAwait(false);
                break;
            case ["make", var path, var size]:
                DatabaseMaker.Make(path, long.Parse(size, CultureInfo.InvariantCulture) << 30, PageContent.Golden);
                break;
            default:
                return 2;
        }

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(JsonSerializer.Serialize(new StepResult(seconds, self.TotalProcessorTime.TotalSeconds, self.PeakWorkingSet64, rooms)));
        return 0;
    }

    private sealed record StepResult(double Seconds, double CpuSeconds, long PeakBytes, string Rooms);
}
