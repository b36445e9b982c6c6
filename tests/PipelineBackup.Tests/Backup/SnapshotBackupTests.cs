using PipelineBackup.Engine;
using PipelineBackup.Ese;
using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.Tests.Backup;

/// <summary>Snapshots of an engine through the pipeline, with real files.</summary>
public sealed class SnapshotBackupTests
{
    [Fact]
    public async Task A_chain_of_snapshots_is_restored_to_each_of_its_moments()
    {
        string folder = GoldenSets.NewFolder("snapshots");
        await using var sink = FileSystemSink.Open(Path.Combine(folder, "store"), create: true);
        var made = new List<(string Id, int Rows)>();
        int rows = 0;
        await using (var engine = await OpenAsync(folder))
        {
            var database = await MakeAsync(engine, folder);
            foreach (var kind in (BackupKind[])[BackupKind.Full, BackupKind.Incremental, BackupKind.Copy,
                BackupKind.Differential, BackupKind.Incremental])
            {
                rows = await InsertAsync(engine, database, rows, 300);
                var report = await new BackupPipeline(new SnapshotSource(engine), [sink], new() { Kind = kind })
                    .RunAsync(TestContext.Current.CancellationToken);
                Assert.Equal((ExitCode.Done, null), (report.ExitCode, report.FailureAfterCommit));
                Assert.Null(engine.Options.Host!.Snapshot);
                made.Add((report.Manifest.Id, rows));
            }

            rows = await InsertAsync(engine, database, rows, 50);
        }

        foreach (var (id, count) in made)
            await RequireAsync(sink, id, Path.Combine(folder, $"restored-{id}"), count);
    }

    [Fact]
    public async Task What_was_copied_while_frozen_is_a_file_set_like_any_other()
    {
        string folder = GoldenSets.NewFolder("frozen"), copy = Path.Combine(folder, "copy");
        Directory.CreateDirectory(copy);
        await using var engine = await OpenAsync(folder);
        var database = await MakeAsync(engine, folder);
        int rows = await InsertAsync(engine, database, 0, 500);
        var snapshot = engine.Options.Host!.PrepareSnapshot(SnapshotOptions.ContinueAfterThaw);
        var frozen = Assert.Single((await snapshot.FreezeAsync(TestContext.Current.CancellationToken)).Instances);
        var waiting = InsertAsync(engine, database, rows, 1);
        foreach (string path in Directory.GetFiles(frozen.LogDirectory))
        {
            await using var from = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await using var to = File.Create(Path.Combine(copy, Path.GetFileName(path)));
            await from.CopyToAsync(to, TestContext.Current.CancellationToken);
        }

        Assert.False(waiting.IsCompleted);
        await snapshot.ThawAsync();
        await waiting;
        await using var sink = FileSystemSink.Open(Path.Combine(folder, "store"), create: true);
        var report = await new BackupPipeline(new FileSetSource(new() { Path = copy }), [sink]).RunAsync();
        Assert.Equal(ExitCode.Done, report.ExitCode);
        await snapshot.TruncateLogAsync(SnapshotTruncation.AllDatabases, TestContext.Current.CancellationToken);
        await snapshot.EndAsync();
        await RequireAsync(sink, report.Manifest.Id, Path.Combine(folder, "restored"), rows);

        // And by recovery alone, where it lies.
        new SoftRecovery(new()
        {
            BaseName = frozen.BaseName, LogDirectory = copy, DatabaseDirectory = copy, MemoryBytes = 8 << 20,
        }).Run(TestContext.Current.CancellationToken);
        Assert.Equal(rows, await CountAsync(copy, Path.Combine(folder, "proof")));
    }

    private static ValueTask<EmbeddedEngine> OpenAsync(string folder) => EmbeddedEngine.OpenAsync(new()
    {
        LogDirectory = Directory.CreateDirectory(Path.Combine(folder, "live")).FullName, Host = new(),
        LogFileBytes = 64 << 10, CheckpointDepthBytes = 128 << 10,
    });

    private static async Task<EngineDatabase> MakeAsync(EmbeddedEngine engine, string folder)
    {
        var database = await engine.CreateDatabaseAsync(Path.Combine(folder, "live", "a.edb"));
        using var session = engine.CreateSession();
        session.CreateTable(database, new("rows")
        {
            Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("text", ColumnType.LongText)],
            Indexes = [new("primary", "id") { IsPrimary = true }],
        });
        return database;
    }

    private static async Task<int> InsertAsync(EmbeddedEngine engine, EngineDatabase database, int first, int count)
    {
        using var session = engine.CreateSession();
        await using var transaction = session.BeginTransaction();
        using var table = session.OpenTable(database, "rows");
        for (int id = first; id < first + count; id++)
            table.Insert(table.NewRow().Set("id", id).Set("text", new string('t', 200)));
        await transaction.CommitAsync();
        return first + count;
    }

    private static async Task RequireAsync(IBackupSink sink, string id, string target, int rows)
    {
        var restored = await new RestorePipeline(sink, new() { Target = target }).RunAsync(id);
        Assert.Equal(ExitCode.Done, restored.ExitCode);
        Assert.Equal(rows, await CountAsync(target, Path.Combine(target, "proof")));
    }

    private static async Task<int> CountAsync(string folder, string logs)
    {
        await using var engine = await EmbeddedEngine.OpenAsync(
            new() { LogDirectory = Directory.CreateDirectory(logs).FullName });
        using var session = engine.CreateSession();
        using var table = session.OpenTable(
            await engine.AttachDatabaseAsync(Path.Combine(folder, "a.edb")), "rows");
        var cursor = table.OpenCursor();
        int count = 0;
        for (; cursor.MoveNext(); count++)
            Assert.Equal(count, cursor.GetInt32("id"));
        return count;
    }
}
