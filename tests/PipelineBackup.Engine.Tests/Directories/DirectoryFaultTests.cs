using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Directories;

/// <summary>The disk fails, or everything ends, at every step of a backup to a directory.</summary>
public sealed class DirectoryFaultTests
{
    private const DirectoryBackupOptions Atomic = DirectoryBackupOptions.Atomic,
        Incremental = DirectoryBackupOptions.Incremental;

    private static readonly Dictionary<string, Lazy<(SimulatedDisk Disk, int Rows)>> s_prepared =
        new[] { "full", "atomic", "replacing", "incremental", "added" }
            .ToDictionary(mode => mode, mode => new Lazy<(SimulatedDisk, int)>(() => Prepare(mode)));

    [Theory]
    [InlineData("full")]
    [InlineData("atomic")]
    [InlineData("replacing")]
    [InlineData("incremental")]
    [InlineData("added")]
    public void A_failure_at_any_step_leaves_directory_logs_and_headers_as_they_were(string mode)
    {
        int failed = 0, stood = 0;
        for (int step = 1; ; step++)
        {
            var rig = Begin(mode);
            var before = DirectoryRig.Content(rig.Disk, DirectoryRig.Target);
            var (logs, marks) = (rig.Logs, DirectoryRig.Marks(rig.Header));
            rig.Disk.FailAtStep = rig.Disk.Steps + step;
            var (failure, report) = Back(rig, mode);
            if (rig.Disk.Steps < rig.Disk.FailAtStep)
                break;
            string what = $"{mode}, step {step}: {failure?.Message}";
            if (failure is not null)
            {
                failed++;
                Assert.True(before.SequenceEqual(DirectoryRig.Content(rig.Disk, DirectoryRig.Target)), what);
                Assert.False(rig.Disk.DirectoryExists(Path.Combine(DirectoryRig.Target, "temp")), what);
                Assert.True(logs.SequenceEqual(logs.Intersect(rig.Logs)), what);
                Assert.True(marks == DirectoryRig.Marks(rig.Header), what);
                if (rig.Statuses.Count > 0)
                {
                    Assert.Equal(BackupStatusKind.Fail, rig.Statuses[^1].Kind);
                    Assert.True(rig.Events[^1].Id is EngineEvent.BackupFailed, $"{what}: {rig.Events[^1]}");
                }

                rig.Disk.FailAtStep = 0;
                LifeRig.Now(rig.Engine.DisposeAsync());
                Assert.Equal(0, rig.Disk.OpenFiles);
                // Also when recovery has seen what the log says of it.
                if (step % 5 == 0)
                {
                    var next = new DirectoryRig(rig.Disk);
                    Assert.True(marks == DirectoryRig.Marks(next.Header), what);
                    next.Back(OptionsOf(mode));
                    Assert.Equal(next.Rows, DirectoryRig.Restore(rig.Disk));
                }
            }
            else
            {
                stood++;
                Assert.Equal(BackupStatusKind.Complete, rig.Statuses[^1].Kind);
                Assert.True(report!.Remarks.Count > 0 || DirectoryRig.Marks(rig.Header) != marks, what);
                Assert.Equal(rig.Rows, DirectoryRig.Restore(rig.Disk));
                LifeRig.Now(rig.Engine.DisposeAsync());
            }
        }

        Assert.True(failed > 20 && stood > 3, $"{failed} failed, {stood} stood");
    }

    [Theory]
    [InlineData("full")]
    [InlineData("atomic")]
    [InlineData("replacing")]
    [InlineData("incremental")]
    [InlineData("added")]
    public void A_disk_that_stays_broken_leaves_the_earlier_backup_or_none(string mode)
    {
        var (_, earlier) = s_prepared[mode].Value;
        for (int step = 1; ; step += 3)
        {
            var rig = Begin(mode);
            var (logs, marks) = (rig.Logs, DirectoryRig.Marks(rig.Header));
            (rig.Disk.FailAtStep, rig.Disk.FailsOn) = (rig.Disk.Steps + step, true);
            var (failure, _) = Back(rig, mode);
            if (rig.Disk.Steps < rig.Disk.FailAtStep)
                break;
            string what = $"{mode}, step {step}: {failure?.Message}";
            Assert.True(failure is null || marks == DirectoryRig.Marks(rig.Header), what);
            Assert.True(failure is null || logs.SequenceEqual(logs.Intersect(rig.Logs)), what);
            RequireOneOf(rig.Disk, mode, failure is null ? rig.Rows : earlier, rig.Rows, what);
            LifeRig.Now(rig.Engine.DisposeAsync());
        }
    }

