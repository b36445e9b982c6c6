using Microsoft.Extensions.Logging;
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
        var journal = new LiveJournal();
        await using (var sink = FileSystemSink.Open(store, create: true))
        await using (var engine = await OpenAsync(folder, pageSize))
        {
            var database = await engine.CreateDatabaseAsync(Path.Combine(folder, LiveLedger.FileName));
            await LiveLedger.CreateAsync(engine, database);
            using var stopping = new CancellationTokenSource();
            var writers = Enumerable.Range(1, LiveLedger.Writers)
                .Select(writer => Task.Run(() => LiveLedger.WriteAsync(engine, database, writer, Tell, stopping.Token)))
                .ToList();
            foreach (var (kind, name) in new[]
            {
                (BackupKind.Full, "full"), (BackupKind.Incremental, "first"), (BackupKind.Copy, "copy"),
                (BackupKind.Incremental, "second"), (BackupKind.Differential, "last"),
            })
            {
                await UntilAsync(journal.Count + 40, journal, writers);
                var report = await new BackupPipeline(new WitnessedSource(engine, name, Tell), [sink], new() { Kind = kind })
                    .RunAsync(TestContext.Current.CancellationToken);
                Assert.Equal(ExitCode.Done, report.ExitCode);
                Assert.Null(report.FailureAfterCommit);
                await RequireAsync(sink, report.Manifest.Id, journal.At(name), folder, name, pageSize);
            }

            await stopping.CancelAsync();
            await Task.WhenAll(writers);
            var (least, most) = journal.At("");
            Assert.Equal(least, most);
            var (ok, detail) = LiveLedger.Prove(database, least, most);
            Assert.True(ok, detail);
        }

        void Tell(string line) => Assert.True(journal.Take(line), line);
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
        var (backup, restore) = (new Numbers(), new Numbers());
        await using var engine = await OpenAsync(folder, 4096);
        var database = await engine.CreateDatabaseAsync(Path.Combine(folder, "a.edb"));
        await LiveLedger.CreateAsync(engine, database);
        await using var sink = FileSystemSink.Open(Path.Combine(folder, "store"), create: true);
        var report = await new BackupPipeline(engine, [sink], new() { Logger = backup }).RunAsync();
        int[] files = [.. Enumerable.Repeat<int[]>([220, 221], report.Manifest.Logs.Count).SelectMany(pair => pair)];
        Assert.Equal([210, 220, 221, 223, .. files, report.TruncatedLogs.Count > 0 ? 224 : 225, 213],
            backup.Seen.Where(number => number > 0));
        await new RestorePipeline(sink, new() { Target = Path.Combine(folder, "restored"), Logger = restore }).RunAsync("latest");
        Assert.Equal([204, 300, 302, 205], restore.Seen.Where(number => number > 0));
        var ended = new Numbers();
        await Assert.ThrowsAnyAsync<Exception>(() => new BackupPipeline(
            new WitnessedSource(engine, "x", _ => throw new InvalidOperationException("no")), [sink], new() { Logger = ended }).RunAsync());
        Assert.Equal([210, 220, 221, 214], ended.Seen.Where(number => number > 0));
    }

    [Fact]
    public async Task A_page_that_is_damaged_in_the_file_is_found_and_truncates_nothing()
    {
        string folder = GoldenSets.NewFolder("damaged"), path = Path.Combine(folder, "a.edb");
        await using var engine = await OpenAsync(folder, 4096);
        var database = await engine.CreateDatabaseAsync(path);
        await LiveLedger.CreateAsync(engine, database);
        await database.DetachAsync();
        Cli.Flip(path, 900 * 4096 + 100, 0xFF);
        await engine.AttachDatabaseAsync(path);
        await using var sink = FileSystemSink.Open(Path.Combine(folder, "store"), create: true);
        var refused = await Assert.ThrowsAsync<BackupException>(
            () => new BackupPipeline(engine, [sink], new() { Time = new Hurried() }).RunAsync());
        Assert.Equal((JetError.ReadVerifyFailure, ExitCode.Refused), (refused.Error!.Value, refused.ExitCode));
        var report = await new BackupPipeline(
            engine, [sink], new() { OnBadPage = BadPagePolicy.Record, Time = new Hurried() }).RunAsync();
        Assert.Equal(ExitCode.Damaged, report.ExitCode);
        Assert.Empty(report.TruncatedLogs);
        Assert.Equal(900, Assert.Single(report.BadPages).Page);
    }

    private static ValueTask<EmbeddedEngine> OpenAsync(string folder, int pageSize) => EmbeddedEngine.OpenAsync(new()
    {
        LogDirectory = folder,
        PageSize = PageSize.Of(pageSize),
        LogFileBytes = 256 << 10,
        CacheBytes = 4 << 20,
        CheckpointDepthBytes = 1 << 20,
    });

    private static async Task UntilAsync(long count, LiveJournal journal, List<Task> writers)
    {
        while (journal.Count < count)
        {
            await Task.Delay(5);
            Assert.DoesNotContain(writers, writer => writer.IsFaulted);
        }
    }

    private static async Task RequireAsync(IBackupArchive store, string id,
        (IReadOnlyList<int> Least, IReadOnlyList<int> Most) expected, string folder, string name, int pageSize)
    {
        string target = Path.Combine(folder, $"restored-{name}");
        var restored = await new RestorePipeline(store, new() { Target = target }).RunAsync(id);
        Assert.Equal(ExitCode.Done, restored.ExitCode);
        string logs = Directory.CreateDirectory(Path.Combine(target, "proof")).FullName;
        await using var engine = await OpenAsync(logs, pageSize);
        var database = await engine.AttachDatabaseAsync(Path.Combine(target, LiveLedger.FileName));
        var (ok, detail) = LiveLedger.Prove(database, expected.Least, expected.Most);
        Assert.True(ok, $"{name}: {detail}");
    }

    // The pauses between two looks at a bad page take no time; time limits stay what they are.
    private sealed class Hurried : TimeProvider
    {
        private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(2);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > s_longestPause ? dueTime : TimeSpan.Zero, period);
    }

    private sealed class Numbers : ILogger
    {
        public List<int> Seen { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            lock (Seen)
                Seen.Add(eventId.Id);
        }
    }
}
