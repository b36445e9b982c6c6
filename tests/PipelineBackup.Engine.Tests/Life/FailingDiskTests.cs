using PipelineBackup.Engine.Tests.Tables;
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

    [Fact]
    public void A_definition_that_fails_with_the_disk_tells_why()
    {
        var moment = LifeMoment.Running();
        for (int id = 0; id < 3000; id++)
        {
            using var transaction = moment.Session!.BeginTransaction();
            var table = moment.Session.OpenTable(moment.Database!, "things");
            table.Insert(table.NewRow().Set("id", id).Set("name", $"{id:d200}"));
            LifeRig.Now(transaction.CommitAsync(CommitMode.Lazy));
        }

        moment.Engine.WriteBackAll();
        moment.FailWrites(path => Path.GetExtension(path) == ".log");
        Assert.Equal(EseError.LogWriteFail, TableRig.ErrorOf(() => moment.Session!.CreateIndex(
            moment.Database!, "things", new("another", "name"))));
        Assert.Equal(EngineState.Unavailable, moment.Engine.State);
        moment.Session!.Dispose();
        LifeRig.Now(moment.Engine.DisposeAsync());
    }

    [Fact]
    public void A_page_that_cannot_be_cleaned_up_stops_nobody()
    {
        const int Rows = 400;
        var moment = LifeMoment.Running();
        var (engine, database) = (moment.Engine, moment.Database!);
        using var reader = engine.CreateSession();
        using (var writing = moment.Session!.BeginTransaction())
        {
            var table = moment.Session.OpenTable(database, "things");
            for (int id = 0; id < Rows; id++)
                table.Insert(table.NewRow().Set("id", id).Set("note", new byte[900]));
            LifeRig.Now(writing.CommitAsync());
        }

        engine.WorkNow();
        var looking = reader.BeginTransaction();
        using (var deleting = moment.Session.BeginTransaction())
        {
            var table = moment.Session.OpenTable(database, "things");
            for (int id = 0; id < Rows / 2; id++)
                table.Find(id)!.Delete();
            LifeRig.Now(deleting.CommitAsync());
        }

        // Nobody has the pages in memory when they are damaged.
        engine.WriteBackAll();
        database.Cache.SetMemory(0);
        lock (engine.Latch)
            database.Cache.Evict();
        for (long page = 60; page < 100; page++)
            database.File.Write(new byte[] { 1, 2, 3, 4 }, page * 4096 + 512);

        looking.Dispose();
        Assert.Equal(EseError.ReadVerifyFailure, TableRig.ErrorOf(() => engine.CleanUp()));
        Assert.Equal(EngineState.Running, engine.State);

        // What is committed is, however much is left behind.
        for (int id = Rows; id < Rows + 70; id++)
        {
            using var transaction = moment.Session.BeginTransaction();
            moment.Insert(id);
            LifeRig.Now(transaction.CommitAsync());
        }

        engine.WorkInBackground();
        Assert.Null(engine.Failure);
        moment.Session.Dispose();
        reader.Dispose();
        LifeRig.Now(engine.CloseAsync());
        moment.Rig.RequireSoundLogs("damaged");
    }

    [Fact]
    public void A_log_that_cannot_be_deleted_stops_nobody_and_goes_later()
    {
        var moment = LifeMoment.Running(options => options with { CircularLogging = true });
        string? kept = null;
        moment.Rig.Disk.Watch = step =>
        {
            if (step.Kind != DiskStepKind.Delete || Path.GetExtension(step.Path) != ".log" || kept is not null && kept != step.Path)
                return;
            kept = step.Path;
            throw new IOException("somebody reads it");
        };
        int id = 0;
        void Write()
        {
            using var transaction = moment.Session!.BeginTransaction();
            moment.Insert(id++);
            moment.Engine.Log.Roll();
            LifeRig.Now(transaction.CommitAsync());
            moment.Engine.WriteBackAll();
        }

        while (kept is null)
            Write();
        Write();
        Assert.Contains(kept, moment.Rig.Disk.Files);
        moment.Rig.Disk.Watch = null;
        Write();
        Assert.DoesNotContain(kept, moment.Rig.Disk.Files);
        Assert.Null(moment.Engine.Failure);
        moment.Session!.Dispose();
        LifeRig.Now(moment.Engine.CloseAsync());
        moment.Rig.RequireSound(LifeRig.Database, "circular");
    }
}
