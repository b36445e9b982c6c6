using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Directories;

/// <summary>What backups to a directory put there, and what they do to the engine.</summary>
public sealed class DirectoryBackupTests
{
    private const DirectoryBackupOptions Atomic = DirectoryBackupOptions.Atomic,
        Incremental = DirectoryBackupOptions.Incremental;

    private static readonly string s_new = Path.Combine(DirectoryRig.Target, "new"),
        s_old = Path.Combine(DirectoryRig.Target, "old"), s_temp = Path.Combine(DirectoryRig.Target, "temp");

    [Fact]
    public void A_full_backup_has_databases_marks_and_the_logs_that_make_them_consistent()
    {
        var rig = new DirectoryRig();
        using (rig.BeginRow())
        {
            rig.Insert(400);
            var report = rig.Back();
            Assert.Equal(rig.Rows, DirectoryRig.Restore(rig.Disk, isSoundToo: true));
            Assert.Equal((DirectoryRig.Target, 0), (report.Directory, report.Remarks.Count));
            Assert.Equal(["a.edb", "a.pat"], report.Files.Take(2));
            Assert.Equal(report.Files.Order(StringComparer.Ordinal),
                rig.Disk.ListFiles(DirectoryRig.Target).Select(path => Path.GetFileName(path)));
            Assert.Empty(rig.Disk.ReadAll(Path.Combine(DirectoryRig.Target, "a.pat")));
            Assert.Equal(Enumerable.Range(report.Lowest.Value, report.Highest.Value - report.Lowest.Value + 1),
                rig.Generations(DirectoryRig.Target));
        }

        Assert.False(rig.Disk.DirectoryExists(s_temp));
    }

    [Fact]
    public void All_of_it_is_durable_before_logs_are_truncated()
    {
        var rig = new DirectoryRig();
        rig.Insert(400);
        SimulatedDisk? atTruncation = null;
        rig.Disk.Watch = step =>
        {
            if (step.Kind == DiskStepKind.Delete && Path.GetDirectoryName(step.Path) == LifeRig.Logs)
                atTruncation ??= rig.Disk.Copy();
        };
        rig.Engine.WriteBackAll();
        Assert.True(rig.Back().Truncated > 0);
        atTruncation!.Crash(CrashKind.AllLost, new(1));
        Assert.Equal(rig.Rows, DirectoryRig.Restore(atTruncation));
    }

    [Fact]
    public void Everybody_goes_on_working_meanwhile()
    {
        DirectoryRig rig = null!;
        int atRoll = 0;
        rig = new(with: options => options with
        {
            Events = new Heard<EngineEvent>(told =>
            {
                if (told.Id == EngineEvent.LogsChosen)
                    atRoll = rig.Rows;
                else if (told.Id is EngineEvent.FullBackupBegins or EngineEvent.FileBegins)
                    rig.Insert(60);
            }),
        });
        rig.Insert(700);
        rig.Engine.WriteBackAll();
        int before = rig.Rows;
        rig.Back(status: new Heard<BackupStatus>(_ =>
        {
            rig.Insert(30);
            rig.Engine.WriteBackAll();
        }));
        Assert.True(before < atRoll && atRoll < rig.Rows);
        Assert.Equal(atRoll, DirectoryRig.Restore(rig.Disk, isSoundToo: true));
    }

    [Fact]
    public void The_current_log_is_ended_so_that_none_that_is_copied_is_in_use()
    {
        var rig = new DirectoryRig();
        rig.Insert(50);
        var current = rig.Engine.LogEnd.Generation;
        var report = rig.Back();
        Assert.Equal(current, report.Highest);
        Assert.Equal(current.Next, rig.Engine.LogEnd.Generation);
        Assert.DoesNotContain(report.Files, file => file == "edb.log");
        rig.Engine.Log.Flush();
        Assert.Equal(current.Next, LogChain.Open(rig.Disk, LifeRig.Logs, "edb").Current!.Generation);
    }

