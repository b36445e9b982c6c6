using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Life;

/// <summary>An engine is killed at any step of its disk; the next one has what it promised.</summary>
public sealed class KilledEngineTests
{
    [Fact]
    public void What_was_committed_is_there_after_any_crash() => Seeds.Each(40, random => LiveAndDie(new(), random));

    [Fact]
    public void A_disk_that_forgets_the_log_is_found_out()
    {
        for (int seed = 1; seed <= 50; seed++)
        {
            var disk = new SimulatedDisk { IgnoresFlush = path => Path.GetExtension(path) == ".log" };
            if (Record.Exception(() => LiveAndDie(disk, new(seed))) is not null)
                return;
        }

        Assert.Fail("nobody noticed that the log was not durable");
    }

    private static void LiveAndDie(SimulatedDisk disk, Random random)
    {
        // Pages come to the disk whole; segments of the log in any order.
        var rig = new LifeRig(disk);
        var promise = new Promise { IsCircular = random.OneIn(2) };
        for (int life = 0; life < 4; life++)
        {
            rig.Disk.KillAtStep = random.Next(1, random.OneIn(3) ? 60 : 1500);
            try
            {
                Live(rig, promise, random);
            }
            catch (SimulatedCrashException)
            {
                // As it was meant.
            }

            rig.Disk.Crash(random.Pick(CrashKind.Kill, CrashKind.PowerLoss, CrashKind.AllLost), random);
        }

        Judge(rig, promise);
    }

    [Fact]
    public void What_is_left_of_a_write_to_the_log_does_no_harm() => Seeds.Each(60, random =>
    {
        var first = new LifeRig();
        var promise = new Promise();
        var engine = first.Open();
        LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        LifeRig.Now(engine.CloseAsync());
        promise.IsMade = true;

        // Segments may be there in part, too. Pages may not, so none is written.
        var rig = new LifeRig(first.Disk.Copy(512));
        rig.Disk.KillAtStep = random.Next(20, 300);
        bool isKilled = false;
        try
        {
            engine = LifeRig.Open(rig.Options with { CheckpointDepthBytes = 1 << 30, CacheBytes = 64 << 20 });
            var database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
            var rows = new LocaleRows(database);
            var model = LocaleRows.Read(database.Cache);
            while (true)
                Work(engine, rows, model, promise, random, 120);
        }
        catch (SimulatedCrashException)
        {
            isKilled = true;
        }

        Assert.True(isKilled);
        rig.Disk.Crash(CrashKind.PowerLoss, random);
        Judge(rig, promise);
    });

    [Theory]
    [InlineData("Kill", false)]
    [InlineData("AllLost", false)]
    [InlineData("PowerLoss", false)]
    [InlineData("PowerLoss", true)]
    public void Between_the_two_renames_no_log_is_missing_however_often_recovery_is_killed(string kind, bool isFull)
    {
        var rig = new LifeRig();
        var promise = new Promise();
        var random = new Random(1);
        rig.Disk.Watch = step =>
        {
            if (step.Kind == DiskStepKind.Rename && Path.GetFileName(step.To) == "edb00000003.log")
                rig.Disk.KillAtStep = step.Number + 2;
            if (isFull && step.Kind == DiskStepKind.Create && Path.GetFileName(step.Path) == "edbtmp.log"
                && rig.Disk.FileExists(Path.Combine(LifeRig.Logs, "edb00000002.log")))
                rig.Disk.Capacity = 0;
        };
        Assert.Throws<SimulatedCrashException>(() => Live(rig, promise, new(3)));
        rig.Disk.Crash(CrashKind.AllLost, random);
        rig.Disk.Capacity = long.MaxValue;
        Assert.DoesNotContain(Path.Combine(LifeRig.Logs, "edb.log"), rig.Disk.Files);
        Assert.Equal(isFull, rig.Disk.ReadAll(Path.Combine(LifeRig.Logs, "edbtmp.log")).Length == 0);
        for (int step = 1; ; step++)
        {
            var again = new LifeRig(rig.Disk.Copy());
            again.Disk.KillAtStep = step;
            if (Record.Exception(() => LifeRig.Now(again.Open().CloseAsync())) is not { } killed)
                break;
            Assert.IsType<SimulatedCrashException>(killed);
            again.Disk.Crash(Enum.Parse<CrashKind>(kind), random);
            Judge(again, promise.Copy());
        }
    }

