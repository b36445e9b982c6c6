using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Soft recovery of what the real engine left behind when it was killed.</summary>
public sealed class SoftRecoveryTests
{
    [Theory]
    [InlineData("dirty-basic-4096")]
    [InlineData("dirty-empty-4096")]
    [InlineData("dirty-circular-4096")]
    [InlineData("dirty-keepattached-4096")]
    public void A_database_becomes_what_the_engine_makes_of_it(string name)
    {
        var set = RecoveredSet.Engine(name);

        var report = set.Recover();

        Assert.Equal(EseError.Success, report.Result);
        Assert.Equal(RecoveryOutcome.Recovered, Assert.Single(report.Databases).Outcome);
        Assert.False(File.Exists(Path.Combine(set.Folder, "db1.jfm")));
        set.AssertEqual("db1.edb");
    }

    [Fact]
    public void Three_databases_of_one_stream_become_what_the_engine_makes_of_them()
    {
        var set = RecoveredSet.Engine("dirty-multidb-4096");

        var report = set.Recover();

        Assert.Equal(3, report.Databases.Count);
        foreach (string name in new[] { "db1.edb", "db2.edb", "db3.edb" })
            set.AssertEqual(name);
    }

    [Theory]
    [InlineData("dirty-empty-4096")]
    [InlineData("dirty-basic-4096")]
    [InlineData("dirty-efv8020-4096")]
    public void A_database_that_is_gone_is_made_anew_when_the_logs_begin_with_its_creation(string name)
    {
        var set = RecoveredSet.Engine(name);
        File.Delete(Path.Combine(set.Folder, "db1.edb"));
        File.Delete(Path.Combine(set.Folder, "edb.chk"));

        set.Recover();

        set.AssertEqual("db1.edb");
        using var made = DatabaseFile.Open(Path.Combine(set.Folder, "db1.edb"));
        using var before = DatabaseFile.Open(Path.Combine(set.Set, "files", "db1.edb"));
        Assert.Equal(before.Header.Signature, made.Header.Signature);
        Assert.Equal(before.Header.Version, made.Header.Version);
        Assert.Equal(before.Header.CreatedVersion, made.Header.CreatedVersion);
        Assert.Equal(before.Header.Attach, made.Header.Attach);
    }