    [Fact]
    public void Logs_that_nobody_needs_are_truncated_and_headers_say_when_it_was()
    {
        var rig = new DirectoryRig();
        rig.Insert(600);
        rig.Engine.WriteBackAll();
        int[] before = rig.Logs;
        var full = rig.Back(Atomic);
        Assert.Equal(before.Length + 1 - rig.Logs.Length, full.Truncated);
        Assert.True(full.Truncated > 0);
        var marked = rig.Header;
        Assert.Equal((full.Lowest, full.Highest), (marked.PreviousFull.LowGeneration, marked.PreviousFull.HighGeneration));
        Assert.True(marked.PreviousFull.MarkTime.IsSet);

        rig.Insert(600);
        rig.Engine.WriteBackAll();
        var incremental = rig.Back(Incremental | Atomic);
        Assert.True(incremental.Truncated > 0);
        Assert.Equal((incremental.Lowest, incremental.Highest),
            (rig.Header.PreviousIncremental.LowGeneration, rig.Header.PreviousIncremental.HighGeneration));
        Assert.Equal(marked.PreviousFull, rig.Header.PreviousFull);
    }

    [Fact]
    public void An_incremental_backup_adds_only_logs_and_all_together_restore_to_its_moment()
    {
        var rig = new DirectoryRig();
        rig.Insert(300);
        var full = rig.Back();
        var before = DirectoryRig.Content(rig.Disk, DirectoryRig.Target);
        for (int round = 0; round < 3; round++)
        {
            rig.Insert(300);
            if (round == 1)
                rig.Engine.WriteBackAll();
            var report = rig.Back(Incremental);
            int rows = rig.Rows;
            rig.Insert(20);
            Assert.Equal(rows, DirectoryRig.Restore(rig.Disk));
            Assert.All(report.Files, file => Assert.Equal(".log", Path.GetExtension(file)));
            var after = DirectoryRig.Content(rig.Disk, DirectoryRig.Target);
            Assert.Equal(before, after.Where(file => before.ContainsKey(file.Key)));
            Assert.Equal(before.Count + report.Files.Count, after.Count);
            Assert.Equal(Enumerable.Range(full.Lowest.Value, report.Highest.Value - full.Lowest.Value + 1),
                rig.Generations(DirectoryRig.Target));
            before = after;
        }
    }

    [Fact]
    public void An_incremental_backup_beside_the_full_one_can_be_restored_together_with_it()
    {
        var rig = new DirectoryRig();
        string beside = Path.GetFullPath("/disk/incremental");
        rig.Disk.AddDirectory(beside);
        rig.Insert(300);
        rig.Back();
        rig.Insert(300);
        rig.Back(Incremental, beside);
        Assert.Equal(EseError.PatchFileMissing,
            Assert.Throws<EseException>(() => DirectoryRig.Restore(rig.Disk, beside)).Error);
        var set = LegacyBackupDirectory.Open(rig.Disk, DirectoryRig.Target);
        string work = Path.GetFullPath("/restored"), database = Path.Combine(work, "a.edb");
        var disk = rig.Disk.Copy().AddDirectory(work).Put(database, rig.Disk.ReadAll(set.Databases[0]));
        new HardRecovery(new()
        {
            BaseName = set.BaseName,
            LogDirectory = work,
            BackupLogDirectories = [set.Path, beside],
            DatabaseDirectory = work,
            Disk = disk,
        }).Run(TestContext.Current.CancellationToken);
        disk.Remove(LifeRig.Database);
        var engine = LifeRig.Open(new LifeRig(disk).Options with { LogDirectory = work, Map = [new(LifeRig.Database, database)] });
        Assert.Equal(rig.Rows, DirectoryRig.Count(engine, LifeRig.Now(engine.AttachDatabaseAsync(database))));
    }

