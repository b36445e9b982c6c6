using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Engine;
using PipelineBackup.Sinks;

namespace PipelineBackup.Cli.Demo;

/// <summary>
/// The living database of the demonstration, in a process of its own that can be killed: writers at work, and backups
/// when it is told to. It says what it does on its standard output, one line each.
/// </summary>
/// <param name="folder">Where database, logs and store are.</param>
/// <param name="run">Where to tell.</param>
internal sealed class DemoEngine(string folder, Invocation run)
{
    /// <summary>The writers are at work.</summary>
    public const string Ready = "ready";

    /// <summary>Begins the line that tells how a backup ended; JSON follows.</summary>
    public const string Done = "done ";

    /// <summary>Begins the line that tells how far a backup is.</summary>
    public const string Progress = "progress ";

    // Slow enough that much is written while it goes on.
    private const long BytesPerSecond = 8 << 20;

    private readonly Lock _lock = new();

    /// <summary>Where the database is.</summary>
    public static string Data(string folder) => Path.Combine(folder, "database");

    /// <summary>How its engine is opened.</summary>
    public static EngineOptions Options(string directory, IProgress<EngineEvent>? events = null) =>
        new() { LogDirectory = directory, Events = events };

    /// <summary>Works until its standard input ends.</summary>
    public async Task RunAsync(TextReader commands, CancellationToken cancellationToken)
    {
        string data = Directory.CreateDirectory(Data(folder)).FullName;
        await using var engine = await EmbeddedEngine.OpenAsync(Options(data), cancellationToken);
        var database = await engine.CreateDatabaseAsync(
            Path.Combine(data, DemoLedger.FileName), null, cancellationToken);
        await DemoLedger.CreateAsync(engine, database);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writers = Enumerable.Range(1, DemoLedger.Writers)
            .Select(writer => Task.Run(
                () => DemoLedger.WriteAsync(engine, database, writer, Tell, stopping.Token), stopping.Token))
            .ToList();
        Tell(Ready);
        while (await commands.ReadLineAsync(cancellationToken) is { } kind)
            await BackUpAsync(engine, kind, cancellationToken);
        await stopping.CancelAsync();
        await Task.WhenAll(writers);
    }

    private async Task BackUpAsync(EmbeddedEngine engine, string kind, CancellationToken cancellationToken)
    {
        var source = new ThrottledSource(
            new WitnessedSource(engine, kind, Tell), new RateLimit(BytesPerSecond, run.Terminal.Time));
        await using var sink = Sinks.FileSystem.FileSystemSink.Open(Path.Combine(folder, "store"), create: true);
        var report = await new BackupPipeline(source, [sink], new()
        {
            Kind = Enum.Parse<BackupKind>(kind, ignoreCase: true),
            Progress = new Told(this),
        }).RunAsync(cancellationToken);
        Tell(Done + new JsonObject
        {
            ["exit"] = (int)report.ExitCode,
            ["id"] = report.Manifest.Id,
            ["position"] = report.Manifest.Position,
            ["plainBytes"] = report.Manifest.Totals.PlainBytes,
            ["storedBytes"] = report.Manifest.Totals.StoredBytes,
            ["logs"] = report.Manifest.Logs.Count,
            ["truncated"] = report.TruncatedLogs.Count,
        }.ToJsonString());
    }

    private void Tell(string line)
    {
        lock (_lock)
        {
            run.Terminal.Output.Write(line + "\n");
            run.Terminal.Output.Flush();
        }
    }

    private sealed class Told(DemoEngine engine) : IProgress<BackupProgress>
    {
        private const int Parts = 4;

        private int _last = -1;

        public void Report(BackupProgress value)
        {
            int share = value.TotalBytes > 0 ? (int)(value.DoneBytes * Parts / value.TotalBytes) : 0;
            if (Interlocked.Exchange(ref _last, share) != share)
            {
                engine.Tell(Progress
                    + string.Create(CultureInfo.InvariantCulture, $"{value.Phase} {share * 100 / Parts} %"));
            }
        }
    }
}
