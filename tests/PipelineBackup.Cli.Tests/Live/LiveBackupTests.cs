using PipelineBackup.Cli.Demo;
using PipelineBackup.Engine;
using PipelineBackup.Ese;
using PipelineBackup.Golden;
using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.Cli.Tests.Live;

/// <summary>
/// The whole way: an engine that is written to, through the pipeline into a store, and back by recovery.
/// </summary>
public sealed class LiveBackupTests
{
    [Theory]
    [InlineData(4096)]
    [InlineData(32768)]
    public async Task A_chain_of_backups_of_a_living_engine_is_restored_to_each_of_its_states(int pageSize)
    {
        string folder = GoldenSets.NewFolder("live"), store = Path.Combine(folder, "store");
        var made = new List<BackupManifest>();
        await using var sink = FileSystemSink.Open(store, create: true);
        await using (var engine = await OpenAsync(folder, pageSize))
        {
            var database = await engine.CreateDatabaseAsync(Path.Combine(folder, DemoTable.Database));
            using (var session = engine.CreateSession())
                DemoTable.Create(session, database);
            var ledgers = Enumerable.Range(0, DemoTable.Writers)
                .Select(writer => new DemoLedger(DemoEngine.LedgerOf(folder, writer))).ToList();
            var writers = ledgers.Select((ledger, writer) => new DemoWriter(engine, database, writer, ledger)).ToList();
            foreach (var writer in writers)
                await writer.WriteAsync(isFill: true, CancellationToken.None);
            using var stopping = new CancellationTokenSource();
            var writing = writers.ConvertAll(writer =>
                Task.Run(() => writer.WriteAsync(isFill: false, stopping.Token)));
            foreach (var kind in (BackupKind[])
                [BackupKind.Full, BackupKind.Incremental, BackupKind.Copy, BackupKind.Incremental,
                    BackupKind.Differential])
            {
                await MoreAsync(writers, writing);
                var report = await new BackupPipeline(engine, [sink], new() { Kind = kind })
                    .RunAsync(TestContext.Current.CancellationToken);
                Assert.Equal(ExitCode.Done, report.ExitCode);
                Assert.Null(report.FailureAfterCommit);
                made.Add(report.Manifest);
            }

            await MoreAsync(writers, writing);
            await stopping.CancelAsync();
            await Task.WhenAll(writing);
            ledgers.ForEach(ledger => ledger.Dispose());
            Require(folder, database, end: null);
        }

        foreach (var manifest in made)
        {
            string target = Path.Combine(folder, $"restored-{manifest.Id}");
            var restored = await new RestorePipeline(sink, new() { Target = target }).RunAsync(manifest.Id);
            Assert.Equal(ExitCode.Done, restored.ExitCode);
            await using var engine = await OpenAsync(Directory.CreateDirectory(Path.Combine(target, "proof")).FullName,
                pageSize);
            Require(folder, await engine.AttachDatabaseAsync(Path.Combine(target, DemoTable.Database)),
                DemoLedger.ParsePosition(manifest.Position));
        }
    }

    [Fact]
    public async Task A_backup_that_another_one_overtook_cannot_be_continued()
    {
        string folder = GoldenSets.NewFolder("overtaken");
        await using var engine = await OpenAsync(folder, 8192);
        await engine.CreateDatabaseAsync(Path.Combine(folder, "a.edb"));
        await using var one = FileSystemSink.Open(Path.Combine(folder, "one"), create: true);
        await using var other = FileSystemSink.Open(Path.Combine(folder, "other"), create: true);
        await new BackupPipeline(engine, [one]).RunAsync();
        await new BackupPipeline(engine, [other]).RunAsync();
        var refused = await Assert.ThrowsAsync<SourceException>(
            () => new BackupPipeline(engine, [one], new() { Kind = BackupKind.Incremental }).RunAsync());
        Assert.Equal((JetError.MissingFullBackup, ExitCode.Refused), (refused.Error!.Value, refused.ExitCode));
        Assert.Equal(ExitCode.Done,
            (await new BackupPipeline(engine, [other], new() { Kind = BackupKind.Incremental }).RunAsync()).ExitCode);
    }