    [Theory]
    [InlineData("full")]
    [InlineData("atomic")]
    [InlineData("replacing")]
    [InlineData("incremental")]
    [InlineData("added")]
    public void A_crash_at_any_step_leaves_the_earlier_backup_or_the_new_one(string mode)
    {
        var (_, earlier) = s_prepared[mode].Value;
        for (int step = 1; ; step++)
        {
            var rig = Begin(mode);
            rig.Disk.KillAtStep = rig.Disk.Steps + step;
            var end = Record.Exception(() => Back(rig, mode));
            if (end is null)
                break;
            Assert.IsType<SimulatedCrashException>(end);
            foreach (int seed in Seeds.Of(4))
            {
                var kind = (CrashKind)(seed % 3);
                string what = $"{mode}, {kind} {seed} at step {step}: {end.Message}";
                var disk = rig.Disk.Copy();
                disk.Crash(kind, new((step * 1000) + seed));
                int? found = RequireOneOf(disk, mode, earlier, rig.Rows, what);
                RequireNoGap(disk, found, what);
                if (step % 4 == seed % 4)
                    GoOn(disk, mode, what);
            }
        }
    }

    [Theory]
    [InlineData("full", ".log")]
    [InlineData("replacing", "a.edb")]
    [InlineData("replacing", "temp")]
    [InlineData("replacing", "backup")]
    [InlineData("added", "new temp")]
    public void A_disk_that_lies_about_some_names_or_files_is_found_out(string mode, string names)
    {
        var rig = Begin(mode);
        rig.Disk.IgnoresFlush = path => path.StartsWith(DirectoryRig.Target, StringComparison.Ordinal)
            && names.Split(' ').Any(name => Path.GetFileName(path) == name || Path.GetExtension(path) == name);
        Assert.Null(Back(rig, mode).Failure);
        var disk = rig.Disk.Copy();
        disk.Crash(CrashKind.AllLost, new(1));
        int? found = null;
        try
        {
            found = DirectoryRig.Restore(disk);
        }
        catch (EseException)
        {
            // As good as lost.
        }

        Assert.NotEqual(rig.Rows, found);
    }

    // What the crash left does not stand in the way of the next backup; only a plain one may have to be cleared first, and
    // where logs were truncated and no header tells of it a full one has to come first.
    private static void GoOn(SimulatedDisk disk, string mode, string what)
    {
        var next = new DirectoryRig(disk);
        var (failure, _) = Back(next, mode);
        bool isKnown = failure?.Error!.Value.Number == (mode is "incremental" or "added" ? -569 : -504);
        Assert.True(failure is null || (isKnown && mode is not ("atomic" or "replacing")), $"{what}: {failure?.Message}");
        string place = failure is null ? DirectoryRig.Target : Path.GetFullPath("/disk/another");
        disk.AddDirectory(place);
        if (failure is not null)
            next.Back(path: place);
        Assert.Equal(next.Rows, DirectoryRig.Restore(disk, place));
        next.Close();
    }

    // Where the backup ends the logs that are left go on.
    private static void RequireNoGap(SimulatedDisk disk, int? found, string what)
    {
        if (found is null)
            return;
        int[] set = [.. new[] { "", "new", "old" }.Select(place => DirectoryRig.Generations(disk, Path.Combine(DirectoryRig.Target, place)))
            .First(logs => logs.Length > 0)];
        int lowest = DirectoryRig.Generations(disk, LifeRig.Logs).Append(int.MaxValue).Min();
        Assert.True(lowest <= set[^1] + 1 || lowest == int.MaxValue, $"{what}: {set[^1]}, then {lowest}");
    }

    private static int? RequireOneOf(SimulatedDisk disk, string mode, int earlier, int now, string what)
    {
        int? found = null;
        try
        {
            found = DirectoryRig.Restore(disk);
        }
        catch (EseException none)
        {
            Assert.True(mode is "full" or "atomic" && earlier == 0, $"{what}: {none.Message}");
        }

        // Of an incremental one some logs may be there already: each of them leads to a moment in between.
        bool isOne = found is null || found == earlier || found == now
            || (mode is "incremental" or "added" && found > earlier && found < now);
        Assert.True(isOne, $"{what}: {found} rows, not {earlier} or {now}");
        return found;
    }

    private static (SourceException? Failure, DirectoryBackupReport? Report) Back(DirectoryRig rig, string mode)
    {
        try
        {
            return (null, rig.Back(OptionsOf(mode)));
        }
        catch (SourceException failure)
        {
            return (failure, null);
        }
    }

    private static DirectoryBackupOptions OptionsOf(string mode) => mode switch
    {
        "full" => DirectoryBackupOptions.None,
        "incremental" => Incremental,
        "added" => Incremental | Atomic,
        _ => Atomic,
    };

    private static DirectoryRig Begin(string mode)
    {
        var rig = new DirectoryRig(s_prepared[mode].Value.Disk.Copy());
        rig.Insert(150);
        rig.Engine.WriteBackAll();
        rig.Insert(10);
        return rig;
    }

    private static (SimulatedDisk Disk, int Rows) Prepare(string mode)
    {
        var rig = new DirectoryRig();
        rig.Insert(100);
        int rows = mode is "full" or "atomic" ? 0 : rig.Rows;
        if (mode == "incremental")
            rig.Back();
        else if (rows > 0)
            rig.Back(Atomic);
        rig.Insert(100);
        rig.Close();
        return (rig.Disk, rows);
    }
}