    [Fact]
    public void An_atomic_backup_takes_the_place_of_the_one_before()
    {
        var rig = new DirectoryRig();
        rig.Insert(100);
        Assert.Equal(s_new, rig.Back(Atomic).Directory);
        Assert.True(rig.Disk.FileExists(Path.Combine(s_new, "a.pat")));
        rig.Insert(100);
        Assert.Equal(s_new, rig.Back(Atomic).Directory);
        Assert.Equal(rig.Rows, DirectoryRig.Restore(rig.Disk));
        Assert.False(rig.Disk.DirectoryExists(s_old) || rig.Disk.DirectoryExists(s_temp));

        // An engine of Windows leaves it in 'old' when an incremental one fails behind it.
        rig.Disk.Rename(s_new, s_old);
        rig.Insert(100);
        Assert.Equal(s_old, rig.Back(Atomic | Incremental).Directory);
        Assert.Equal(rig.Rows, DirectoryRig.Restore(rig.Disk));
        rig.Insert(100);
        Assert.Equal(s_new, rig.Back(Atomic).Directory);
        Assert.False(rig.Disk.DirectoryExists(s_old));
        Assert.Equal(rig.Rows, DirectoryRig.Restore(rig.Disk));
        rig.Insert(100);
        Assert.Equal(s_new, rig.Back(Atomic | Incremental).Directory);
        Assert.Equal(rig.Rows, DirectoryRig.Restore(rig.Disk, isSoundToo: true));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_a_directory_logs_are_truncated_and_nothing_is_backed_up(string? path)
    {
        var rig = new DirectoryRig();
        rig.Insert(600);
        rig.Engine.WriteBackAll();
        rig.Events.Clear();
        var (before, marks) = (rig.Logs, DirectoryRig.Marks(rig.Header));
        var report = LifeRig.Now(rig.Engine.BackupToDirectoryAsync(path));
        Assert.True(report.Truncated > 0);
        Assert.Equal(before.Skip(report.Truncated), rig.Logs);
        Assert.Equal((null, 0, marks), (report.Directory, report.Files.Count, DirectoryRig.Marks(rig.Header)));
        Assert.Empty(DirectoryRig.Content(rig.Disk, DirectoryRig.Target));
        Assert.Equal([EngineEvent.FullBackupBegins, EngineEvent.LogsDeleted, EngineEvent.BackupComplete],
            rig.Events.Select(told => told.Id));
        Assert.Equal(0, LifeRig.Now(rig.Engine.BackupToDirectoryAsync(path)).Truncated);
        Assert.Equal(EngineEvent.NoLogsDeleted, rig.Events[^2].Id);

        // What recovery needs stayed.
        int rows = rig.Rows;
        rig.Engine.Log.Flush();
        rig.Disk.Crash(CrashKind.AllLost, new(1));
        Assert.Equal(rows, new DirectoryRig(rig.Disk).Rows);
    }

    [Fact]
    public void The_caller_is_told_of_the_progress()
    {
        var rig = new DirectoryRig();
        using var open = rig.BeginRow();
        rig.Insert(800);
        rig.Back();
        Assert.Equal(new BackupStatus(BackupStatusKind.Begin, 0), rig.Statuses[0]);
        Assert.Equal(new BackupStatus(BackupStatusKind.Complete, 100), rig.Statuses[^1]);
        var between = rig.Statuses[1..^1];
        Assert.All(between, status => Assert.Equal(BackupStatusKind.Progress, status.Kind));
        Assert.True(between.Count > 3);
        Assert.Equal(between.Select(status => status.Done).Distinct().Order(), between.Select(status => status.Done));
        Assert.InRange(between[^1].Done, 1, 99);
        Assert.Equal((5, 0, 6, 3), ((int)BackupStatusKind.Begin, (int)BackupStatusKind.Progress,
            (int)BackupStatusKind.Complete, (int)BackupStatusKind.Fail));
        rig.Statuses.Clear();
        Assert.Throws<SourceException>(() => rig.Back());
        Assert.Equal([BackupStatusKind.Begin, BackupStatusKind.Fail], rig.Statuses.Select(status => status.Kind));
    }

    [Fact]
    public void A_callback_that_throws_ends_the_backup()
    {
        var rig = new DirectoryRig();
        rig.Insert(400);
        foreach (var kind in new[] { BackupStatusKind.Begin, BackupStatusKind.Progress })
        {
            Assert.Throws<InvalidTimeZoneException>(() => rig.Back(status: new Heard<BackupStatus>(told =>
            {
                if (told.Kind == kind)
                    throw new InvalidTimeZoneException();
            })));
            Assert.Empty(rig.Disk.ListFiles(DirectoryRig.Target));
            Assert.False(rig.Disk.DirectoryExists(s_temp));
        }

        rig.Back();
    }

    [Fact]
    public void One_that_is_cancelled_or_stopped_leaves_nothing()
    {
        var rig = new DirectoryRig();
        rig.Insert(400);
        using var cancelled = new CancellationTokenSource();
        var cancelling = new Heard<BackupStatus>(told =>
        {
            if (told.Kind == BackupStatusKind.Progress)
                cancelled.Cancel();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => LifeRig.Now(
            rig.Engine.BackupToDirectoryAsync(DirectoryRig.Target, status: cancelling, cancellationToken: cancelled.Token)));
        Assert.Equal(EngineEvent.BackupAborted, rig.Events[^1].Id);
        var stopped = Assert.Throws<SourceException>(() => rig.Back(status: new Heard<BackupStatus>(told =>
        {
            if (told.Kind == BackupStatusKind.Progress)
                rig.Engine.StopBackup();
        })));
        Assert.Equal((-801, EngineEvent.BackupStopped), (stopped.Error!.Value.Number, rig.Events[^1].Id));
        Assert.Empty(DirectoryRig.Content(rig.Disk, DirectoryRig.Target));
        Assert.False(rig.Disk.DirectoryExists(s_temp));
        rig.Back();
    }

    [Fact]
    public void Two_engines_that_back_up_to_one_directory_never_mix_their_files()
    {
        // The second one works while the first copies: whoever stands has all of his files and no others.
        var second = new DirectoryRig[1];
        var first = new DirectoryRig(with: options => options with
        {
            Events = new Heard<EngineEvent>(told =>
            {
                if (told.Id != EngineEvent.FileComplete || second[0].Disk.DirectoryExists(s_new))
                    return;
                second[0].Back(Atomic);
            }),
        });
        second[0] = new(first.Disk, options => options with { BaseName = "two" }, Path.Combine(LifeRig.Data, "two.edb"));
        second[0].Insert(30);
        first.Insert(60);
        Assert.Throws<SourceException>(() => first.Back(Atomic));
        Assert.Equal(["two.edb", "two.pat"], first.Disk.ListFiles(s_new).Select(path => Path.GetFileName(path))
            .Where(name => Path.GetExtension(name) != ".log"));
        Assert.All(first.Disk.ListFiles(s_new), path => Assert.StartsWith("two", Path.GetFileName(path), StringComparison.Ordinal));
        Assert.False(first.Disk.DirectoryExists(s_temp));

        // And a file of somebody else among those of a backup is not taken along.
        second[0].Insert(10);
        var stray = Assert.Throws<SourceException>(() => second[0].Back(Atomic, status: new Heard<BackupStatus>(told =>
        {
            if (told.Kind == BackupStatusKind.Progress)
                first.Disk.Put(Path.Combine(s_temp, "a.edb"), []);
        })));
        Assert.Equal(-505, stray.Error!.Value.Number);
    }

    [Fact]
    public void Each_step_is_told()
    {
        var rig = new DirectoryRig();
        rig.Insert(600);
        rig.Engine.WriteBackAll();
        rig.Events.Clear();
        var report = rig.Back();
        int[] ids = [.. rig.Events.Select(told => told.Id)];
        Assert.Equal([EngineEvent.FullBackupBegins, EngineEvent.FileBegins, EngineEvent.FileComplete, EngineEvent.LogsChosen], ids.Take(4));
        Assert.Equal([EngineEvent.LogsDeleted, EngineEvent.BackupComplete], ids.TakeLast(2));
        foreach (string file in report.Files.Where(file => file != "a.pat"))
        {
            Assert.Equal([EngineEvent.FileBegins, EngineEvent.FileComplete], rig.Events
                .Where(told => told.Message.Contains(file, StringComparison.Ordinal)).Select(told => told.Id));
        }

        Assert.Contains($"{report.Lowest.Value} to {report.Highest.Value}",
            rig.Events.Single(told => told.Id == EngineEvent.LogsChosen).Message, StringComparison.Ordinal);
        rig.Events.Clear();
        rig.ErrorOf();
        Assert.Equal([EngineEvent.FullBackupBegins, EngineEvent.BackupFailed], rig.Events.Select(told => told.Id));
        rig.Back(DirectoryBackupOptions.Incremental);
        Assert.Equal(EngineEvent.LogBackupBegins, rig.Events[2].Id);
    }

    [Fact]
    public void The_form_that_names_no_engine_takes_the_only_one()
    {
        var host = new EngineHost();
        Assert.Equal(-1029, CodeOf(host));
        var rig = new DirectoryRig(with: options => options with { Host = host });
        rig.Insert(50);
        LifeRig.Now(host.BackupToDirectoryAsync(DirectoryRig.Target));
        Assert.Equal(rig.Rows, DirectoryRig.Restore(rig.Disk));
        var second = EmbeddedEngine.Create(rig.Rig.Options with { Host = host, BaseName = "abc" });
        Assert.Equal(-1081, CodeOf(host));
        Assert.Equal(EseError.RunningInMultiInstanceMode, Assert.Throws<EseException>(
            () => LifeRig.Now(host.RestoreDirectoryAsync(DirectoryRig.Target))).Error);
        LifeRig.Now(second.CloseAsync());
        rig.Close();
        Assert.Equal(-1029, CodeOf(host));
    }

    private static int CodeOf(EngineHost host) => Assert.Throws<SourceException>(
        () => LifeRig.Now(host.BackupToDirectoryAsync(DirectoryRig.Target))).Error!.Value.Number;
}
