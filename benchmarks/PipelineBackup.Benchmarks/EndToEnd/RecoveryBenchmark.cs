using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using PipelineBackup.Ese;

namespace PipelineBackup.Benchmarks.EndToEnd;

/// <summary>
/// Recoveries of databases and logs made on the spot, each in a process of its own so that its peak memory is its own: logs and
/// pages a second, how much of it is waiting for the disk, and memory against the number of logs. Then the golden sets of
/// the real engine, over and over.
/// </summary>
/// <remarks>
/// <code>
/// recovery [--folder DIR] [--gib N] [--runs N] [--memory-mib N]
/// </code>
/// </remarks>
internal static class RecoveryBenchmark
{
    /// <summary>Runs it.</summary>
    public static int Run(string[] args)
    {
        if (args is ["step", .. var step])
            return Step(step);
        string folder = Directory.CreateDirectory(
            Path.Combine(Argument(args, "--folder", Path.GetTempPath()), "pipelinebackup-recovery")).FullName;
        long logs = (long)(double.Parse(Argument(args, "--gib", "1"), CultureInfo.InvariantCulture) * (1 << 30));
        int runs = int.Parse(Argument(args, "--runs", "2"), CultureInfo.InvariantCulture);
        string memory = Argument(args, "--memory-mib", "128");
        foreach (long part in new[] { logs / 16, logs / 4, logs })
        {
            for (int run = 1; run <= runs; run++)
                Tell(folder, 256L << 20, part, memory);
        }

        Tell(folder, 32L << 20, logs / 4, memory);
        Tell(folder, 2L << 30, logs / 4, memory);
        foreach (string set in new[] { "dirty-basic-4096", "dirty-undo-flushed-4096", "extbackup-4096" })
            TellGolden(folder, set, Child("golden", set, Path.Combine(folder, "golden"), "40"));
        Directory.Delete(folder, recursive: true);
        return 0;
    }

    private static string Argument(string[] args, string name, string otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : otherwise;

    private static void Tell(string folder, long databaseBytes, long logBytes, string memory)
    {
        string target = Path.Combine(folder, "load");
        int logs = RecoveryLoad.Make(target, databaseBytes, logBytes);
        var result = Child("recover", target, memory, "");
        Say($"{logs} logs of 1 MiB, database {databaseBytes >> 20} MiB: {result}");
        Directory.Delete(target, recursive: true);
    }

    private static void TellGolden(string folder, string set, StepResult result)
    {
        Say($"{set}, 40 times: {result}");
        Directory.Delete(Path.Combine(folder, "golden"), recursive: true);
    }

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static StepResult Child(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(RecoveryBenchmark).Assembly.Location);
        foreach (string argument in (string[])["recovery", "step", .. arguments])
            start.ArgumentList.Add(argument);
        using var child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0
            ? JsonSerializer.Deserialize<StepResult>(output)!
            : throw new InvalidOperationException($"the step ended with {child.ExitCode}: {output}");
    }

    private static int Step(string[] args)
    {
        var disk = new TimedDisk();
        long started = Stopwatch.GetTimestamp();
        double preparing = 0;
        List<RecoveryReport> reports = [];
        switch (args)
        {
            case ["recover", var folder, var memory, _]:
                reports.Add(new SoftRecovery(new()
                {
                    BaseName = "edb",
                    LogDirectory = folder,
                    DatabaseDirectory = folder,
                    MemoryBytes = long.Parse(memory, CultureInfo.InvariantCulture) << 20,
                    Disk = disk,
                }).Run());
                break;
            case ["golden", var set, var folder, var times]:
                for (int i = int.Parse(times, CultureInfo.InvariantCulture); i > 0; i--)
                {
                    long unpacking = Stopwatch.GetTimestamp();
                    if (Directory.Exists(folder))
                        Directory.Delete(folder, recursive: true);
                    GoldenFiles.Unpack(set, folder);
                    preparing += Stopwatch.GetElapsedTime(unpacking).TotalSeconds;
                    reports.Add(RecoverGolden(folder, disk));
                }

                break;
            default:
                return 2;
        }

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds - preparing;
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(JsonSerializer.Serialize(new StepResult(seconds, self.TotalProcessorTime.TotalSeconds, self.PeakWorkingSet64,
            disk.Reading, disk.Writing, disk.Flushing, reports.Sum(report => report.LogBytes), reports.Sum(report => report.Records),
            reports.Sum(report => report.PagesRedone), reports.Sum(report => report.PagesRead), reports.Sum(report => report.PagesWritten))));
        return 0;
    }

    private static RecoveryReport RecoverGolden(string folder, TimedDisk disk)
    {
        string backup = Path.Combine(folder, "backup"), files = Path.Combine(folder, "files");
        if (!Directory.Exists(backup))
        {
            return new SoftRecovery(new()
            {
                BaseName = "edb",
                LogDirectory = files,
                DatabaseDirectory = files,
                Disk = disk,
            }).Run();
        }

        return new HardRecovery(new()
        {
            BaseName = "edb",
            BackupLogDirectories = [backup],
            LogDirectory = Directory.CreateDirectory(Path.Combine(folder, "log")).FullName,
            Map = [new(@"X:\e\db1.edb", Path.Combine(backup, "db1.edb"))],
            Disk = disk,
        }).Run();
    }

    private sealed record StepResult(double Seconds, double CpuSeconds, long PeakBytes, double Reading, double Writing, double Flushing,
        long LogBytes, long Records, long PagesRedone, long PagesRead, long PagesWritten)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture,
            $"{Seconds:0.00} s, {LogBytes / 1e6 / Seconds:0} MB of log/s, {Records / Seconds / 1000:0} k records/s, "
            + $"{PagesRedone / Seconds / 1000:0} k page changes/s, read {PagesRead} and wrote {PagesWritten} pages; "
            + $"reading {Reading / Seconds:0 %}, writing {Writing / Seconds:0 %}, flushing {Flushing / Seconds:0 %} of the time, "
            + $"CPU {CpuSeconds:0.00} s, peak memory {PeakBytes >> 20} MiB");
    }
}
