using PipelineBackup.Engine.Tests.Backup;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Restores;

/// <summary>A database is restored up to date with the logs of an engine that goes on.</summary>
public sealed class TargetRestoreTests
{
    private static CancellationToken None => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("by name")]
    [InlineData("by directories")]
    public async Task A_database_becomes_as_new_as_the_engine_while_its_others_are_written(string target)
    {
        foreach (int seed in Seeds.Of(4))
        {
            int written = 0;
            bool isOver = false, isBegun = false;
            void Gate(string path)
            {
                // The others get a turn, however busy the machine is.
                int before = Volatile.Read(ref written);
                if (!Path.GetDirectoryName(path)!.Equals(RestoreRig.Set, StringComparison.Ordinal) || isBegun)
                    return;
                isBegun = true;
                Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref written) > before + 100, TimeSpan.FromSeconds(60)));
            }

            var rig = new RestoreRig(seed, options => options with { Disk = new HeldDisk(options.Disk, Gate) });
            rig.LoseA();
            var options = target == "by name" ? rig.Options : rig.Options with
            {
                TargetInstance = null,
                TargetLogDirectory = LifeRig.Logs,
                TargetCheckpointDirectory = LifeRig.Logs,
            };
            var writer = new Thread(() =>
            {
                while (!Volatile.Read(ref isOver))
                {
                    rig.RowsB.Steps(10);
                    Interlocked.Add(ref written, 10);
                }
            });
            rig.PutCopies(options);
            writer.Start();
            RecoveryReport report;
            try
            {
                report = await rig.RestoreAsync(options, putsCopies: false);
            }
            finally
            {
                Volatile.Write(ref isOver, true);
                writer.Join();
            }

            Assert.Equal(EseError.TargetInstanceRunning, report.Result);
            Assert.Equal(578, (int)report.Result);
            Assert.True(isBegun, "nothing was written meanwhile");
            rig.A = LifeRig.Now(rig.Engine.AttachDatabaseAsync(RestoreRig.PathA, None));
            Assert.Equal(rig.RowsA.Committed, WrittenRows.Read(rig.Engine, rig.A));
            Assert.Equal(rig.RowsB.Committed, ReadB(rig));
            rig.RowsA.GoOn(rig.Engine, rig.A);
            rig.Write(300);
            rig.Close(RestoreRig.PathA, RestoreRig.PathB);
            Assert.Equal(rig.RowsA.Committed, WrittenRows.Read(rig.Rig, RestoreRig.PathA, 4096));
        }
    }

    [Fact]
    public async Task The_engine_begins_a_log_with_the_record_of_the_restore()
    {
        var rig = new RestoreRig();
        var last = rig.Engine.Log.Header.Generation;
        var kept = rig.Keep();
        var report = await rig.RestoreAsync(rig.AsideOptions);
        Assert.Equal(last.Next, rig.Engine.Log.DurableHeader.Generation);
        Assert.Equal(last, report.End.Generation);
        Assert.Equal(last.Next, report.Written);
        var chain = LogChain.Open(rig.Disk, LifeRig.Logs, "edb");
        using var records = chain.Current!.OpenRecords();
        Assert.True(records.TryRead(out var first));
        Assert.Equal(LogRecordType.ExternalRestore2, first.Type);
        string text = System.Text.Encoding.Unicode.GetString(first.Bytes[3..]);
        Assert.Equal([RestoreRig.Work, "target", ""], text.Split('\0'));
        rig.RequireKept(kept, "the restore", rig.OfRestores());
        rig.RequireRunning();
        rig.Close();
    }

    [Fact]
    public async Task What_is_not_committed_is_rolled_back_in_logs_of_the_restore()
    {
        foreach (int seed in Seeds.Of(6))
        {
            var rig = new RestoreRig(seed);
            while (!rig.Engine.Transactions.Oldest.IsSet)
                rig.RowsA.Step();
            var report = await rig.RestoreAsync(rig.AsideOptions);
            Assert.True(report.RolledBack > 0);
            Assert.Equal(rig.RowsA.Committed, rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA)));
            Assert.Contains(Path.Combine(RestoreRig.Work, "edb.log"), rig.Disk.Files);
            Assert.Contains(Path.Combine(RestoreRig.Checkpoint, "edb.chk"), rig.Disk.Files);
            rig.RequireRunning();
            rig.Close(RestoreRig.PathA, RestoreRig.PathB);
        }
    }

    [Fact]
    public async Task An_engine_that_died_and_lost_a_database_gets_it_back()
    {
        foreach (int seed in Seeds.Of(12))
        {
            var rig = new RestoreRig(seed);
            while (!rig.Engine.Transactions.Oldest.IsSet)
                rig.RowsA.Step();
            rig.Engine.Log.Flush();
            if (seed % 2 == 0)
                rig.Engine.WriteBackAll();
            rig.Disk.Crash(CrashKind.Kill, new(seed));
            rig.Disk.Remove(RestoreRig.PathA);
            await rig.Engine.DisposeAsync();
            rig.Engine = LifeRig.Open(rig.EngineOptions with { IgnoreMissingDatabases = true });
            rig.B = LifeRig.Now(rig.Engine.AttachDatabaseAsync(RestoreRig.PathB, None));
            var committedB = new SortedDictionary<int, string>(rig.RowsB.Committed);
            rig.RowsB.GoOn(rig.Engine, rig.B);
            Assert.Equal(committedB, rig.RowsB.Committed);
            rig.RowsB.Steps(200);
            await rig.RestoreAsync();
            rig.A = LifeRig.Now(rig.Engine.AttachDatabaseAsync(RestoreRig.PathA, None));
            Assert.Equal(rig.RowsA.Committed, WrittenRows.Read(rig.Engine, rig.A));
            rig.RowsA.GoOn(rig.Engine, rig.A);
            rig.Write(200);
            rig.Close(RestoreRig.PathA, RestoreRig.PathB);
        }
    }

    [Fact]
    public async Task A_restore_that_was_killed_while_it_undid_what_was_missed_goes_on_or_says_that_it_cannot()
    {
        int again = 0;
        foreach (int seed in Seeds.Of(20))
        {
            var random = new Random(seed);
            var rig = new RestoreRig(seed, steps: 300);
            while (rig.Engine.Transactions.Oldest is { IsSet: false })
                rig.RowsA.Steps(20);
            rig.Engine.Log.Flush();
            rig.Disk.Crash(CrashKind.Kill, random);
            rig.Disk.Remove(RestoreRig.PathA);
            await rig.Engine.DisposeAsync();
            var options = rig.EngineOptions with { IgnoreMissingDatabases = true, Host = null };
            rig.Engine = LifeRig.Open(options);
            rig.B = LifeRig.Now(rig.Engine.AttachDatabaseAsync(RestoreRig.PathB, None));
            rig.RowsB.GoOn(rig.Engine, rig.B);
            rig.RowsB.Steps(100);
            rig.RowsB.Close();
            LifeRig.Now(rig.Engine.CloseAsync());

            // With the logs as those of one that does not run: it dies together with the restore otherwise. With little
            // memory pages are written all the time.
            var restore = rig.AsideOptions with
            {
                TargetInstance = null,
                TargetLogDirectory = LifeRig.Logs,
                TargetCheckpointDirectory = LifeRig.Logs,
                TargetMayBeStopped = true,
                MemoryBytes = 400 << 10,
            };
            rig.PutCopies(restore);
            rig.Disk.KillAtStep = rig.Disk.Steps + random.Next(5, 60);
            var killed = await Record.ExceptionAsync(() => rig.RestoreAsync(restore, putsCopies: false));
            rig.Disk.Crash(random.Pick(CrashKind.Kill, CrashKind.PowerLoss, CrashKind.AllLost), random);
            var host = new EngineHost();
            try
            {
                await host.RestoreExternalAsync(restore, None);
                again += killed is null ? 0 : 1;
            }
            catch (EseException refusal) when (refusal.Error is EseError.RestoreOfNonBackupDatabase or EseError.RollbackError)
            {
                // It was complete; or a page that lost its old data was written before the one that got them back. To
                // restore it anew is always right.
                rig.PutCopies(restore);
                await host.RestoreExternalAsync(restore, None);
            }

            Assert.Equal(rig.RowsA.Committed, rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA)));
        }

        Assert.True(again > 3, $"{again} were run again");
    }

    [Fact]
    public async Task An_engine_that_deletes_its_logs_is_no_target()
    {
        var rig = new RestoreRig(with: options => options with { CircularLogging = true });
        var kept = rig.Keep();
        var generation = rig.Engine.Log.Header.Generation;
        var report = await rig.RestoreAsync(rig.AsideOptions);
        Assert.Equal(EseError.Success, report.Result);
        Assert.Contains(report.Remarks, remark => remark.Contains("circular logging", StringComparison.Ordinal));
        Assert.Equal(generation, rig.Engine.Log.Header.Generation);
        Assert.Equal(rig.Full.Logs.Keys.Last(), report.End.Generation.Value);
        rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA));
        rig.RequireKept(kept, "the restore", rig.OfRestores());
    }

    [Fact]
    public async Task Logs_that_a_restore_reads_outlive_a_backup()
    {
        RestoreRig? rig = null;
        int begun = 0;
        TakenBackup? meanwhile = null;
        void Gate(string path)
        {
            if (Path.GetDirectoryName(path) == RestoreRig.Set && Interlocked.Exchange(ref begun, 1) == 0)
                meanwhile = BackupRig.Take(rig!.Engine, new());
        }

        var events = new List<EngineEvent>();
        rig = new(with: options => options with { Disk = new HeldDisk(options.Disk, Gate), Events = new Heard(events) });
        events.Clear();
        int logs = Numbered(rig);
        await rig.RestoreAsync(rig.AsideOptions);
        Assert.True(meanwhile!.Truncated > 0);
        Assert.True(Numbered(rig) > logs, "logs were deleted");
        Assert.Contains(events, each => each is { Id: 225, Level: EngineEventLevel.Warning });
        Assert.Equal(rig.RowsA.Committed, rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA)));
        BackupRig.Take(rig.Engine, new());
        Assert.True(Numbered(rig) < logs, "logs were kept for ever");
        rig.RequireRunning();
    }

    [Fact]
    public async Task One_restore_takes_a_target_others_go_on_beside_it()
    {
        RestoreRig? rig = null;
        int begun = 0;
        EseException? second = null;
        RecoveryReport? beside = null;
        string other = Path.GetFullPath("/restore/other");
        string[] seen = [];
        void Gate(string path)
        {
            if (Path.GetDirectoryName(path) != RestoreRig.Set || Interlocked.Exchange(ref begun, 1) != 0)
                return;
            seen = [.. rig!.Host.Instances.Select(engine => $"{engine.InstanceName} {engine.State}")];
            var options = rig.Options with { LogDirectory = other, Map = [new(RestoreRig.PathB, RestoreRig.AsidePath(RestoreRig.PathB))] };
            second = Assert.Throws<EseException>(() => rig.RestoreAsync(options).GetAwaiter().GetResult());
            beside = rig.RestoreAsync(options with { TargetInstance = null, CheckpointDirectory = null }).GetAwaiter().GetResult();
        }

        rig = new(with: options => options with { Disk = new HeldDisk(options.Disk, Gate) });
        rig.Disk.AddDirectory(other);
        var report = await rig.RestoreAsync(rig.AsideOptions);
        Assert.Equal(EseError.RestoreInProgress, second!.Error);
        Assert.Equal(["target Running", "Restore0001 Recovering"], seen);
        Assert.Equal((EseError.Success, EseError.TargetInstanceRunning), (beside!.Result, report.Result));
        rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathB));
        Assert.Equal(rig.RowsA.Committed, rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA)));
        rig.RequireRunning();
    }

    [Fact]
    public async Task Directories_of_an_engine_that_does_not_run_can_be_gone_on_with()
    {
        var rig = new RestoreRig();
        rig.Close();
        var options = rig.AsideOptions with
        {
            TargetInstance = null,
            TargetLogDirectory = LifeRig.Logs,
            TargetCheckpointDirectory = LifeRig.Logs,
            TargetMayBeStopped = true,
        };
        var last = LogChain.Open(rig.Disk, LifeRig.Logs, "edb").Highest;
        var report = await rig.RestoreAsync(options);
        Assert.Equal(EseError.Success, report.Result);
        Assert.Equal(last, report.End.Generation);
        Assert.Equal(rig.RowsA.Committed, rig.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA)));
        Assert.DoesNotContain(rig.Disk.Files,
            path => Path.GetDirectoryName(path) is var place && (place == RestoreRig.Work || place == RestoreRig.Checkpoint));

        // With something to roll back it is in the directories of the target that undo goes on.
        var killed = new RestoreRig();
        while (!killed.Engine.Transactions.Oldest.IsSet)
            killed.RowsA.Step();
        killed.Engine.Log.Flush();
        last = killed.Engine.Log.Header.Generation;
        killed.Disk.Crash(CrashKind.Kill, new(1));
        await killed.Engine.DisposeAsync();
        report = await killed.RestoreAsync(options with { Disk = killed.Disk });
        Assert.Equal((EseError.Success, last.Next), (report.Result, report.Written));
        Assert.Equal(last.Next, LogChain.Open(killed.Disk, LifeRig.Logs, "edb").Current!.Generation);
        Assert.Equal(killed.RowsA.Committed, killed.ReadAside(RestoreRig.AsidePath(RestoreRig.PathA)));
        Assert.DoesNotContain(killed.Disk.Files,
            path => Path.GetDirectoryName(path) is var place && (place == RestoreRig.Work || place == RestoreRig.Checkpoint));
        var plan = RecoveryPlan.Find(new() { BaseName = "edb", LogDirectory = LifeRig.Logs, Disk = killed.Disk });
        Assert.True(plan.HasCheckpoint);
        Assert.Equal(last.Next, plan.Start.Generation);
    }

    private static int Numbered(RestoreRig rig) => rig.Disk.Files.Count(path => Path.GetDirectoryName(path) == LifeRig.Logs
        && LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name) && name.Kind == LogFileKind.Numbered);

    // Its writers may have transactions open, which nobody else sees.
    private static SortedDictionary<int, string> ReadB(RestoreRig rig) => WrittenRows.Read(rig.Engine, rig.B);
}
