using System.Buffers.Binary;
using PipelineBackup.Ese;
using PipelineBackup.Tests.Simulation;
using PipelineBackup.Tests.Sources;

namespace PipelineBackup.Tests.Backup;

/// <summary>Backups that build on others: what continues, what is refused with which number, and what a chain restores.</summary>
public class ChainTests
{
    private static readonly BackupOptions s_incremental = new() { Kind = BackupKind.Incremental };
    private static readonly BackupOptions s_differential = new() { Kind = BackupKind.Differential };

    [Fact]
    public async Task A_chain_of_incrementals_restores_each_generation_once_under_its_right_name()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        var full = await trip.BackupAsync(history.At(3, segments: 9));
        var first = await trip.BackupAsync(history.At(3), s_incremental);
        var second = await trip.BackupAsync(history.At(7, segments: 20), s_incremental);
        var third = await trip.BackupAsync(history.At(8, from: 7), s_incremental);
        var last = await trip.BackupAsync(history.At(12, from: 6), s_incremental);
        Assert.Equal([full.Manifest.Id, first.Manifest.Id, second.Manifest.Id, third.Manifest.Id], new[] { first, second, third, last }.Select(backup => backup.Manifest.Parent));
        Assert.All([first, second, third, last], backup => Assert.Equal(full.Manifest.Id, backup.Manifest.Full));
        Assert.Equal([(3, 3), (3, 7), (7, 8), (8, 12)], new[] { first, second, third, last }.Select(backup => (backup.Manifest.Logs.First, backup.Manifest.Logs.Last)));
        // Logs only: the database is in the full one.
        Assert.All([first, second, third, last], backup => Assert.Equal((0, backup.Manifest.Logs.Count), (backup.Manifest.Databases.Count, backup.Manifest.Totals.Files)));

