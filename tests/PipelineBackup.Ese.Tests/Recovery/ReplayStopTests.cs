namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Replay that ends before the logs do, and leaves a database to use.</summary>
public sealed class ReplayStopTests
{
    [Fact]
    public void A_stop_at_a_generation_gives_what_the_logs_up_to_it_give()
    {
        var set = Unmade();
        var report = Recover(set, new() { Generation = new(5) });

        var other = Unmade();
        foreach (string log in Directory.GetFiles(other.Folder, "edb*").Where(path => !IsUpTo(path, 5)))
            File.Delete(log);
        new SoftRecovery(other.Options() with { AllowMissingCurrentLog = true }).Run();

        Assert.Equal(new(5), report.End.Generation);
        Assert.Equal(new(6), report.Written);
        AssertSame(other, set);

        // What was left out is all there under other names, and nobody takes it for a log.
        Assert.Equal(7, Directory.GetFiles(set.Folder, "*" + LaterLogs.Suffix).Length);
        Assert.Equal(7, report.Remarks.Count);
        Assert.Equal(new(6), LogChain.Open(set.Folder, "edb").Highest);
        Assert.Empty(LogChain.Open(set.Folder, "edb").Findings);
    }

    [Fact]
    public void A_time_before_all_logs_is_refused()
    {
        var set = Unmade();
        var stop = new RecoveryStop { Time = LogTime.From(new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero)) };
        Assert.Equal(EseError.RequiredLogFilesMissing, Assert.Throws<EseException>(() => Recover(set, stop)).Error);
    }

    [Fact]
    public void What_was_stopped_is_recovered_again_to_the_same()
    {
        var set = Unmade();
        Recover(set, new() { Generation = new(7) });
        byte[] once = RecoveredSet.Dump(Database(set), system: false);
        File.Delete(Path.Combine(set.Folder, "edb.chk"));
        File.Delete(Database(set));

        set.Recover();

        RecoveredSet.AssertClean(Database(set));
        RecoveredSet.Same(once, RecoveredSet.Dump(Database(set), system: false));
    }

    [Fact]
    public void A_stop_at_a_time_ends_before_the_first_segment_that_was_begun_later()
    {
        var times = LogFileReader.Scan(Path.Combine(GoldenSets.Engine("dirty-basic-4096"), "files", "edb00000006.log"), collectSegments: true)
            .Segments.Where(segment => segment.Started.IsSet).ToList();
        var later = times.First(segment => segment.Started != times[times.Count / 2].Started && segment.Index > times[times.Count / 2].Index);
        var set = Unmade();

        var report = Recover(set, new() { Time = times[times.Count / 2].Started });

        Assert.True(report.End <= new LogPosition(new(6), later.Index, 0), $"{report.End}, segment {later.Index}");
        Assert.Equal(new(6), report.End.Generation);
        Assert.True(report.EndTime.ToDateTimeOffset() <= times[times.Count / 2].Started.ToDateTimeOffset());
        RecoveredSet.AssertClean(Database(set));
        byte[] once = RecoveredSet.Dump(Database(set), system: false);

        // The log that was replayed in part ends there now; the whole of it was kept.
        Assert.Empty(LogChain.Open(set.Folder, "edb").Findings);
        Assert.Equal(File.ReadAllBytes(Path.Combine(set.Set, "files", "edb00000006.log")),
            File.ReadAllBytes(Path.Combine(set.Folder, "edb00000006.log" + LaterLogs.Suffix)));
        File.Delete(Path.Combine(set.Folder, "edb.chk"));
        File.Delete(Database(set));
        set.Recover();
        RecoveredSet.Same(once, RecoveredSet.Dump(Database(set), system: false));
    }

    [Fact]
    public void Below_what_a_database_needs_the_stop_is_refused_and_the_window_told()
    {
        var set = RecoveredSet.Engine("dirty-basic-4096");
        var options = set.Options() with { StopAt = new() { Generation = new(5) }, LeaveOutLaterLogs = true };
        byte[] before = File.ReadAllBytes(Database(set));

        var failure = Assert.Throws<EseException>(() => new SoftRecovery(options).Run());

        Assert.Equal(EseError.RequiredLogFilesMissing, failure.Error);
        Assert.Contains("12 (0xc)", failure.Message, StringComparison.Ordinal);
        Assert.Contains("generation 12 (0xc) to 12 (0xc)", failure.Hint, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Database(set)));
    }

    [Fact]
    public void Behind_the_logs_there_is_no_stop()
    {
        var set = RecoveredSet.Engine("dirty-basic-4096");
        var options = set.Options() with { StopAt = new() { Generation = new(13) }, LeaveOutLaterLogs = true };

        Assert.Equal(EseError.MissingLogFile, Assert.Throws<EseException>(() => new SoftRecovery(options).Run()).Error);
    }

    [Fact]
    public void Later_logs_are_left_out_only_when_that_is_allowed()
    {
        var set = Unmade();
        var options = set.Options() with { StopAt = new() { Generation = new(5) } };

        var failure = Assert.Throws<EseException>(() => new SoftRecovery(options).Run());

        Assert.Equal(EseError.InvalidParameter, failure.Error);
        Assert.False(File.Exists(Database(set)));
        Assert.Empty(Directory.GetFiles(set.Folder, "*" + LaterLogs.Suffix));
    }

    [Fact]
    public void A_gap_behind_what_the_databases_need_ends_replay_when_that_is_asked_for()
    {
        var set = Unmade();
        File.Delete(Path.Combine(set.Folder, "edb00000006.log"));
        var options = set.Options() with { LeaveOutLaterLogs = true };
        Assert.Equal(EseError.InvalidLogSequence, Assert.Throws<EseException>(() => new SoftRecovery(options).Run()).Error);

        var report = new SoftRecovery(options with { StopOnGap = true }).Run();

        Assert.Equal(new(5), report.End.Generation);
        var whole = Unmade();
        Recover(whole, new() { Generation = new(5) });
        AssertSame(whole, set);
    }

    [Fact]
    public void Damage_behind_what_the_databases_need_ends_replay_when_lost_logs_are_given_up()
    {
        var set = Unmade();
        string log = Path.Combine(set.Folder, "edb00000006.log");
        byte[] bytes = File.ReadAllBytes(log);
        bytes[5 * 4096 + 100] ^= 3;
        File.WriteAllBytes(log, bytes);
        var options = set.Options() with { LeaveOutLaterLogs = true };
        Assert.Equal(EseError.LogFileCorrupt, Assert.Throws<EseException>(() => new SoftRecovery(options).Run()).Error);

        var report = new SoftRecovery(options with { IgnoreLostLogs = true }).Run();

        Assert.Equal(new(5), report.End.Generation);
        RecoveredSet.AssertClean(Database(set));
    }

    [Fact]
    public void A_stop_that_is_interrupted_is_finished_by_the_same_stop()
    {
        var set = Unmade();
        // As if a crash had come after the current log and two others were renamed.
        foreach (string name in new[] { "edb.log", "edb0000000B.log", "edb0000000A.log" })
            File.Move(Path.Combine(set.Folder, name), Path.Combine(set.Folder, name + LaterLogs.Suffix));

        Recover(set, new() { Generation = new(5) });

        var whole = Unmade();
        Recover(whole, new() { Generation = new(5) });
        AssertSame(whole, set);
    }

    private static RecoveryReport Recover(RecoveredSet set, RecoveryStop stop) =>
        new SoftRecovery(set.Options() with { StopAt = stop, LeaveOutLaterLogs = true }).Run();

    // The database is made by the logs, so that it needs none of the later ones.
    private static RecoveredSet Unmade()
    {
        var set = RecoveredSet.Engine("dirty-basic-4096");
        File.Delete(Database(set));
        return set;
    }

    private static string Database(RecoveredSet set) => Path.Combine(set.Folder, "db1.edb");

    private static bool IsUpTo(string path, int generation) =>
        LogFileName.TryParse(Path.GetFileName(path), out var name)
        && (name.Kind == LogFileKind.Checkpoint || (name.Kind == LogFileKind.Numbered && name.Generation <= new LogGeneration(generation)));

    private static void AssertSame(RecoveredSet expected, RecoveredSet actual)
    {
        RecoveredSet.AssertClean(Database(actual));
        RecoveredSet.Same(RecoveredSet.Dump(Database(expected), system: false), RecoveredSet.Dump(Database(actual), system: false));
        RecoveredSet.Same(RecoveredSet.Dump(Database(expected), system: true), RecoveredSet.Dump(Database(actual), system: true));
    }
}
