using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Ese.Tests.Trees;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>What a restore is told, and refuses, before and while it replays.</summary>
public sealed class HardRecoveryTests
{
    private const string Set = "extbackup-4096/restore", Forward = "extbackup-4096/rollforward";

    private static readonly string s_undo = Path.GetFullPath("/undo");

    private static readonly DatabaseMapping s_db1 = new(@"X:\e\db1.edb", Path.GetFullPath("/restored/db1.edb"));

    public static TheoryData<string, EseError> Refusals => new()
    {
        { "a target directory for logs alone", EseError.InvalidParameter },
        { "a target directory for the checkpoint alone", EseError.InvalidParameter },
        { "a base name of two letters", EseError.InvalidParameter },
        { "a range upside down", EseError.InvalidParameter },
        { "no directory of the set", EseError.InvalidParameter },
        { "a directory that is not there", EseError.InvalidPath },
        { "too little memory", EseError.OutOfMemory },
        { "a range that begins too late", EseError.StartingRestoreLogTooHigh },
        { "a range that ends before what the header needs", EseError.RequiredLogFilesMissing },
        { "a range that ends behind the logs", EseError.FileNotFound },
        { "a stop before what is needed", EseError.EndingRestoreLogTooLow },
        { "a time before what is needed", EseError.EndingRestoreLogTooLow },
        { "a stop behind the logs", EseError.MissingLogFile },
        { "a database that is missing", EseError.FileNotFound },
        { "a database that is no copy", EseError.RestoreOfNonBackupDatabase },
        { "a database twice", EseError.DatabaseDuplicate },
        { "a logged path twice", EseError.DatabaseDuplicate },
        { "a trailer of another backup", EseError.DatabasePatchFileMismatch },
        { "a database of another stream", EseError.DatabasePatchFileMismatch },
        { "a database of another page size", EseError.PageSizeMismatch },
        { "another base name", EseError.FileNotFound },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_is_refused_changes_nothing(string what, EseError error)
    {
        if (what == "a database of another page size")
            GoldenSets.RequireCorpus();
        var recovery = RecoveryCases.Get(Set);
        var disk = recovery.Disk.Copy();
        disk.AddDirectory(s_undo);
        var options = Spoil(what, (HardRecoveryOptions)recovery.Options, disk) with { Disk = disk };
        var before = disk.Files.ToDictionary(path => path, disk.ReadAll);
        var failure = Assert.Throws<EseException>(() => new HardRecovery(options).Run());
        Assert.True(error == failure.Error, $"{error} is expected, not {failure.Error}: {failure.Message}");
        Assert.NotEqual("", failure.Hint);
        Assert.DoesNotContain("anew", failure.Hint, StringComparison.Ordinal);
        Assert.Equal(before.Keys.Order(), disk.Files.Order());
        foreach (var (path, bytes) in before)
            Assert.True(bytes.AsSpan().SequenceEqual(disk.ReadAll(path)), $"{path} was changed");
        Assert.Equal(0, disk.OpenFiles);
    }

    [Fact]
    public void A_time_that_cannot_be_reached_is_told_with_those_that_can()
    {
        var recovery = RecoveryCases.Get(Set);
        var failure = Assert.Throws<EseException>(() => recovery.Recover(
            recovery.Disk.Copy(), options => options with { StopAt = new() { Generation = new(5) } }));
        Assert.Contains("generations 11 (0xb) to 12 (0xc)", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void What_fails_in_replay_says_that_the_databases_must_be_restored_anew()
    {
        var recovery = RecoveryCases.Get(Set);
        var disk = recovery.Disk.Copy();
        string path = recovery.Databases[0].Path;
        byte[] file = disk.ReadAll(path);
        // Every page of data, so that one that redo reads is among them; headers and trailer stay.
        for (int page = 2; page < (file.Length / 4096) - 1; page++)
            file[(page * 4096) + 200] ^= 3;
        disk.Put(path, file);
        var failure = Assert.Throws<EseException>(() => recovery.Recover(disk));
        Assert.Equal(EseError.ReadVerifyFailure, failure.Error);
        Assert.Contains("restore them anew", failure.Hint, StringComparison.Ordinal);
        disk.Put(path, recovery.Disk.ReadAll(path));
        recovery.Recover(disk);
        RecoveryProof.Prove(recovery, disk, thorough: false);
    }

    [Fact]
    public void With_too_little_memory_it_can_be_run_again()
    {
        var recovery = RecoveryCases.Get(Set);
        var disk = recovery.Disk.Copy();
        Assert.Throws<EseException>(() => recovery.Recover(disk, options => options with { MemoryBytes = 10_000 }));
        recovery.Recover(disk);
        RecoveryProof.Prove(recovery, disk, thorough: false);
    }

    [Fact]
    public void A_subset_succeeds_and_lists_what_is_left_out()
    {
        GoldenSets.RequireCorpus();
        var recovery = RecoveryCases.Get("extmulti-4096/subset-db2");
        var disk = recovery.Disk.Copy();
        var report = recovery.Recover(disk);
        var skipped = Assert.Single(report.Databases, database => database.Outcome == RecoveryOutcome.Skipped);
        Assert.Equal(@"X:\e\db1.edb", skipped.LoggedPath);
        RecoveryProof.Prove(recovery, disk);
    }

    [Fact]
    public void A_strict_map_refuses_a_subset_as_the_engine_does()
    {
        GoldenSets.RequireCorpus();
        var recovery = RecoveryCases.Get("extmulti-4096/subset-db1");
        var disk = recovery.Disk.Copy();
        var failure = Assert.Throws<EseException>(() => recovery.Recover(
            disk, options => (HardRecoveryOptions)options with { StrictMap = true }));
        Assert.Equal(EseError.AttachedDatabaseMismatch, failure.Error);
        Assert.Empty(disk.Changed);
    }

    [Fact]
    public void A_database_that_no_map_names_is_missed_unless_it_may_be_missing()
    {
        GoldenSets.RequireCorpus();
        var recovery = RecoveryCases.Get("extmulti-4096/subset-db1");
        string folder = Path.GetDirectoryName(recovery.Databases[0].Path)!;
        RecoveryOptions Open(RecoveryOptions options) =>
            options with { Map = [], OnlyMapped = false, DatabaseDirectory = folder };
        var failure = Assert.Throws<EseException>(() => recovery.Recover(recovery.Disk.Copy(), Open));
        Assert.Equal(EseError.FileNotFound, failure.Error);
        Assert.Contains(@"X:\e\db2.edb", failure.Message, StringComparison.Ordinal);

        var disk = recovery.Disk.Copy();
        var report = recovery.Recover(disk, options => Open(options) with { IgnoreMissingDatabases = true });
        Assert.Equal([RecoveryOutcome.Missing, RecoveryOutcome.Recovered], report.Databases.Select(each => each.Outcome).Order().Reverse());
        RecoveryProof.Prove(recovery, disk, thorough: false);
    }

    [Fact]
    public void A_database_under_another_name_is_found_by_its_signature()
    {
        var recovery = RecoveryCases.Get(Set);
        var disk = recovery.Disk.Copy();
        string other = Path.GetFullPath("/restored/copy-of-monday.bin");
        disk.Rename(recovery.Databases[0].Path, other);
        recovery.Recover(disk, options => options with { Map = [], DatabaseDirectory = Path.GetFullPath("/restored") });
        RecoveryProof.Prove(recovery with { Databases = [(other, recovery.Databases[0].Reference)] }, disk, thorough: false);

        disk = recovery.Disk.Copy();
        disk.Rename(recovery.Databases[0].Path, other);
        recovery.Recover(disk, options => options with { Map = [new(@"D:\elsewhere\of-another-name.edb", other)], OnlyMapped = true });
        RecoveryProof.Prove(recovery with { Databases = [(other, recovery.Databases[0].Reference)] }, disk, thorough: false);
    }

    [Fact]
    public void Logs_to_roll_forward_with_are_only_read_when_undo_has_a_place_of_its_own()
    {
        GoldenSets.RequireCorpus();
        var recovery = RecoveryCases.Get(Forward);
        var disk = recovery.Disk.Copy();
        disk.AddDirectory(s_undo);
        recovery.Recover(disk, options => (HardRecoveryOptions)options with
        {
            TargetLogDirectory = s_undo,
            TargetCheckpointDirectory = s_undo,
        });
        RecoveryProof.Prove(recovery, disk);
        Assert.All(disk.Changed, path =>
            Assert.True(path.StartsWith(s_undo, StringComparison.Ordinal) || path == recovery.Databases[0].Path
                || path.StartsWith(RecoveryCase.Scratch, StringComparison.Ordinal), $"{path} was changed"));
        Assert.Contains(Path.Combine(s_undo, "edb.log"), disk.Files);
        Assert.Contains(Path.Combine(s_undo, "edb.chk"), disk.Files);
    }

    [Fact]
    public void Rolling_forward_stops_behind_a_generation()
    {
        GoldenSets.RequireCorpus();
        // Behind the last log of the set it is as if there were none to roll forward with.
        var set = RecoveryCases.Get(Set);
        var recovery = RecoveryCases.Get(Forward);
        var disk = recovery.Disk.Copy();
        disk.AddDirectory(s_undo);
        var report = recovery.Recover(disk, options => Apart(options) with { StopAt = new() { Generation = new(12) } });
        Assert.Equal(12, report.End.Generation.Value);
        Assert.True(report.PagesRedone > 100, $"{report.PagesRedone} changes of pages");
        RecoveryProof.Prove(set with { Databases = [(recovery.Databases[0].Path, set.Databases[0].Reference)] }, disk);
    }

    [Fact]
    public void Undo_never_writes_beside_logs_that_a_stop_leaves_out()
    {
        GoldenSets.RequireCorpus();
        var recovery = RecoveryCases.Get(Forward);
        var disk = recovery.Disk.Copy();
        var failure = Assert.Throws<EseException>(() =>
            recovery.Recover(disk, options => options with { StopAt = new() { Generation = new(12) } }));
        Assert.Equal(EseError.InvalidParameter, failure.Error);
        Assert.Empty(disk.Changed);
    }

    [Fact]
    public void Rolling_forward_stops_at_any_time_that_a_segment_was_begun()
    {
        GoldenSets.RequireCorpus();
        var recovery = RecoveryCases.Get(Forward);
        string folder = Path.Combine(GoldenSets.HasCorpus ? GoldenSets.Engine("extbackup-4096") : GoldenSets.Small("extbackup-4096"), "extra-logs");
        var times = LogFileReader.Scan(Path.Combine(folder, "edb0000000D.log"), collectSegments: true).Segments
            .Where(segment => segment.Started.IsSet).Select(segment => segment.Started.ToDateTimeOffset()!.Value).ToList();
        int cut = 0;
        foreach (var time in times.Where((_, index) => index % 9 == 4))
        {
            var disk = recovery.Disk.Copy();
            disk.AddDirectory(s_undo);
            var before = disk.ReadAll(Path.GetFullPath("/logs/edb0000000D.log"));
            var report = recovery.Recover(disk, options => Apart(options) with { StopAt = new() { Time = LogTime.From(time) } });
            Assert.True(report.EndTime.ToDateTimeOffset() <= time, $"{report.EndTime} is behind {time:O}");
            Assert.InRange(report.End.Generation.Value, 12, 13);
            cut += report.End.Generation.Value == 13 ? 1 : 0;
            byte[] file = disk.ReadAll(recovery.Databases[0].Path);
            var (header, size) = RecoveryProof.ProveClean(file, "db1.edb");
            // Pages that a crash at that moment would have lost are lost here too.
            Assert.DoesNotContain(new DatabaseCheck(new MemoryPages(size, file), header).Run().Findings,
                finding => finding.Error != EseError.DatabaseLeakInSpace);
            Assert.Equal(before, disk.ReadAll(Path.GetFullPath("/logs/edb0000000D.log")));
        }

        Assert.True(cut > 0, "no time was inside of the log");
    }

    [Fact]
    public void A_gap_ends_rolling_forward_when_it_may()
    {
        GoldenSets.RequireCorpus();
        var set = RecoveryCases.Get(Set);
        var recovery = RecoveryCases.Get(Forward);
        var disk = recovery.Disk.Copy();
        disk.Remove(Path.GetFullPath("/logs/edb0000000D.log"));
        disk.AddDirectory(s_undo);
        Assert.Equal(EseError.MissingCurrentLogFiles, Assert.Throws<EseException>(() => recovery.Recover(disk)).Error);
        Assert.DoesNotContain(disk.Changed, path => path != Path.GetFullPath("/logs/edb0000000D.log"));
        var report = recovery.Recover(disk, options => Apart(options) with { StopOnGap = true });
        Assert.Contains(report.Remarks, remark => remark.Contains("13 (0xd) is missing", StringComparison.Ordinal));
        RecoveryProof.Prove(set with { Databases = [(recovery.Databases[0].Path, set.Databases[0].Reference)] }, disk, thorough: false);
    }

    [Fact]
    public void Of_two_copies_of_a_log_the_sound_one_is_replayed()
    {
        GoldenSets.RequireCorpus();
        var recovery = RecoveryCases.Get("extincr-4096/restore-full-incr1");
        var disk = recovery.Disk.Copy();
        string damaged = Path.GetFullPath("/backup1/edb00000009.log");
        byte[] log = disk.ReadAll(damaged);
        log[(5 * 4096) + 100] ^= 3;
        disk.Put(damaged, log);
        var report = recovery.Recover(disk);
        Assert.Contains(report.Remarks, remark => remark.Contains(damaged, StringComparison.Ordinal));
        RecoveryProof.Prove(recovery, disk, thorough: false);
    }

    [Fact]
    public void Two_sound_logs_of_one_generation_must_be_one_log()
    {
        GoldenSets.RequireCorpus();
        var recovery = RecoveryCases.Get("extincr-4096/restore-full-incr1");
        var disk = recovery.Disk.Copy();
        disk.Put(Path.GetFullPath("/backup1/edb00000009.log"),
            RecoveryCases.Get(Set).Disk.ReadAll(Path.GetFullPath("/backup0/edb00000009.log")));
        var failure = Assert.Throws<EseException>(() => recovery.Recover(disk));
        Assert.Equal(EseError.GivenLogFileHasBadSignature, failure.Error);
    }

    [Fact]
    public void A_database_that_was_prepared_before_goes_on()
    {
        var recovery = RecoveryCases.Get(Set);
        var disk = recovery.Disk.Copy();
        using var cancelled = new CancellationTokenSource();
        var options = (HardRecoveryOptions)recovery.Options with
        {
            Disk = disk,
            Progress = new Stopper(cancelled),
        };
        Assert.Throws<OperationCanceledException>(() => new HardRecovery(options).Run(cancelled.Token));
        var header = HeaderPair.Read(disk.ReadAll(recovery.Databases[0].Path).AsSpan(0, HeaderPair.StartBytes)).Header!;
        Assert.Equal((12, 12), (header.CurrentFull.HighGeneration.Value, header.MaxRequired.Value));
        Assert.True(header.IsUnrestoredCopy);
        recovery.Recover(disk);
        RecoveryProof.Prove(recovery, disk, thorough: false);
    }

    [Fact]
    public void What_an_earlier_restore_finished_is_left_as_it_is()
    {
        GoldenSets.RequireCorpus();
        var recovery = RecoveryCases.Get("extmulti-4096/restore-both");
        var disk = recovery.Disk.Copy();
        recovery.Recover(disk);
        var before = recovery.Databases.ToDictionary(each => each.Path, each => disk.ReadAll(each.Path));
        var report = recovery.Recover(disk);
        Assert.All(report.Databases, database => Assert.Equal(RecoveryOutcome.AlreadyClean, database.Outcome));
        foreach (var (path, bytes) in before)
            Assert.Equal(bytes, disk.ReadAll(path));

        // One of two was not finished.
        disk.Put(recovery.Databases[1].Path, recovery.Disk.ReadAll(recovery.Databases[1].Path));
        report = recovery.Recover(disk);
        Assert.Equal([RecoveryOutcome.AlreadyClean, RecoveryOutcome.Recovered],
            report.Databases.OrderBy(each => each.LoggedPath).Select(each => each.Outcome));
        RecoveryProof.Prove(recovery, disk);
    }

    private static HardRecoveryOptions Apart(RecoveryOptions options) => (HardRecoveryOptions)options with
    {
        TargetLogDirectory = s_undo,
        TargetCheckpointDirectory = s_undo,
    };

    private static HardRecoveryOptions Spoil(string what, HardRecoveryOptions options, SimulatedDisk disk)
    {
        switch (what)
        {
            case "a target directory for logs alone":
                return options with { TargetLogDirectory = s_undo };
            case "a target directory for the checkpoint alone":
                return options with { TargetCheckpointDirectory = s_undo };
            case "a base name of two letters":
                return options with { BaseName = "ed" };
            case "a range upside down":
                return options with { Low = new(9), High = new(5) };
            case "no directory of the set":
                return options with { BackupLogDirectories = [] };
            case "a directory that is not there":
                return options with { LogDirectory = Path.GetFullPath("/nowhere") };
            case "too little memory":
                return options with { MemoryBytes = 100_000 };
            case "a range that begins too late":
                return options with { Low = new(5) };
            case "a range that ends before what the header needs":
                return options with { High = new(10) };
            case "a range that ends behind the logs":
                return options with { High = new(20) };
            case "a stop before what is needed":
                return options with { StopAt = new() { Generation = new(10) } };
            case "a time before what is needed":
                return options with { StopAt = new() { Time = LogTime.From(new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero)) } };
            case "a stop behind the logs":
                return options with { StopAt = new() { Generation = new(13) } };
            case "a database that is missing":
                disk.Remove(s_db1.Path);
                return options;
            case "a database that is no copy":
                disk.Put(s_db1.Path, RecoveryCases.Get("dirty-basic-4096").Disk.ReadAll(Path.Combine(RecoveryCase.Home, "db1.edb")));
                return options;
            case "a database twice":
                return options with { Map = [s_db1, s_db1 with { Logged = @"X:\e\db2.edb" }] };
            case "a logged path twice":
                disk.Put(Path.GetFullPath("/restored/twin.edb"), disk.ReadAll(s_db1.Path));
                return options with { Map = [s_db1, s_db1 with { Path = Path.GetFullPath("/restored/twin.edb") }] };
            case "a database of another stream":
                disk.Put(s_db1.Path, RecoveryCases.Get("jetbackup-4096/restore").Disk.ReadAll(s_db1.Path));
                return options;
            case "a database of another page size":
                disk.Put(s_db1.Path, RecoveryCases.Get("extbackup-32768/restore").Disk.ReadAll(s_db1.Path));
                return options;
            case "a trailer of another backup":
                byte[] file = disk.ReadAll(s_db1.Path);
                byte[] other = RecoveryCases.Get("jetbackup-4096/restore").Disk.ReadAll(s_db1.Path);
                other.AsSpan(other.Length - 4096).CopyTo(file.AsSpan(file.Length - 4096));
                disk.Put(s_db1.Path, file);
                return options;
            case "another base name":
                return options with { BaseName = "E00" };
            default:
                throw new ArgumentException(what, nameof(what));
        }
    }

    private sealed class Stopper(CancellationTokenSource cancelled) : IProgress<RecoveryProgress>
    {
        public void Report(RecoveryProgress value)
        {
            if (value.Phase == RecoveryPhase.Redo && value.Done > 30)
                cancelled.Cancel();
        }
    }
}
