using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Life;

/// <summary>The disk fails, or is full: the engine stops, and loses nothing that it promised.</summary>
public sealed class FailingDiskTests
{
    [Fact]
    public void A_failure_stops_the_engine_and_nothing_that_was_kept_is_lost() => Seeds.Each(40, random =>
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        var rows = new LocaleRows(database);
        var model = LocaleRows.Read(database.Cache);
        var states = new List<SortedDictionary<string, int>> { new(model, StringComparer.Ordinal) };
        rig.Disk.FailAtStep = rig.Disk.Steps + random.Next(1, 400);
        rig.Disk.FailsOn = random.OneIn(2);
        var failure = Record.Exception(() =>
        {
            while (engine.Failure is null)
            {
                rows.Begin();
                for (int change = random.Next(1, 60); change > 0; change--)
                    DatabaseLifeTests.Change(rows, model, random);
                states.Add(new(model, StringComparer.Ordinal));
                rows.CommitDurably();
                states.RemoveRange(0, states.Count - 1);
            }
        });
        Assert.True(failure is EseException, $"{failure}");
        if (engine.Failure is null)
        {
            // A database that cannot grow stops one operation only.
            Assert.Equal(EseError.DiskIO, ((EseException)failure).Error);
        }
        else
        {
            // From then on it says so, and writes nothing.
            int steps = rig.Disk.Steps;
            Assert.Equal(EseError.InstanceUnavailable,
                LifeRig.ErrorOf(() => engine.CreateDatabaseAsync(LifeRig.Database + "2")));
            Assert.Equal(EseError.InstanceUnavailable,
                Assert.Throws<EseException>(() => LifeRig.Now(engine.CloseAsync())).Error);
            Assert.Equal(steps, rig.Disk.Steps);
        }

        LifeRig.Now(engine.DisposeAsync());
        Assert.Equal(0, rig.Disk.OpenFiles);

        rig.Disk.FailAtStep = 0;
        var next = rig.Open();
        var found = LocaleRows.Read(LifeRig.Now(next.AttachDatabaseAsync(LifeRig.Database)).Cache);
        Assert.Contains(states, state => state.SequenceEqual(found));
        LifeRig.Now(next.CloseAsync());
        rig.RequireSound(LifeRig.Database, "after the failure", mayLeak: true);
    });

    [Fact]
    public void A_full_disk_of_the_logs_leaves_room_to_end()
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        var rows = new LocaleRows(database);
        var model = LocaleRows.Read(database.Cache);
        var random = new Random(1);
        rig.Disk.Capacity = rig.Disk.Used + (200 << 10);
        while (!engine.Log.IsOnReserve)
        {
            rows.Begin();
            for (int change = 5; change > 0; change--)
                DatabaseLifeTests.Change(rows, model, random);
            rows.CommitDurably();
        }

        Assert.Null(engine.Failure);
        Assert.Equal(EseError.LogDiskFull, Assert.Throws<EseException>(engine.RequireWritable).Error);
        rows.Close();
        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, "full");
        Assert.Contains(LogChain.Open(rig.Disk, LifeRig.Logs, "edb").Generations,
            log => log.Header!.Flags.HasFlag(LogHeaderFlags.Reserve));

        // With room again it goes on, and has its reserves again.
        rig.Disk.Capacity = long.MaxValue;
        engine = rig.Open();
        engine.RequireWritable();
        Assert.Equal(model, LocaleRows.Read(LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database)).Cache));
        Assert.Equal(2, rig.Disk.Files.Count(file => Path.GetExtension(file) == ".jrs"));
        LifeRig.Now(engine.CloseAsync());
    }

    [Fact]
    public void A_disk_without_any_room_stops_the_engine()
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        var rows = new LocaleRows(database);
        var model = LocaleRows.Read(database.Cache);
        var kept = model;
        var random = new Random(2);
        rig.Disk.Capacity = rig.Disk.Used;
        var failure = Assert.Throws<EseException>(() =>
        {
            while (engine.Failure is null)
            {
                rows.Begin();
                for (int change = 50; change > 0; change--)
                    DatabaseLifeTests.Change(rows, model, random);
                rows.CommitDurably();
                kept = new(model, StringComparer.Ordinal);
            }
        });
        Assert.True(failure.Error is EseError.LogDiskFull or EseError.DiskFull, $"{failure.Error}");
        LifeRig.Now(engine.DisposeAsync());
        rig.Disk.Capacity = long.MaxValue;
        engine = rig.Open();
        Assert.Equal(kept, LocaleRows.Read(LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database)).Cache));
        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, "after the full disk", mayLeak: true);
    }
}
