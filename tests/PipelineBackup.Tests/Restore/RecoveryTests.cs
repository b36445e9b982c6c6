using System.Text;
using System.Text.Json.Nodes;
using PipelineBackup.Ese;
using PipelineBackup.Tests.Backup;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Restore;

/// <summary>A restore recovers before it publishes; whatever goes wrong then publishes nothing.</summary>
public sealed class RecoveryTests
{
    [Theory]
    [InlineData("dirty-basic-4096", "files", "dirty-basic-4096")]
    [InlineData("dirty-undo-flushed-4096", "files", "dirty-undo-flushed-4096")]
    [InlineData("extbackup-4096", "backup", "extbackup-4096-restore")]
    [InlineData("jetbackup-4096", "backup/old", "jetbackup-4096-restore")]
    public async Task A_database_comes_back_as_the_engine_would_have_recovered_it(string set, string folder, string reference)
    {
        await using var trip = new MemoryTrip();
        await trip.BackupAsync(Path.Combine(GoldenSets.Small(set), folder));
        var report = await RecoverAsync(trip);
        Assert.Equal((ExitCode.Done, false), (report.ExitCode, report.NeedsRecovery));
        Assert.True(report.Recovery!.Records > 100);
        Prove(report, reference);
        StoreProof.DemandClean(report.Target, 1);
    }

    [Fact]
    public async Task A_clean_database_needs_no_recovery()
    {
        await using var trip = new MemoryTrip();
        string source = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        await trip.BackupAsync(source);
        var report = await RecoverAsync(trip, options => options with { Recovery = new Refusing() });
        Assert.Null(report.Recovery);
        RoundTrip.AssertSame(report.Target, source);
    }

