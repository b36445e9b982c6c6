using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Backup;

/// <summary>
/// Pages change while they are copied: replay makes of the copy what the database was when the log was rolled.
/// </summary>
public sealed class ChangedPagesTests
{
    private static readonly int[] s_pageSizes = [4096, 8192, 16384, 32768];

    [Fact]
    public void What_was_committed_before_the_log_roll_is_restored_and_nothing_else()
    {
        var seen = new SortedDictionary<string, int>(StringComparer.Ordinal);
        Seeds.Each(16, random => TakeAndRestore(random, seen));
        string[] must =
        [
            "split forwards", "split backwards", "merge forwards", "merge backwards", "grown",
        ];
        Assert.True(must.All(seen.ContainsKey), string.Join(", ", seen));
    }

    private static void TakeAndRestore(Random random, SortedDictionary<string, int> seen)
    {
        int pageSize = random.Pick<int>(s_pageSizes);
        var rig = new LifeRig();
        var options = rig.Options with { PageSize = PageSize.Of(pageSize), CacheBytes = 1 << random.Next(20, 23) };
        var engine = LifeRig.Open(options);
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        var rows = new WrittenRows(engine, database, random, 1 + random.Next(3), 500 + random.Next(1500),
            100 + random.Next(700)) { Middle = 1000 };
        rows.Steps(1000 + random.Next(3000));
        bool hasCrashed = Interlude(ref engine, ref database, rig, options, rows, random);
        rows.IsShrinking = random.OneIn(2);
        rows.Middle = random.Next(2000);
        rows.Steps(random.Next(1500));
        if (random.OneIn(2))
            engine.WriteBackAll();
        var full = Back(engine, rows, random, new() { Kind = BackupKind.Full }, out var atFull);
        Require(full, [full], atFull, pageSize, "full", hasCrashed);
        Straddling.Count(full, database.Number, seen);
        if (random.OneIn(2))
            return;

        rows.Steps(random.Next(1500));
        hasCrashed |= Interlude(ref engine, ref database, rig, options, rows, random);
        rows.Steps(random.Next(500));
        var incremental = Back(engine, rows, random, Follows(full, BackupKind.Incremental), out var atIncremental);
        Require(full, [full, incremental], atIncremental, pageSize, "incremental", hasCrashed);
        rows.Steps(random.Next(800));
        var differential = Back(engine, rows, random, Follows(incremental, BackupKind.Differential), out var atLast);
        Require(full, [full, incremental, differential], atLast, pageSize, "differential", hasCrashed);
        rows.Close();
        Assert.Equal(rows.Committed, WrittenRows.Read(engine, database));
        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, "source", hasCrashed);
    }

    [Fact]
    public void Without_the_last_or_the_first_of_its_logs_a_set_is_refused()
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var rows = new WrittenRows(engine, LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database)), new(3)) { Middle = 1000 };
        rows.Steps(3000);
        foreach (bool isFirst in new[] { false, true })
        {
            var full = BackupRig.Take(engine, new(), 10, _ => rows.Steps(50));
            int last = new PatchTrailer(full.Databases.Values.First().AsMemory()[^4096..]).Backup.HighGeneration.Value;
            foreach (int log in full.Logs.Keys.Where(log => isFirst ? log == full.Logs.Keys.First() : log >= last).ToList())
                full.Logs.Remove(log);
            var refused = Assert.Throws<EseException>(() => BackupRig.Restore(full));
            Assert.Equal(isFirst ? EseError.StartingRestoreLogTooHigh : EseError.EndingRestoreLogTooLow, refused.Error);
        }
    }

    [Fact]
    public void The_source_goes_on_after_a_crash_in_the_middle_of_a_backup() => Seeds.Each(12, random =>
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        var rows = new WrittenRows(engine, database, random) { Middle = 1000 };
        rows.Steps(1000);
        rig.Disk.KillAtStep = rig.Disk.Steps + random.Next(1, 300);
        var end = Record.Exception(() => Back(engine, rows, random, new(), out _));
        Assert.True(end is null or SimulatedCrashException, $"{end}");
        rig.Disk.Crash(random.Pick(Enum.GetValues<CrashKind>()), random);
        var again = rig.Open();
        LifeRig.Now(again.AttachDatabaseAsync(LifeRig.Database));
        var full = BackupRig.Take(again, new());
        LifeRig.Now(again.CloseAsync());
        rig.RequireSound(LifeRig.Database, "source", mayLeak: true);
        var (restored, _) = BackupRig.Restore(full);
        restored.RequireSoundDatabase(BackupRig.PathOf(full.Databases.Keys.First()), "restored", mayLeak: true);
    });

    // The engine is closed and opened again, or crashes and recovers; or nothing happens.
    private static bool Interlude(ref EmbeddedEngine engine, ref EngineDatabase database, LifeRig rig,
        EngineOptions options, WrittenRows rows, Random random)
    {
        int what = random.Next(4);
        if (what > 1)
            return false;
        if (what == 1)
        {
            rows.Close();
            LifeRig.Now(engine.CloseAsync());
        }
        else
        {
            rig.Disk.Crash(random.Pick(Enum.GetValues<CrashKind>()), random);
        }

        engine = LifeRig.Open(options);
        database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        rows.GoOn(engine, database);
        return what == 0;
    }

    internal static BackupRequest Follows(TakenBackup parent, BackupKind kind) => new()
    {
        Kind = kind,
        Parent = new()
        {
            LogSignature = parent.Stamp.LogSignature,
            LastGeneration = parent.Logs.Keys.Last(),
            DatabaseSignatures = [.. parent.Stamp.Databases.Select(database => database.Signature)],
        },
    };

    private static TakenBackup Back(EmbeddedEngine engine, WrittenRows rows, Random random, BackupRequest request,
        out SortedDictionary<int, string> atRoll)
    {
        SortedDictionary<int, string>? seen = null;
        var taken = BackupRig.Take(engine, request, 3 + random.Next(20), stage =>
        {
            if (stage == 1)
                seen ??= new(rows.Committed);
            if (random.OneIn(6))
                rows.IsShrinking = !rows.IsShrinking;
            if (random.OneIn(4))
                rows.Middle = random.Next(2000);
            rows.Steps(random.Next(200));
            if (random.OneIn(6))
                engine.WriteBackAll();
        });
        atRoll = seen!;
        return taken;
    }

    private static void Require(
        TakenBackup full, TakenBackup[] chain, SortedDictionary<int, string> expected, int pageSize, string what,
        bool mayLeak)
    {
        var (rig, report) = BackupRig.Restore(chain);
        string path = BackupRig.PathOf(full.Databases.Keys.First());
        Assert.Equal(RecoveryOutcome.Recovered, Assert.Single(report.Databases).Outcome);
        rig.RequireSoundDatabase(path, what, mayLeak);
        Assert.Equal(expected, WrittenRows.Read(rig, path, pageSize));
    }
}