    [Fact]
    public void Times_and_objects_that_the_list_of_the_checkpoint_knows_are_not_given_out_again()
    {
        const int ListAt = 679, TimeAt = ListAt + 4, ObjectAt = ListAt + 12;
        const ulong Time = 90_000_000;
        const uint LastObject = 7_000;
        var set = RecoveredSet.Engine("dirty-circular-4096");
        string path = Path.Combine(set.Folder, "edb.chk");
        byte[] checkpoint = File.ReadAllBytes(path);
        Assert.True(Checkpoint.Read(checkpoint) is { HasAttached: true, Attached.Count: 1 });
        for (int copy = 0; copy < checkpoint.Length; copy += Checkpoint.CopySize)
        {
            var bytes = checkpoint.AsSpan(copy, Checkpoint.CopySize);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[TimeAt..], Time);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[ObjectAt..], LastObject);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, HeaderChecksum.Compute(bytes));
        }

        File.WriteAllBytes(path, checkpoint);

        set.Recover();

        using var file = DatabaseFile.Open(Path.Combine(set.Folder, "db1.edb"));
        Assert.True(file.Header.DbTime.Value >= Time);
        Assert.Equal(LastObject, file.Header.LastObject.Value);
        set.AssertEqual("db1.edb");
    }

    [Fact]
    public void What_is_recovered_has_nothing_left_to_recover()
    {
        var set = RecoveredSet.Engine("dirty-basic-4096");
        var first = set.Recover();
        var files = Snapshot(set.Folder);

        var second = set.Recover();

        Assert.True(first.Written.IsSet);
        Assert.False(second.Written.IsSet);
        Assert.Equal(RecoveryOutcome.AlreadyClean, Assert.Single(second.Databases).Outcome);
        Assert.Equal(files, Snapshot(set.Folder));

        // Without the checkpoint all is replayed once more, and nothing but the checkpoint comes of it.
        File.Delete(Path.Combine(set.Folder, "edb.chk"));
        var third = set.Recover();
        Assert.False(third.Written.IsSet);
        Assert.Equal(files, Snapshot(set.Folder));
    }

    [Fact]
    public void Replay_without_undo_leaves_a_dirty_database_that_another_recovery_finishes()
    {
        var set = RecoveredSet.Engine("dirty-undo-4096");
        var logs = Directory.GetFiles(set.Folder, "edb*").ToDictionary(path => path, File.ReadAllBytes);

        var report = new SoftRecovery(set.Options() with { SkipUndo = true }).Run();

        Assert.Equal(EseError.RecoveredWithoutUndo, report.Result);
        Assert.Equal(RecoveryOutcome.Replayed, Assert.Single(report.Databases).Outcome);
        Assert.All(logs, log => Assert.Equal(log.Value, File.ReadAllBytes(log.Key)));
        using (var file = DatabaseFile.Open(Path.Combine(set.Folder, "db1.edb")))
            Assert.Equal(DatabaseState.DirtyShutdown, file.Header.State);

        var finished = set.Recover();
        Assert.True(finished.RolledBack > 0);
        Assert.True(finished.Undone > 0);
        set.AssertEqual("db1.edb");
    }

    [Fact]
    public void A_missing_database_is_told_before_anything_is_touched()
    {
        var set = RecoveredSet.Engine("dirty-circular-4096");
        File.Delete(Path.Combine(set.Folder, "db1.edb"));
        var files = Snapshot(set.Folder);

        var failure = Assert.Throws<EseException>(() => set.Recover());

        Assert.Equal(EseError.AttachedDatabaseMismatch, failure.Error);
        Assert.Contains(@"X:\c\db1.edb", failure.Message, StringComparison.Ordinal);
        Assert.NotEqual("", failure.Hint);
        Assert.Equal(files, Snapshot(set.Folder));

        var report = new SoftRecovery(set.Options() with { IgnoreMissingDatabases = true }).Run();
        Assert.Equal(RecoveryOutcome.Missing, Assert.Single(report.Databases).Outcome);
    }

    [Fact]
    public void Databases_that_the_map_does_not_name_are_left_out_when_asked()
    {
        var set = RecoveredSet.Engine("dirty-multidb-4096");
        byte[] other = File.ReadAllBytes(Path.Combine(set.Folder, "db1.edb"));

        var report = new SoftRecovery(set.Options() with
        {
            OnlyMapped = true,
            Map = [new("db2.edb", Path.Combine(set.Folder, "db2.edb"))],
        }).Run();

        Assert.Equal(2, report.Databases.Count(database => database.Outcome == RecoveryOutcome.Skipped));
        Assert.Equal(other, File.ReadAllBytes(Path.Combine(set.Folder, "db1.edb")));
        set.AssertEqual("db2.edb");
    }

    [Fact]
    public void A_backup_copy_is_refused_unless_it_is_allowed_and_then_made_whole_by_its_trailer()
    {
        string folder = GoldenSets.Engine("extbackup-4096");
        var set = new RecoveredSet(folder, Path.Combine(folder, "backup"));
        var options = set.Options() with { AllowMissingCurrentLog = true };
        var files = Snapshot(set.Folder);

        var failure = Assert.Throws<EseException>(() => new SoftRecovery(options).Run());

        Assert.Equal(EseError.SoftRecoveryOnBackupDatabase, failure.Error);
        Assert.Equal(files, Snapshot(set.Folder));

        new SoftRecovery(options with { AllowBackupImages = true }).Run();
        string path = Path.Combine(set.Folder, "db1.edb");
        RecoveredSet.AssertClean(path);
        RecoveredSet.Same(File.ReadAllBytes(Path.Combine(folder, "restore-db1.edb.jsonl")), RecoveredSet.Dump(path, system: false));
    }

    [Fact]
    public void Recovery_that_is_cancelled_goes_on_the_next_time()
    {
        var set = RecoveredSet.Engine("dirty-basic-4096");
        using var cancel = new CancellationTokenSource();
        var progress = new Recorder(told =>
        {
            if (told.Done >= 50)
                cancel.Cancel();
        });

        Assert.Throws<OperationCanceledException>(() => new SoftRecovery(set.Options() with { Progress = progress }).Run(cancel.Token));

        Assert.Equal(RecoveryPhase.Fail, progress.Told[^1].Phase);
        set.Recover();
        set.AssertEqual("db1.edb");
    }

    [Fact]
    public void Progress_goes_up_to_a_hundred()
    {
        var set = RecoveredSet.Engine("dirty-basic-4096");
        var progress = new Recorder(_ => { });

        new SoftRecovery(set.Options() with { Progress = progress }).Run();

        Assert.Equal(new(RecoveryPhase.Begin, 0, default), progress.Told[0]);
        Assert.Equal(new(RecoveryPhase.Complete, 100, default), progress.Told[^1]);
        Assert.True(progress.Told.Count > 30, $"told {progress.Told.Count} times");
        var done = progress.Told.Select(told => told.Done).ToList();
        Assert.Equal(done.Order(), done);
    }

    private static List<string> Snapshot(string folder) => [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)
        .Select(path => $"{Path.GetFileName(path)} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)))}")];

    private sealed class Recorder(Action<RecoveryProgress> also) : IProgress<RecoveryProgress>
    {
        public List<RecoveryProgress> Told { get; } = [];

        public void Report(RecoveryProgress value)
        {
            Told.Add(value);
            also(value);
        }
    }
}
