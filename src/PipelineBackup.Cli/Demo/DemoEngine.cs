using System.Text.Json.Nodes;
using PipelineBackup.Engine;
using PipelineBackup.Sinks;
using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.Cli.Demo;

/// <summary>
/// The process that is killed: an engine with its writers and its backups. It tells each step as a line of JSON, and
/// writes on until somebody kills it or closes its input.
/// </summary>
/// <param name="folder">The directory of the demonstration.</param>
/// <param name="run">Where to tell.</param>
internal sealed class DemoEngine(string folder, Invocation run)
{
    /// <summary>Name of the directory with the database and its logs.</summary>
    public const string Live = "live";

    /// <summary>Name of the store.</summary>
    public const string Store = "store";

    private const int LogBytes = 256 << 10, OpenRows = 300;

    // So little memory that pages are written all the time, also while they are copied.
    private const int CacheBytes = 4 << 20, DepthBytes = 2 << 20;

    // So slow that much is written while the database is copied.
    private const long BytesPerSecond = 12 << 20;

    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(1.5);

    private readonly List<DemoWriter> _writers = [];

    private int Commits => _writers.Sum(writer => writer.Commits);

    /// <summary>Path of a writer's ledger.</summary>
    public static string LedgerOf(string folder, int writer) => Path.Combine(folder, $"ledger-{writer}.txt");

    /// <summary>Runs it.</summary>
    /// <param name="cancellationToken">Ends it in good order.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string live = Directory.CreateDirectory(Path.Combine(folder, Live)).FullName;
        var options = new EngineOptions
        {
            LogDirectory = live,
            LogFileBytes = LogBytes,
            CacheBytes = CacheBytes,
            CheckpointDepthBytes = DepthBytes,
        };
        await using var engine = await EmbeddedEngine.OpenAsync(options, cancellationToken);
        var database = await engine.CreateDatabaseAsync(Path.Combine(live, DemoTable.Database), null,
            cancellationToken);
        using var session = engine.CreateSession();
        DemoTable.Create(session, database);
        for (int i = 0; i < DemoTable.Writers; i++)
            _writers.Add(new(engine, database, i, new(LedgerOf(folder, i))));

        Begin($"create a database and fill it by {DemoTable.Writers} sessions");
        await WriteAsync(isFill: true, cancellationToken);
        End($"{Quantity.Bytes(new FileInfo(database.Path).Length)}; {Quantity.Count(Commits, "transaction")}, each waited for "
            + "until it was on the disk");

        var writing = WriteAsync(isFill: false, cancellationToken);
        var all = await Task.WhenAny(writing, BackUpAsync(engine, session, database, cancellationToken));
        // Writers end by failing or by being told to: then nothing has to be waited for.
        await all;
        await writing;
    }

    private async Task BackUpAsync(
        EmbeddedEngine engine, EngineSession session, EngineDatabase database, CancellationToken cancellationToken)
    {
        await Task.Delay(s_between, cancellationToken);
        await BackUpAsync(engine, BackupKind.Full, cancellationToken);
        // A transaction that never ends: nothing of it may be in any copy.
        session.BeginTransaction();
        using var table = DemoTable.Open(session, database);
        for (int i = 1; i <= OpenRows; i++)
            DemoTable.Put(table, -i, DemoTable.Uncommitted, isNew: true);
        await Task.Delay(s_between, cancellationToken);
        await BackUpAsync(engine, BackupKind.Incremental, cancellationToken);
        await Task.Delay(s_between, cancellationToken);
        Begin("");
    }

    private async Task BackUpAsync(EmbeddedEngine engine, BackupKind kind, CancellationToken cancellationToken)
    {
        Begin(kind == BackupKind.Full
            ? "make a full backup while they write"
            : "make an incremental one while they write");
        int before = Commits;
        await using var store = new RetryingSink(FileSystemSink.Open(Path.Combine(folder, Store), create: true));
        var source = new ThrottledSource(engine, new(BytesPerSecond, run.Terminal.Time));
        var report = await new BackupPipeline(source, [store], new() { Kind = kind }).RunAsync(cancellationToken);
        if (report.ExitCode != ExitCode.Done)
            throw (Exception?)report.FailureAfterCommit ?? new InvalidOperationException("the backup is damaged");
        var manifest = report.Manifest;
        string pages = kind == BackupKind.Full
            ? Quantity.Count(manifest.Databases.Sum(database => database.VerifiedPages), "page") + " verified, "
            : "";
        End($"{pages}{Quantity.Count(manifest.Logs.Count, "log")}, {Quantity.Count(report.TruncatedLogs.Count)} truncated; "
            + $"{Quantity.Count(Commits - before, "transaction")} committed meanwhile; it reaches {manifest.Position}",
            manifest.Position);
    }

    private Task WriteAsync(bool isFill, CancellationToken cancellationToken) => Task.WhenAll(
        _writers.Select(writer => Task.Run(
            () => writer.WriteAsync(isFill, cancellationToken), CancellationToken.None)));

    private void Begin(string title) => Write(new() { ["begin"] = title });

    private void End(string detail, string? position = null) =>
        Write(new() { ["end"] = detail, ["position"] = position });

    private void Write(JsonObject line)
    {
        JsonOutput.Write(run.Terminal.Output, line);
        run.Terminal.Output.Flush();
    }
}