    private static void Live(LifeRig rig, Promise promise, Random random)
    {
        var engine = LifeRig.Open(rig.Options with { CircularLogging = promise.IsCircular });
        EngineDatabase database;
        if (promise.IsMade || rig.Disk.FileExists(LifeRig.Database) && !IsUnfinished(rig))
        {
            database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
            promise.IsMade = true;
        }
        else
        {
            database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
            promise.IsMade = true;
        }

        var model = LocaleRows.Read(database.Cache);
        promise.Require(model);
        var rows = new LocaleRows(database);
        for (int i = random.Next(150); i > 0; i--)
        {
            Work(engine, rows, model, promise, random, 30);
            if (random.OneIn(20))
            {
                rows.Close();
                LifeRig.Now(database.DetachAsync());
                promise.Kept();
                database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
                rows = new(database);
            }
        }

        if (random.OneIn(2))
        {
            // A transaction that never ends; its pages go to the disk.
            rows.Begin();
            for (int change = random.Next(1, 200); change > 0; change--)
                DatabaseLifeTests.Change(rows, model, random);
            lock (engine.Latch)
                engine.WriteBackAll();
            return;
        }

        LifeRig.Now(engine.CloseAsync());
        promise.Kept();
        rig.RequireSound(LifeRig.Database, "closed", mayLeak: true);
    }

    private static void Work(EmbeddedEngine engine, LocaleRows rows, SortedDictionary<string, int> model,
        Promise promise, Random random, int most)
    {
        rows.Begin();
        for (int change = random.Next(1, most); change > 0; change--)
            DatabaseLifeTests.Change(rows, model, random);
        promise.Committing(model);
        var position = rows.Commit();
        if (random.OneIn(3))
            return;
        LifeRig.Now(engine.Log.FlushAsync(position, CancellationToken.None));
        promise.Kept();
    }

    private static bool IsUnfinished(LifeRig rig)
    {
        using var file = rig.Disk.Open(LifeRig.Database, DiskAccess.Read);
        return HeaderPair.Read(file).Header is not { State: not DatabaseState.JustCreated };
    }

    private static void Judge(LifeRig rig, Promise promise)
    {
        var engine = rig.Open();
        if (promise.IsMade)
        {
            var database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
            promise.Require(LocaleRows.Read(database.Cache));
        }

        LifeRig.Now(engine.CloseAsync());
        if (promise.IsMade)
            rig.RequireSound(LifeRig.Database, "at the end", mayLeak: true);
    }

    /// <summary>What may be there: the rows after the last commit that was flushed, or after any later one.</summary>
    private sealed class Promise
    {
        private readonly List<SortedDictionary<string, int>> _states = [new(StringComparer.Ordinal)];

        public bool IsMade { get; set; }

        public bool IsCircular { get; init; }

        public Promise Copy()
        {
            var copy = new Promise { IsMade = IsMade, IsCircular = IsCircular };
            copy._states.AddRange(_states);
            return copy;
        }

        public void Committing(SortedDictionary<string, int> rows) => _states.Add(new(rows, StringComparer.Ordinal));

        public void Kept() => _states.RemoveRange(0, _states.Count - 1);

        public void Require(SortedDictionary<string, int> rows)
        {
            var found = _states.FindLast(state => state.SequenceEqual(rows));
            Assert.True(found is not null, $"{rows.Count} rows are in no state of {_states[0].Count} and {_states.Count - 1} later");
            _states.Clear();
            _states.Add(new(rows, StringComparer.Ordinal));
        }
    }
}