    [Fact]
    public async Task Every_step_is_logged_with_a_number_of_its_own()
    {
        string folder = GoldenSets.NewFolder("logged");
        var (backup, restore, refused) = (new SeenNumbers(), new SeenNumbers(), new SeenNumbers());
        await using var engine = await OpenAsync(folder, 4096);
        await engine.CreateDatabaseAsync(Path.Combine(folder, "a.edb"));
        await using var sink = FileSystemSink.Open(Path.Combine(folder, "store"), create: true);
        var report = await new BackupPipeline(engine, [sink], new() { Logger = backup }).RunAsync();
        int[] files = [.. Enumerable.Repeat<int[]>([220, 221], report.Manifest.Logs.Count).SelectMany(pair => pair)];
        Assert.Equal([210, 220, 221, 223, .. files, report.TruncatedLogs.Count > 0 ? 224 : 225, 213],
            backup.WithNumber);
        await new RestorePipeline(sink, new() { Target = Path.Combine(folder, "restored"), Logger = restore })
            .RunAsync("latest");
        Assert.Equal([204, 300, 302, 205], restore.WithNumber);
        await using var other = await engine.BeginBackupAsync(new() { Kind = BackupKind.Copy });
        await Assert.ThrowsAsync<SourceException>(() =>
            new BackupPipeline(engine, [sink], new() { Logger = refused }).RunAsync());
        Assert.Equal([214], refused.WithNumber);
    }

    [Fact]
    public async Task A_page_that_is_damaged_in_the_file_is_found_and_truncates_nothing()
    {
        string folder = GoldenSets.NewFolder("damaged"), path = Path.Combine(folder, "a.edb");
        await using var engine = await OpenAsync(folder, 4096);
        var database = await engine.CreateDatabaseAsync(path);
        using (var session = engine.CreateSession())
            DemoTable.Create(session, database);
        using (var ledger = new DemoLedger(DemoEngine.LedgerOf(folder, 0)))
            await new DemoWriter(engine, database, 0, ledger).WriteAsync(isFill: true, CancellationToken.None);
        await database.DetachAsync();
        Cli.Flip(path, 90 * 4096 + 100, 0xFF);
        await engine.AttachDatabaseAsync(path);
        await using var sink = FileSystemSink.Open(Path.Combine(folder, "store"), create: true);
        var refused = await Assert.ThrowsAsync<BackupException>(
            () => new BackupPipeline(engine, [sink], new() { Time = new Hurried() }).RunAsync());
        Assert.Equal((JetError.ReadVerifyFailure, ExitCode.Refused), (refused.Error!.Value, refused.ExitCode));
        var report = await new BackupPipeline(
            engine, [sink], new() { OnBadPage = BadPagePolicy.Record, Time = new Hurried() }).RunAsync();
        Assert.Equal(ExitCode.Damaged, report.ExitCode);
        Assert.Empty(report.TruncatedLogs);
        Assert.Equal(90, Assert.Single(report.BadPages).Page);
    }

    private static ValueTask<EmbeddedEngine> OpenAsync(string folder, int pageSize) => EmbeddedEngine.OpenAsync(new()
    {
        LogDirectory = folder,
        PageSize = PageSize.Of(pageSize),
        LogFileBytes = 256 << 10,
        CacheBytes = 4 << 20,
        CheckpointDepthBytes = 1 << 20,
    });

    private static async Task MoreAsync(List<DemoWriter> writers, List<Task> writing)
    {
        for (int before = Commits(); Commits() < before + 40;)
        {
            await Task.Delay(5);
            Assert.DoesNotContain(writing, writer => writer.IsFaulted);
        }

        int Commits() => writers.Sum(writer => writer.Commits);
    }

    private static void Require(string folder, EngineDatabase database, LogPosition? end)
    {
        var proof = new DemoProof([.. Enumerable.Range(0, DemoTable.Writers)
            .Select(writer => DemoLedger.Read(DemoEngine.LedgerOf(folder, writer)))]);
        using var session = database.Engine.CreateSession();
        using var table = DemoTable.Open(session, database);
        var (ok, detail) = proof.Judge(DemoTable.Read(table), end);
        Assert.True(ok, $"{end}: {detail}");
    }

    // The pauses between two looks at a bad page take no time; time limits stay what they are.
    private sealed class Hurried : TimeProvider
    {
        private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(2);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > s_longestPause ? dueTime : TimeSpan.Zero, period);
    }
}