    [Fact]
    public async Task A_chain_is_recovered_with_all_its_logs()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        var incremental = new BackupOptions { Kind = BackupKind.Incremental };
        await trip.BackupAsync(history.At(3, 9));
        await trip.BackupAsync(history.At(7, segments: 20), incremental);
        await trip.BackupAsync(history.At(12, from: 6), incremental);
        var report = await RecoverAsync(trip);
        Assert.Equal(3, report.Chain.Count);
        Prove(report, "dirty-basic-4096");
    }

    [Fact]
    public async Task A_streamed_copy_goes_on_with_the_logs_of_incremental_backups()
    {
        await using var trip = new MemoryTrip();
        string golden = GoldenSets.Small("jetbackup-4096");
        await trip.BackupAsync(Path.Combine(golden, "backup", "old"));
        string later = trip.Copy(Path.Combine(golden, "incr"), "later");
        var report = await RecoverAsync(trip, options => options with { RollForward = later });
        Prove(report, "jetbackup-4096-restore-full-incr");
        RoundTrip.AssertSame(later, Path.Combine(golden, "incr"));
    }

    [Fact]
    public async Task Logs_to_roll_forward_with_are_only_read()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(5, segments: 10));
        string later = history.At(12, from: 4);
        var before = Directory.GetFiles(later).ToDictionary(path => path, File.ReadAllBytes);
        var report = await RecoverAsync(trip, options => options with { RollForward = later });
        Prove(report, "dirty-basic-4096");
        Assert.Equal(before.Keys.Order(), Directory.GetFiles(later).Order());
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
    }

    [Fact]
    public async Task Rolling_forward_stops_behind_a_generation()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(5));
        var report = await RecoverAsync(trip, options => options with { RollForward = history.At(12), StopGeneration = 9 });
        Assert.StartsWith("(0x9,", report.Recovery!.Reached, StringComparison.Ordinal);
        using var file = DatabaseFile.Open(report.Files[0]);
        Assert.Empty(new DatabaseCheck(file, file.Header).Run().Findings);
    }

    [Fact]
    public async Task Logs_that_do_not_continue_the_backup_publish_nothing()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(5));
        string later = history.At(12, from: 8);
        var refusal = await Assert.ThrowsAsync<BackupException>(() => RecoverAsync(trip, options => options with { RollForward = later }));
        Assert.Equal(ExitCode.Refused, refusal.ExitCode);
        StoreProof.DemandClean(trip.Scratch["target-1"], 0);
    }

    [Fact]
    public async Task A_recovery_that_fails_publishes_nothing()
    {
        await using var trip = new MemoryTrip();
        await trip.BackupAsync(Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"));
        var refusal = await Assert.ThrowsAsync<BackupException>(() => RecoverAsync(trip, options => options with { Recovery = new Refusing() }));
        Assert.Equal(-1852, refusal.Error!.Value.Number);
        StoreProof.DemandClean(trip.Scratch["target-1"], 0);
        Prove(await RecoverAsync(trip), "dirty-basic-4096");
    }

    [Theory]
    [InlineData(false, -550)]
    [InlineData(true, -1018)]
    public async Task What_a_recovery_made_is_proved_before_it_is_published(bool recovers, int error)
    {
        await using var trip = new MemoryTrip();
        await trip.BackupAsync(Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"));
        var refusal = await Assert.ThrowsAsync<BackupException>(
            () => RecoverAsync(trip, options => options with { Recovery = new Careless(recovers) }));
        Assert.Equal((ExitCode.Refused, error), (refusal.ExitCode, refusal.Error!.Value.Number));
        StoreProof.DemandClean(trip.Scratch["target-1"], 0);
    }

    [Fact]
    public async Task A_cancelled_recovery_publishes_nothing()
    {
        await using var trip = new MemoryTrip();
        await trip.BackupAsync(Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"));
        using var cancelled = new CancellationTokenSource();
        var options = new RestoreOptions { Target = trip.Scratch["target-1"], Recovery = new Cancelling(cancelled) };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new RestorePipeline(trip.Store, options).RunAsync("latest", cancelled.Token));
        StoreProof.DemandClean(trip.Scratch["target-1"], 0);
    }

    [Fact]
    public async Task A_database_is_recovered_where_a_map_puts_it()
    {
        await using var trip = new MemoryTrip();
        await trip.BackupAsync(Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"));
        var report = await RecoverAsync(trip, options => options with
        {
            Map = new Dictionary<string, string> { ["db1.edb"] = "data/edb.log" },
        });
        Assert.Equal([Path.Combine(report.Target, "data", "edb.log")], report.Files);
        Prove(report, "dirty-basic-4096");
    }

    [Fact]
    public async Task A_drill_restores_checks_and_leaves_nothing()
    {
        await using var trip = new MemoryTrip();
        await trip.BackupAsync(Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"));
        string scratch = Directory.CreateDirectory(trip.Scratch["scratch"]).FullName;
        var report = await new RestoreDrill(trip.Store, new() { Scratch = scratch }).RunAsync("latest", TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Done, report.ExitCode);
        Assert.Equal("db1.edb", Assert.Single(report.Databases).Name);
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch));
        var before = (await StoreProof.ObjectsAsync(trip.Store)).Keys;
        var name = await RestoreDrill.WriteReceiptAsync(trip.Store, BackupSet.Default, report, TestContext.Current.CancellationToken);
        Assert.Equal([name.ToString()], (await StoreProof.ObjectsAsync(trip.Store)).Keys.Except(before));
        await using var stored = await trip.Store.OpenReadAsync(name, ByteRange.All, TestContext.Current.CancellationToken);
        var receipt = JsonNode.Parse(stored)!;
        Assert.Equal(("drill", report.Restore.Manifest.Id), ((string?)receipt["kind"], (string?)receipt["backup"]));
        Assert.Equal(report.Databases[0].Rows, (long)receipt["databases"]![0]!["rows"]!);
    }

    [Fact]
    public async Task A_drill_that_fails_leaves_nothing_either()
    {
        await using var trip = new MemoryTrip();
        await trip.BackupAsync(Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"));
        string scratch = Directory.CreateDirectory(trip.Scratch["scratch"]).FullName;
        await Assert.ThrowsAsync<BackupException>(() => new RestoreDrill(trip.Store, new() { Scratch = scratch, Recovery = new Refusing() })
            .RunAsync("latest", TestContext.Current.CancellationToken));
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch));
    }

    private static Task<RestoreReport> RecoverAsync(MemoryTrip trip, Func<RestoreOptions, RestoreOptions>? change = null) =>
        trip.RestoreAsync(change: options => (change?.Invoke(options) ?? options) with { SkipRecovery = false });

    // The engine's own dump; of the rows it has the hash at the end of each table.
    private static void Prove(RestoreReport report, string reference)
    {
        string path = Assert.Single(report.Files);
        using var file = DatabaseFile.Open(path, InspectionDepth.Full);
        Assert.Equal(EseError.Success, file.Header.Judge());
        using var output = new MemoryStream();
        DatabaseDump.Write(file, output);
        var frame = Encoding.UTF8.GetString(output.ToArray()).Split('\n')
            .Where(line => !line.StartsWith("{\"type\":\"row\"", StringComparison.Ordinal));
        string expected = Path.Combine(GoldenSets.Folder, "dumps", reference + ".jsonl");
        Assert.Equal(File.ReadAllText(expected), string.Join('\n', frame));
        Assert.Empty(new DatabaseCheck(file, file.Header).Run().Findings);
    }

    private sealed class Refusing : IDatabaseRecovery
    {
        public ValueTask<RecoverySummary> RecoverAsync(RecoveryRequest request, CancellationToken cancellationToken) =>
            throw new BackupException("no") { Error = new(-1852, "JET_errLogCorrupted"), ExitCode = ExitCode.Refused };
    }

    private sealed class Cancelling(CancellationTokenSource source) : IDatabaseRecovery
    {
        public async ValueTask<RecoverySummary> RecoverAsync(RecoveryRequest request, CancellationToken cancellationToken)
        {
            await source.CancelAsync();
            return await new ManagedRecovery().RecoverAsync(request, cancellationToken);
        }
    }

    // Does nothing, or recovers and then spoils a page.
    private sealed class Careless(bool recovers) : IDatabaseRecovery
    {
        public async ValueTask<RecoverySummary> RecoverAsync(RecoveryRequest request, CancellationToken cancellationToken)
        {
            if (!recovers)
                return new() { Reached = "" };
            var summary = await new ManagedRecovery().RecoverAsync(request, cancellationToken);
            using var file = File.Open(request.Databases[0].Path, FileMode.Open);
            file.Position = (20 * 4096) + 1000;
            file.Write([1, 2, 3, 4, 5, 6, 7, 8]);
            return summary;
        }
    }
}