        await DemandChainAsync(trip, "latest", 12, history.At(3, 9));
        await DemandChainAsync(trip, second.Manifest.Id, 7, history.At(3, 9), openSegments: 20);
        await DemandChainAsync(trip, first.Manifest.Id, 3, history.At(3, 9));
    }

    [Fact]
    public async Task A_differential_builds_on_the_last_incremental_and_nothing_builds_on_it()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        var full = await trip.BackupAsync(history.At(3));
        var incremental = await trip.BackupAsync(history.At(5, 8), s_incremental);
        var differential = await trip.BackupAsync(history.At(7), s_differential);
        var again = await trip.BackupAsync(history.At(9), s_differential);
        var next = await trip.BackupAsync(history.At(11), s_incremental);
        Assert.Equal([full.Manifest.Id, incremental.Manifest.Id, incremental.Manifest.Id, incremental.Manifest.Id],
            new[] { incremental, differential, again, next }.Select(backup => backup.Manifest.Parent));
        await DemandChainAsync(trip, differential.Manifest.Id, 7, history.At(3));
        await DemandChainAsync(trip, again.Manifest.Id, 9, history.At(3));
        await DemandChainAsync(trip, next.Manifest.Id, 11, history.At(3));
    }

    [Theory]
    [InlineData(BackupKind.Incremental)]
    [InlineData(BackupKind.Differential)]
    public async Task Without_a_full_backup_nothing_can_be_continued(BackupKind kind)
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        var options = new BackupOptions { Kind = kind };
        await trip.RefusedAsync(ExitCode.Refused, -560, history.At(3), options);
        // A copy is no parent, one with damage neither, nor one of another set.
        await trip.BackupAsync(history.At(3), new() { Kind = BackupKind.Copy });
        await trip.RefusedAsync(ExitCode.Refused, -560, history.At(4), options);
        string torn = history.At(4);
        File.Delete(Path.Combine(torn, LogHistory.Name(2)));
        await trip.BackupAsync(torn, new() { OnLogGap = LogGapPolicy.Record });
        await trip.RefusedAsync(ExitCode.Refused, -560, history.At(5), options);
        await trip.BackupAsync(history.At(4), new() { Set = BackupSet.Of("other") });
        await trip.RefusedAsync(ExitCode.Refused, -560, history.At(5), options);
    }

    [Fact]
    public async Task Logs_that_do_not_continue_the_chain_are_refused_with_the_engines_number()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(3));
        await trip.BackupAsync(history.At(5), s_incremental);

        // -569: the next generation is gone.
        await trip.RefusedAsync(ExitCode.Refused, -569, history.At(9, from: 7), s_incremental);
        string none = history.At(6);
        foreach (string log in Directory.EnumerateFiles(none, "*.log"))
            File.Delete(log);
        await trip.RefusedAsync(ExitCode.Refused, -569, none, s_incremental);

        // -530: another log stream.
        await trip.RefusedAsync(ExitCode.Refused, -530, Path.Combine(GoldenSets.Small("jetbackup-4096"), "incr"), s_incremental);

        // -515: a hole behind the parent; the parent's last log made anew; a successor of another log.
        string hole = history.At(9);
        File.Delete(Path.Combine(hole, LogHistory.Name(7)));
        await trip.RefusedAsync(ExitCode.Refused, -515, hole, s_incremental);
        string anew = history.At(9, from: 5);
        FileSurgery.RewriteLogHeader(Path.Combine(anew, LogHistory.Name(5)), header => header[18] ^= 7);
        await trip.RefusedAsync(ExitCode.Refused, -515, anew, s_incremental);
        string successor = history.At(9, from: 6);
        FileSurgery.RewriteLogHeader(Path.Combine(successor, LogHistory.Name(6)), header => header[26] ^= 7);
        await trip.RefusedAsync(ExitCode.Refused, -515, successor, s_incremental);

        // -526: circular logging, now or before.
        foreach (byte flag in new byte[] { 2, 4 })
        {
            string circular = history.At(7);
            FileSurgery.RewriteLogHeader(Path.Combine(circular, "edb.log"), header => header[639] |= flag);
            await trip.RefusedAsync(ExitCode.Refused, -526, circular, s_incremental);
        }

        // -560: a database that the full backup has not.
        string added = history.At(7);
        File.Copy(Path.Combine(GoldenSets.Small("clean-4096"), "files", "db1.edb"), Path.Combine(added, "db2.edb"));
        await trip.RefusedAsync(ExitCode.Refused, -560, added, s_incremental);

        // Damage in a log that would be taken.
        string damaged = history.At(9);
        FileSurgery.Flip(Path.Combine(damaged, LogHistory.Name(8)), 3, 4096, (500, 3));
        await trip.RefusedAsync(ExitCode.Refused, -501, damaged, s_incremental);

        // And after all of that the chain goes on.
        await trip.BackupAsync(history.At(12), s_incremental);
        await DemandChainAsync(trip, "latest", 12, history.At(3));
    }

    [Fact]
    public async Task The_parents_last_log_must_be_the_same_one_grown()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(5, segments: 16));

        // The volume was set back: the log ends earlier.
        await trip.RefusedAsync(ExitCode.Refused, -515, history.At(5, segments: 7), s_incremental);
        // Set back, and written on otherwise: a segment that was final is another one now.
        string otherwise = history.At(5);
        FileSurgery.Change(Path.Combine(otherwise, "edb.log"), bytes => Rewrite(bytes, segment: 6));
        await trip.RefusedAsync(ExitCode.Refused, -515, otherwise, s_incremental);
        await trip.RefusedAsync(ExitCode.Refused, -515, otherwise, s_differential);
        // The last segment may be written again.
        string grown = history.At(5);
        await trip.BackupAsync(grown, s_incremental);
        await DemandChainAsync(trip, "latest", 5, history.At(5, 16));

        // Closed, gone, and the next one names what it was in the end: the chain has all of it.
        await trip.BackupAsync(history.At(8, from: 6), s_incremental);
        await DemandChainAsync(trip, "latest", 8, history.At(5, 16));
    }

    [Fact]
    public async Task A_log_that_was_still_open_and_is_gone_since_leaves_a_gap()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(5, segments: 16));
        // The rest of generation 5 is nowhere; generation 6 tells by the checksum of what went before.
        await trip.RefusedAsync(ExitCode.Refused, -515, history.At(8, from: 6), s_incremental);
    }

    [Fact]
    public async Task Two_writers_do_not_continue_the_same_backup()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(3));
        BackupReport? winner = null;
        var slow = new HookedSource(new FileSetSource(new() { Path = history.At(5) }))
        {
            AllRead = () => winner = trip.BackupAsync(history.At(6), s_incremental).GetAwaiter().GetResult(),
        };
        var refusal = await Assert.ThrowsAsync<BackupException>(() => trip.BackupAsync(slow, s_incremental));
        Assert.Equal((ExitCode.InUse, -505), (refusal.ExitCode, refusal.Error!.Value.Number));
        Assert.Contains(winner!.Manifest.Id, refusal.Message, StringComparison.Ordinal);

        // The loser left nothing and took nothing: the winner's claim stands, and the chain goes on from it.
        var objects = await StoreProof.ObjectsAsync(trip.Store);
        Assert.Single(objects.Keys, name => name.StartsWith("default/chain/", StringComparison.Ordinal));
        Assert.Equal(2, objects.Keys.Count(name => name.StartsWith("default/backups/", StringComparison.Ordinal)));
        var next = await trip.BackupAsync(history.At(9), s_incremental);
        Assert.Equal(winner.Manifest.Id, next.Manifest.Parent);
        await DemandChainAsync(trip, "latest", 9, history.At(3));
    }

    [Fact]
    public async Task Claims_of_backups_that_died_stand_in_nobodys_way()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        await trip.BackupAsync(history.At(3));
        for (int generation = 5; generation <= 11; generation += 2)
        {
            // Dies with the claim in place and before the commit, again and again.
            for (int death = 0; death < 2; death++)
            {
                await Assert.ThrowsAsync<SinkException>(() => new BackupPipeline(
                    new FileSetSource(new() { Path = history.At(generation) }), [new DeadAtCommit(trip.Store)], s_incremental).RunAsync());
            }

            await trip.BackupAsync(history.At(generation), s_incremental);
        }

        var manifest = await new BackupCatalog(trip.Store, BackupSet.Default).FindAsync("latest");
        Assert.Equal(5, (await new BackupCatalog(trip.Store, BackupSet.Default).ChainAsync(manifest)).Count);
        await DemandChainAsync(trip, "latest", 11, history.At(3));
    }

    [Fact]
    public async Task The_latest_backup_is_the_one_that_reaches_furthest_whatever_the_clock_says()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        var far = await trip.BackupAsync(history.At(9));
        var behind = await trip.BackupAsync(history.At(4), new() { Kind = BackupKind.Copy, Time = Later(TimeSpan.FromDays(3)) });
        Assert.True(string.CompareOrdinal(behind.Manifest.Id, far.Manifest.Id) > 0);
        Assert.Equal(far.Manifest.Id, (await trip.VerifyAsync()).Manifest.Id);

        // A clock that was set back: the id follows the parent's all the same.
        var next = await trip.BackupAsync(history.At(11), s_incremental with { Time = Later(TimeSpan.FromDays(-30)) });
        Assert.True(string.CompareOrdinal(next.Manifest.Id, far.Manifest.Id) > 0);
        Assert.Equal(BackupId.Parse(far.Manifest.Id).Time.AddSeconds(1), BackupId.Parse(next.Manifest.Id).Time);
        Assert.Equal(next.Manifest.Id, (await trip.VerifyAsync()).Manifest.Id);

        static HurriedTime Later(TimeSpan time)
        {
            var clock = new HurriedTime();
            clock.Pass(time);
            return clock;
        }
    }

    [Fact]
    public async Task A_chain_with_a_missing_member_is_refused_and_says_which()
    {
        await using var trip = new MemoryTrip();
        var history = new LogHistory(trip.Scratch);
        var full = await trip.BackupAsync(history.At(3));
        var middle = await trip.BackupAsync(history.At(5), s_incremental);
        var last = await trip.BackupAsync(history.At(7), s_incremental);
        await trip.Store.DeleteAsync(ObjectName.Of($"default/backups/{middle.Manifest.Id}.json"), default);
        foreach (Func<Task> attempt in new Func<Task>[] { () => trip.VerifyAsync(last.Manifest.Id), () => trip.RestoreAsync(last.Manifest.Id) })
        {
            var refusal = await Assert.ThrowsAsync<BackupException>(attempt);
            Assert.Equal(ExitCode.Refused, refusal.ExitCode);
            Assert.Contains(middle.Manifest.Id, refusal.Message, StringComparison.Ordinal);
        }

        await DemandChainAsync(trip, full.Manifest.Id, 3, history.At(3));
    }

    [Theory]
    [InlineData("jetbackup-4096", "backup/old", new[] { "incr" }, true)]
    [InlineData("extincr-4096", "backup/full", new[] { "backup/incr1", "backup/incr2", "extra-logs" }, false)]
    [InlineData("snapshot-4096", "files", new[] { "live-after" }, false)]
    public async Task The_engines_own_chains_continue_and_restore(string set, string full, string[] incrementals, bool isSmall)
    {
        string root = isSmall ? GoldenSets.Small(set) : GoldenSets.Engine(set);
        await using var trip = new MemoryTrip();
        string fullFolder = Path.Combine(root, full);
        int first = (await trip.BackupAsync(fullFolder)).Manifest.Logs.First;
        var newest = new SortedDictionary<int, string>();
        Remember(fullFolder);
        foreach (string incremental in incrementals)
        {
            string folder = Path.Combine(root, incremental);
            Assert.Equal(ExitCode.Done, (await trip.BackupAsync(folder, s_incremental)).ExitCode);
            Remember(folder);
        }

        var verified = await trip.VerifyAsync();
        Assert.Equal((ExitCode.Done, ""), (verified.ExitCode, string.Join("; ", verified.Damage)));
        var restored = await trip.RestoreAsync();
        var logs = restored.Files.Where(file => LogFileName.TryParse(Path.GetFileName(file), out var name) && name.Kind is LogFileKind.Numbered or LogFileKind.Current).ToList();
        Assert.Equal(newest.Keys, logs.Select(Generation).Order());
        Assert.All(logs, log => Assert.True(File.ReadAllBytes(log).AsSpan().SequenceEqual(File.ReadAllBytes(newest[Generation(log)])), log));
        foreach (string file in restored.Files.Except(logs))
            Assert.True(File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(fullFolder, Path.GetFileName(file)))), file);

        void Remember(string folder)
        {
            foreach (string file in Directory.EnumerateFiles(folder))
            {
                if (LogFileName.TryParse(Path.GetFileName(file), out var name) && name.Kind is LogFileKind.Numbered or LogFileKind.Current
                    && Generation(file) >= first)
                    newest[Generation(file)] = file;
            }
        }
    }

    [Fact]
    public async Task A_database_with_circular_logging_a_day_later_takes_a_full_backup()
    {
        await using var trip = new MemoryTrip();
        var first = await trip.BackupAsync(GoldenSets.Real("V1_srum_srv2022_A"));
        string later = GoldenSets.Real("V2_srum_srv2022_B");
        await trip.RefusedAsync(ExitCode.Refused, -526, later, s_incremental);
        var second = await trip.BackupAsync(later);
        Assert.Equal((first.Manifest.LogSignature, first.Manifest.Databases[0].Signature), (second.Manifest.LogSignature, second.Manifest.Databases[0].Signature));
        Assert.Equal(second.Manifest.Id, (await trip.VerifyAsync()).Manifest.Id);
        await trip.ProveAsync(ExitCode.Done, later);
        await trip.ProveAsync(ExitCode.Done, GoldenSets.Real("V1_srum_srv2022_A"), first.Manifest.Id);
    }

    private static int Generation(string log) => LogHeader.Read(File.ReadAllBytes(log).AsSpan(0, LogHeader.Size)).Generation.Value;

    // Restores a backup: the database of the full one, and the logs up to the newest, each once.
    private static async Task DemandChainAsync(MemoryTrip trip, string which, int newest, string full, int openSegments = 32)
    {
        var verified = await trip.VerifyAsync(which);
        Assert.Equal((ExitCode.Done, ""), (verified.ExitCode, string.Join("; ", verified.Damage)));
        var restored = await trip.RestoreAsync(which);
        Assert.Equal(Enumerable.Range(1, newest - 1).Select(LogHistory.Name).Append("edb.log").Prepend("db1.edb").Order(StringComparer.Ordinal),
            restored.Files.Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (string file in restored.Files)
        {
            string name = Path.GetFileName(file);
            byte[] bytes = await File.ReadAllBytesAsync(file), expected = await File.ReadAllBytesAsync(
                name == "db1.edb" ? Path.Combine(full, name) : LogHistory.Original(name == "edb.log" ? newest : Convert.ToInt32(name[3..11], 16)));
            if (name == "edb.log")
                expected.AsSpan(openSegments * 4096).Clear();
            Assert.True(bytes.AsSpan().SequenceEqual(expected), name);
        }

        StoreProof.DemandClean(restored.Target, restored.Files.Count);
    }

    // Another content of a segment, with its checksum.
    private static void Rewrite(byte[] log, int segment)
    {
        var own = log.AsSpan(segment * 4096, 4096);
        own[2000] ^= 0x55;
        ulong stored = BinaryPrimitives.ReadUInt64LittleEndian(own);
        BinaryPrimitives.WriteUInt64LittleEndian(own, XorEcc.Compute(own, (uint)segment, isFirst: true));
        Assert.NotEqual(stored, BinaryPrimitives.ReadUInt64LittleEndian(own));
    }

    /// <summary>A store as a process sees it that dies before its commit is stored.</summary>
    private sealed class DeadAtCommit(IBackupSink inner) : IBackupSink
    {
        private bool _dead;

        public SinkTraits Traits => inner.Traits;

        public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
        {
            _dead |= name.ToString().Contains("/backups/", StringComparison.Ordinal);
            return _dead ? throw Steps.Dead($"put {name}") : inner.PutAsync(name, body, cancellationToken);
        }

        public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
            _dead ? throw Steps.Dead($"read {name}") : inner.OpenReadAsync(name, range, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
            _dead ? throw Steps.Dead("list") : inner.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) =>
            _dead ? throw Steps.Dead($"delete {name}") : inner.DeleteAsync(name, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
