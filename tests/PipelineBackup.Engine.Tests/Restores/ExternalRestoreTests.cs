using System.Buffers.Binary;
using PipelineBackup.Engine.Tests.Backup;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Restores;

/// <summary>Restores as they are documented: of what, from where, to where.</summary>
public sealed class ExternalRestoreTests
{
    private static CancellationToken None => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(578)]
    public async Task Databases_become_clean_and_can_be_attached(int result)
    {
        var rig = new RestoreRig();
        var options = rig.AsideOptions with
        {
            TargetInstance = result == 0 ? null : "target",
            Map = [.. new[] { RestoreRig.PathA, RestoreRig.PathB }.Select(path => new DatabaseMapping(path, RestoreRig.AsidePath(path)))],
        };
        var report = await rig.RestoreAsync(options);
        Assert.Equal(result, (int)report.Result);
        Assert.All(report.Databases, database => Assert.Equal(RecoveryOutcome.Recovered, database.Outcome));
        Assert.Equal(2, report.Databases.Count);

        // An engine of another stream takes them.
        string logs = Path.GetFullPath("/third");
        rig.Disk.AddDirectory(logs);
        var third = LifeRig.Open(rig.EngineOptions with { InstanceName = "third", LogDirectory = logs });
        foreach (var (path, rows) in new[] { (RestoreRig.PathA, rig.RowsA), (RestoreRig.PathB, rig.RowsB) })
        {
            string place = RestoreRig.AsidePath(path);
            Assert.Equal(DatabaseState.CleanShutdown, HeaderOf(rig, place).State);
            var found = WrittenRows.Read(third, LifeRig.Now(third.AttachDatabaseAsync(place, None)));
            if (result == 0)
                Assert.NotEmpty(found);
            else
                Assert.Equal(rows.Committed, found);
        }

        LifeRig.Now(third.CloseAsync());
    }

    [Fact]
    public async Task A_restore_is_not_what_opening_an_engine_does()
    {
        var rig = new RestoreRig();
        var options = rig.Options with { TargetInstance = null };
        rig.LoseA();
        rig.PutCopies(options);
        Assert.Equal(EseError.SoftRecoveryOnBackupDatabase,
            LifeRig.ErrorOf(() => rig.Engine.AttachDatabaseAsync(RestoreRig.PathA, None)));
        await rig.RestoreAsync(options, putsCopies: false);
        var rows = WrittenRows.Read(rig.Engine, LifeRig.Now(rig.Engine.AttachDatabaseAsync(RestoreRig.PathA, None)));

        // What the backup holds, not what came later.
        var (apart, _) = BackupRig.Restore(rig.Full);
        Assert.Equal(WrittenRows.Read(apart, BackupRig.PathOf(rig.Full.Databases.Keys.First()), 4096), rows);
        Assert.NotEqual(rig.RowsA.Committed, rows);
    }

    [Fact]
    public async Task A_map_names_some_of_the_databases_or_an_empty_one_all()
    {
        var rig = new RestoreRig();
        var report = await rig.RestoreAsync(rig.AsideOptions);
        Assert.Equal([(RestoreRig.PathA, RecoveryOutcome.Recovered), (RestoreRig.PathB, RecoveryOutcome.Skipped)],
            report.Databases.Select(each => (each.LoggedPath, each.Outcome)));
        rig.Close();
        rig.CleanUp();
        byte[] before = rig.Disk.ReadAll(RestoreRig.PathB);
        foreach (string path in new[] { RestoreRig.PathA, RestoreRig.PathB })
            rig.Disk.Put(path, rig.Copy(path));
        report = await rig.RestoreAsync(rig.Options with { TargetInstance = null, Map = [] });
        Assert.Equal([RecoveryOutcome.Recovered, RecoveryOutcome.Recovered], report.Databases.Select(each => each.Outcome));
        Assert.False(before.AsSpan().SequenceEqual(rig.Disk.ReadAll(RestoreRig.PathB)));
        rig.Rig.RequireSoundDatabase(RestoreRig.PathA, "a", mayLeak: true);
        rig.Rig.RequireSoundDatabase(RestoreRig.PathB, "b", mayLeak: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_log_directory_may_be_the_one_with_the_logs_of_the_backup(bool hasTarget)
    {
        var rig = new RestoreRig();
        var kept = rig.Full.Logs.Values.Select(log => Path.Combine(RestoreRig.Set, log.File.Name)).ToList();
        var report = await rig.RestoreAsync(rig.AsideOptions with
        {
            LogDirectory = RestoreRig.Set, CheckpointDirectory = null, TargetInstance = hasTarget ? "target" : null,
        });
        Assert.True(report.Written.IsSet);
        Assert.Equal(report.Written, LogChain.Open(rig.Disk, RestoreRig.Set, "edb").Current!.Generation);
        Assert.All(rig.Full.Logs.Values, log => Assert.True(
            log.Bytes.AsSpan().SequenceEqual(rig.Disk.ReadAll(Path.Combine(RestoreRig.Set, log.File.Name)))));
        Assert.Contains(Path.Combine(RestoreRig.Set, "edb.chk"), rig.Disk.Files);
        rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA));
        Assert.Equal(kept.Count + 2, rig.Disk.ListFiles(RestoreRig.Set).Count);
    }

    [Theory]
    [InlineData("with those of the backup", true)]
    [InlineData("with those of the backup", false)]
    [InlineData("in the log directory", true)]
    [InlineData("in the log directory", false)]
    public async Task Logs_of_later_backups_are_rolled_forward_with(string place, bool hasTarget)
    {
        var rig = new RestoreRig();
        var incremental = BackupRig.Take(rig.Engine, ChangedPagesTests.Follows(rig.Full, BackupKind.Incremental));
        Assert.True(incremental.Truncated > 0);
        var (apart, _) = BackupRig.Restore(rig.Full, incremental);
        var expected = WrittenRows.Read(apart, BackupRig.PathOf(rig.Full.Databases.Keys.First()), 4096);
        rig.Write(300);
        rig.PutLogs(incremental, place == "in the log directory" ? RestoreRig.Work : RestoreRig.Set);
        var report = await rig.RestoreAsync(rig.AsideOptions with { TargetInstance = hasTarget ? "target" : null });
        Assert.Equal(hasTarget ? rig.RowsA.Committed : expected, rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA)));
        if (!hasTarget)
            Assert.Equal(incremental.Logs.Keys.Last(), report.End.Generation.Value);

        // Without them, or with a hole in them, the logs of the target do not continue the backup.
        if (!hasTarget)
            return;
        rig.CleanUp();
        rig.Disk.Remove(Path.Combine(place == "in the log directory" ? RestoreRig.Work : RestoreRig.Set,
            incremental.Logs.Values.First(log => log.File.Generation > rig.Full.Logs.Keys.Last()).File.Name));
        var failure = await Assert.ThrowsAsync<EseException>(() => rig.RestoreAsync(rig.AsideOptions));
        Assert.Contains(failure.Error, new[] { EseError.MissingCurrentLogFiles, EseError.FileNotFound });
    }

    [Fact]
    public async Task The_range_is_told_or_all_that_is_there()
    {
        var rig = new RestoreRig();
        int first = rig.Full.Logs.Keys.First(), last = rig.Full.Logs.Keys.Last();
        var options = rig.AsideOptions with { TargetInstance = null };
        var told = await rig.RestoreAsync(options with { Low = new(first), High = new(last) });
        byte[] database = rig.Disk.ReadAll(RestoreRig.AsidePath(RestoreRig.PathA));
        var rows = rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA));
        rig.CleanUp();
        var found = await rig.RestoreAsync(options);
        Assert.Equal((told.Start, told.End), (found.Start, found.End));
        Assert.Equal(first, found.Start.Generation.Value);
        Assert.Equal(last, found.End.Generation.Value);
        Assert.Equal(database.Length, rig.Disk.ReadAll(RestoreRig.AsidePath(RestoreRig.PathA)).Length);
        Assert.Equal(rows, rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA)));
    }

    [Fact]
    public async Task Logs_have_numbers_beyond_twenty_bits()
    {
        const int First = 0x12345678;
        var rig = new RestoreRig(prepare: life =>
        {
            // A stream that has come so far.
            byte[] header = LogHeaderWriter.Begin(new()
            {
                Signature = new(1, LogTime.From(DateTimeOffset.UnixEpoch.AddYears(50))),
                PageSize = PageSize.Default,
                FileBytes = life.Options.LogFileBytes,
                Version = life.Options.Format.Log,
                Parameters = new byte[InstanceParameters.Size],
            }, LogTime.From(DateTimeOffset.UnixEpoch.AddYears(50)));
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), First);
            using var files = new LogFiles(LogStreamFolder.Open(life.Disk, LifeRig.Logs, "edb"));
            files.Begin(header, null, 0);
        });
        int low = rig.Full.Logs.Keys.First(), high = rig.Full.Logs.Keys.Last();
        Assert.True(low >= First && high > low);
        var report = await rig.RestoreAsync(rig.AsideOptions with { Low = new(low), High = new(high) });
        Assert.True(report.End.Generation.Value > high);
        Assert.Equal(rig.RowsA.Committed, rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA)));
    }

    [Fact]
    public async Task Progress_is_told_from_its_begin_to_its_end()
    {
        var rig = new RestoreRig();
        var told = new List<RecoveryProgress>();
        var events = new List<EngineEvent>();
        await rig.RestoreAsync(rig.AsideOptions with { Progress = new Told(told.Add), Events = new Heard(events) });
        Assert.Equal((RecoveryPhase.Begin, 0), (told[0].Phase, told[0].Done));
        Assert.Equal((RecoveryPhase.Complete, 100), (told[^1].Phase, told[^1].Done));
        Assert.True(told.Zip(told.Skip(1)).All(pair => pair.First.Done <= pair.Second.Done));
        Assert.True(told.Count > 5);
        Assert.Equal([204, 205], events.Select(each => each.Id));

        events.Clear();
        rig.CleanUp();
        await Assert.ThrowsAsync<EseException>(
            () => rig.RestoreAsync(rig.AsideOptions with { MemoryBytes = 1, Events = new Heard(events) }));
        Assert.Equal([204, 454, 205], events.Select(each => each.Id));
    }

    [Fact]
    public async Task One_that_was_ended_leaves_databases_that_have_to_be_restored_anew()
    {
        var rig = new RestoreRig();
        using var source = new CancellationTokenSource();
        var options = rig.AsideOptions with
        {
            Progress = new Told(progress =>
            {
                if (progress.Done > 50)
                    source.Cancel();
            }),
        };
        rig.PutCopies(options);
        var kept = rig.Keep();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await rig.Host.RestoreExternalAsync(options, source.Token));
        string place = RestoreRig.AsidePath(RestoreRig.PathA);
        rig.RequireKept(kept, "ended", place);
        rig.RequireRunning();
        Assert.NotEqual(EseError.Success, HeaderOf(rig, place).Judge());
        var refused = Assert.Throws<EseException>(() => LifeRig.Now(rig.Engine.AttachDatabaseAsync(place, None)));
        Assert.Contains(refused.Error, new[] { EseError.SoftRecoveryOnBackupDatabase, EseError.DatabaseDirtyShutdown });

        await rig.RestoreAsync(rig.AsideOptions);
        Assert.Equal(rig.RowsA.Committed, rig.ReadAside(place));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await rig.Host.RestoreExternalAsync(options, new(canceled: true)));
        rig.RequireRunning();
    }

    [Fact]
    public async Task A_failure_in_replay_says_that_the_databases_must_be_restored_anew()
    {
        var rig = new RestoreRig();
        var options = rig.AsideOptions;
        byte[] copy = rig.Copy(RestoreRig.PathA);
        // Every page of data, so that one that replay reads is among them; headers and trailer stay.
        for (int page = 2; page < copy.Length / 4096 - 1; page++)
            copy[page * 4096 + 200] ^= 3;
        rig.Disk.Put(options.Map[0].Path, copy);
        var failure = await Assert.ThrowsAsync<EseException>(() => rig.RestoreAsync(options, putsCopies: false));
        Assert.Equal(EseError.ReadVerifyFailure, failure.Error);
        Assert.Contains("anew", failure.Hint, StringComparison.Ordinal);
        rig.RequireRunning();
        rig.CleanUp();
        await rig.RestoreAsync(options);
        Assert.Equal(rig.RowsA.Committed, rig.ReadAside(options.Map[0].Path));
    }

    [Fact]
    public async Task A_write_that_fails_anywhere_leaves_the_target_as_it_was()
    {
        var rig = new RestoreRig(steps: 250);
        var options = rig.AsideOptions;
        int failed = 0, step = 0;
        for (int at = 1; ; at += Seeds.Of(1).Count() > 1 ? 1 : 3)
        {
            rig.CleanUp();
            rig.PutCopies(options);
            var kept = rig.Keep();
            step = 0;
            rig.Disk.Watch = each =>
            {
                if (Path.GetDirectoryName(each.Path) != LifeRig.Logs && each.Path != LifeRig.Logs && ++step == at)
                    throw new IOException("simulated failure");
            };
            var failure = await Record.ExceptionAsync(() => rig.RestoreAsync(options, putsCopies: false));
            rig.Disk.Watch = null;
            Assert.Equal(0, rig.Disk.Files.Count(path => path.EndsWith("-versions.tmp", StringComparison.Ordinal)));
            rig.RequireKept(kept, $"step {at}", rig.OfRestores());
            rig.RequireRunning();
            if (failure is null)
                break;
            Assert.Equal(EseError.DiskIO, Assert.IsType<EseException>(failure).Error);
            failed++;
        }

        Assert.True(failed > 5, $"{failed} writes of {step} failed");
        Assert.Equal(rig.RowsA.Committed, rig.ReadAside(options.Map[0].Path));
        rig.Close(RestoreRig.PathA, RestoreRig.PathB);
    }

    [Fact]
    public async Task Whatever_a_crash_leaves_is_restored_anew_and_the_engine_comes_back()
    {
        foreach (int seed in Seeds.Of(6))
        {
            var random = new Random(seed);
            var rig = new RestoreRig(seed, steps: 250);
            rig.PutCopies(rig.AsideOptions);
            rig.Engine.Log.Flush();
            rig.Disk.KillAtStep = rig.Disk.Steps + random.Next(1, 150);
            var failure = await Record.ExceptionAsync(() => rig.RestoreAsync(rig.AsideOptions, putsCopies: false));
            rig.Disk.Crash(random.Pick(CrashKind.Kill, CrashKind.PowerLoss, CrashKind.AllLost), random);
            try
            {
                await rig.Engine.DisposeAsync();
            }
            catch (SimulatedCrashException)
            {
                // It is dead already.
            }

            Assert.True(failure is null or SimulatedCrashException, $"{failure}");
            var engine = LifeRig.Open(rig.EngineOptions with { Host = null });
            foreach (var (path, rows) in new[] { (RestoreRig.PathA, rig.RowsA), (RestoreRig.PathB, rig.RowsB) })
                Assert.Equal(rows.Committed, WrittenRows.Read(engine, LifeRig.Now(engine.AttachDatabaseAsync(path, None))));
            LifeRig.Now(engine.CloseAsync());
            rig.CleanUp();
            await new EngineHost().RestoreExternalAsync(Put(rig) with { TargetInstance = null }, None);
            rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA));
        }
    }

    private static ExternalRestoreOptions Put(RestoreRig rig)
    {
        rig.PutCopies(rig.AsideOptions);
        return rig.AsideOptions;
    }

    private static DatabaseHeader HeaderOf(RestoreRig rig, string path)
    {
        using var file = rig.Disk.Open(path, DiskAccess.Read);
        return HeaderPair.Read(file).Require(path);
    }

    private sealed class Told(Action<RecoveryProgress> tell) : IProgress<RecoveryProgress>
    {
        public void Report(RecoveryProgress value) => tell(value);
    }
}
