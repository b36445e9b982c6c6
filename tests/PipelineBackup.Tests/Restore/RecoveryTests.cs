using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBackup.Engine;
using PipelineBackup.Ese;
using PipelineBackup.Restore;
using PipelineBackup.Tests.Backup;
using PipelineBackup.Tests.Simulation;
using PipelineBackup.Tests.Sources;

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
        string golden = GoldenSets.Small("jetbackup-4096"), full = Path.Combine(golden, "backup", "old");
        await trip.BackupAsync(full);
        string grown = trip.Copy(full, "grown");
        foreach (string log in Directory.GetFiles(Path.Combine(golden, "incr")))
            File.Copy(log, Path.Combine(grown, Path.GetFileName(log)), overwrite: true);
        await trip.BackupAsync(grown, new() { Kind = BackupKind.Incremental });
        var report = await RecoverAsync(trip);
        Assert.Equal(2, report.Chain.Count);
        Prove(report, "jetbackup-4096-restore-full-incr");
    }

    [Fact]
    public async Task A_directory_that_an_embedded_engine_was_backed_up_to_is_a_source_like_any()
    {
        string folder = GoldenSets.NewFolder("living"), directory = GoldenSets.NewFolder("jet");
        var stop = TestContext.Current.CancellationToken;
        await using (var engine = await EmbeddedEngine.OpenAsync(new() { LogDirectory = folder }, stop))
        {
            var database = await engine.CreateDatabaseAsync(Path.Combine(folder, "people.edb"), cancellationToken: stop);
            await engine.BackupToDirectoryAsync(directory, cancellationToken: stop);
            using (var session = engine.CreateSession())
                session.CreateTable(database, new("people") { Columns = [new("id", ColumnType.Long)] });
            await engine.BackupToDirectoryAsync(directory, DirectoryBackupOptions.Incremental, cancellationToken: stop);
        }

        await using var trip = new MemoryTrip();
        await trip.BackupAsync(directory);
        var report = await RecoverAsync(trip);
        Assert.Equal((ExitCode.Done, false), (report.ExitCode, report.NeedsRecovery));
        using var file = DatabaseFile.Open(Assert.Single(report.Files), InspectionDepth.Full);
        Assert.NotNull(CatalogReader.Read(file).Find("people"));
        Assert.Empty(new DatabaseCheck(file, file.Header).Run(stop).Findings);
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

    // The earlier of two snapshots of a Windows machine, with the logs of the later one.
    [Fact]
    public async Task A_database_at_rest_goes_on_with_later_logs_which_are_only_read()
    {
        await using var trip = new MemoryTrip();
        string earlier = GoldenSets.Real("V7a_kinect_car4_clean_v7"), later = GoldenSets.Real("V7b_kinect_car4copy_dirty_v7");
        await trip.BackupAsync(earlier);
        string logs = trip.Copy(later, "logs");
        var report = await RecoverAsync(trip, options => options with { RollForward = logs });
        RoundTrip.AssertSame(logs, later);
        using var file = DatabaseFile.Open(Assert.Single(report.Files), InspectionDepth.Full);
        using var output = new MemoryStream();
        DatabaseDump.Write(file, output);
        using var expected = new MemoryStream();
        using (var zip = new GZipStream(File.OpenRead(GoldenSets.RealDump("V7b_kinect_car4copy_dirty_v7.recovered")), CompressionMode.Decompress))
            zip.CopyTo(expected);
        Assert.True(expected.ToArray().AsSpan().SequenceEqual(output.ToArray()), "the rows are not those of the later snapshot");
    }

    [Fact]
    public void Later_logs_are_put_beside_those_of_the_backup()
    {
        using var scratch = new Scratch();
        var history = new LogHistory(scratch);
        foreach (var (from, segments) in new[] { (4, 10), (5, 32), (6, 32) })
        {
            string work = history.At(5, segments);
            LaterLogs.Bring(history.At(12, from: from), work, "edb", stop: 0, default);
            var chain = LogChain.Open(work, "edb");
            chain.ScanAll();
            Assert.Empty(chain.Findings);
            Assert.Equal((1, 12, 12), (chain.Lowest.Value, chain.Highest.Value, chain.Current!.Generation.Value));
        }

        string stopped = history.At(5, 10);
        LaterLogs.Bring(history.At(12), stopped, "edb", stop: 9, default);
        Assert.Equal(9, LogChain.Open(stopped, "edb").Highest.Value);
        string other = history.At(12);
        string torn = history.At(5, 20);
        FileSurgery.Change(Path.Combine(other, LogHistory.Name(5)), bytes => bytes.AsSpan(9 * 4096).Clear());
        Assert.Equal(EseError.InvalidLogSequence,
            Assert.Throws<EseException>(() => LaterLogs.Bring(other, torn, "edb", stop: 0, default)).Error);
    }

    [Fact]
    public async Task Rolling_forward_stops_behind_a_generation()
    {
        await using var trip = new MemoryTrip();
        string golden = GoldenSets.Small("jetbackup-4096");
        await trip.BackupAsync(Path.Combine(golden, "backup", "old"));
        var report = await RecoverAsync(trip, options => options with { RollForward = Path.Combine(golden, "incr"), StopGeneration = 12 });
        Assert.StartsWith("(0xC,", report.Recovery!.Reached, StringComparison.Ordinal);
        using var file = DatabaseFile.Open(report.Files[0]);
        // Pages that a crash at that moment would have lost are lost here too.
        Assert.DoesNotContain(new DatabaseCheck(file, file.Header).Run().Findings, finding => finding.Error != EseError.DatabaseLeakInSpace);
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
