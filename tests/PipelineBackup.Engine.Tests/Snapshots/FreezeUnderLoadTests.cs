using System.Collections.Concurrent;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Snapshots;

/// <summary>
/// Threads write while an engine is frozen again and again, with all that happens in the background: watched at the disk.
/// </summary>
public sealed class FreezeUnderLoadTests
{
    private const int Threads = 4, RowsOfThread = 40;

    private readonly ConcurrentBag<Exception> _surprises = [];

    // Of each thread: what was committed, whether or not anybody waited for the disk, and what was tried.
    private readonly int[] _committed = new int[Threads], _tried = new int[Threads];
    private volatile bool _isOver;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_reaches_the_disk_while_frozen_and_writers_go_on_behind_the_thaw(bool isCircular)
    {
        var rig = new LifeRig();
        var host = new EngineHost();
        var engine = await EmbeddedEngine.OpenAsync(rig.Options with
        {
            Host = host, HasBackgroundWork = true, LazyFlushInterval = TimeSpan.FromMilliseconds(1),
            CheckpointDepthBytes = 64 << 10, CircularLogging = isCircular,
        }, TestContext.Current.CancellationToken);
        var database = await engine.CreateDatabaseAsync(LifeRig.Database, null, TestContext.Current.CancellationToken);
        Define(engine, database);
        var threads = Enumerable.Range(0, Threads)
            .Select(i => new Thread(() => Write(engine, database, i))).ToList();
        threads.ForEach(thread => thread.Start());
        for (int round = 0; round < 8; round++)
        {
            Await(Progress(3));
            int[] promised = [.. _committed];
            var session = host.PrepareSnapshot();
            await session.FreezeAsync(TestContext.Current.CancellationToken);
            int steps = rig.Disk.Steps;

            // Each writer goes on in memory until it waits for the disk; the engine is asked for all that it does by itself.
            Await(() => threads.TrueForAll(thread => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin)));
            engine.WorkNow();
            Thread.Sleep(round);
            var image = rig.Disk.Copy();
            Assert.Equal(steps, rig.Disk.Steps);
            int[] tried = [.. _tried];
            await session.ThawAsync();

            // A copy of the volume may lack what was not flushed.
            if (round % 2 == 1)
                image.Crash(CrashKind.AllLost, new(round));
            Judge(image, promised, tried);
        }

        Await(Progress(3));
        _isOver = true;
        threads.ForEach(thread => thread.Join());
        Assert.Empty(_surprises);
        await engine.CloseAsync(TestContext.Current.CancellationToken);
        rig.RequireSound(LifeRig.Database, "closed");
        Assert.Equal(_committed, Versions(rig.Options, LifeRig.Open(rig.Options)));
    }

    private Func<bool> Progress(int more)
    {
        int[] before = [.. _committed];
        return () => _committed.Zip(before).All(pair => pair.First >= pair.Second + more);
    }

    private void Await(Func<bool> isSo)
    {
        Assert.True(SpinWait.SpinUntil(() => isSo() || !_surprises.IsEmpty, TimeSpan.FromSeconds(100)), "nobody goes on");
        Assert.Empty(_surprises);
    }

    private void Judge(SimulatedDisk image, int[] promised, int[] tried)
    {
        var rig = new LifeRig(image);
        new SoftRecovery(new() { BaseName = "edb", LogDirectory = LifeRig.Logs, Disk = image, MemoryBytes = 8 << 20 })
            .Run(TestContext.Current.CancellationToken);
        rig.RequireSoundDatabase(LifeRig.Database, "recovered", mayLeak: true);
        int[] found = Versions(rig.Options, LifeRig.Open(rig.Options));
        for (int i = 0; i < Threads; i++)
            Assert.True(found[i] >= promised[i] && found[i] <= tried[i], $"{found[i]}, not {promised[i]} to {tried[i]}");
    }

    private static int[] Versions(EngineOptions options, EmbeddedEngine engine)
    {
        Assert.False(options.HasBackgroundWork);
        var database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        int[] versions = new int[Threads];
        using (var session = engine.CreateSession())
        {
            var table = session.OpenTable(database, "rows");
            for (int i = 0; i < Threads; i++)
            {
                versions[i] = Assert.Single(Enumerable.Range(i * RowsOfThread, RowsOfThread)
                    .Select(id => table.Find(id)!.GetInt32("version")!.Value).Distinct());
            }
        }

        LifeRig.Now(engine.CloseAsync());
        return versions;
    }

    private static void Define(EmbeddedEngine engine, EngineDatabase database)
    {
        using var session = engine.CreateSession();
        session.CreateTable(database, new("rows")
        {
            Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("version", ColumnType.Long),
                new("text", ColumnType.LongText)],
            Indexes = [new("primary", "id") { IsPrimary = true }],
        });
        using var transaction = session.BeginTransaction();
        var table = session.OpenTable(database, "rows");
        for (int id = 0; id < Threads * RowsOfThread; id++)
            table.Insert(table.NewRow().Set("id", id).Set("version", 0));
        transaction.CommitAsync().AsTask().GetAwaiter().GetResult();
    }

    // All rows of the thread in one transaction: what is there is all of it or nothing.
    private void Write(EmbeddedEngine engine, EngineDatabase database, int thread)
    {
        try
        {
            using var session = engine.CreateSession();
            var table = session.OpenTable(database, "rows");
            for (int version = 1; !_isOver; version++)
            {
                using var transaction = session.BeginTransaction();
                for (int id = thread * RowsOfThread; id < (thread + 1) * RowsOfThread; id++)
                {
                    table.Find(id)!.Update(table.NewRow().Set("version", version)
                        .Set("text", new string((char)('a' + version % 26), 100 + version * 37 % 900)));
                }

                Volatile.Write(ref _tried[thread], version);
                transaction.CommitAsync(version % 3 == 0 ? CommitMode.Durable : CommitMode.Lazy)
                    .AsTask().GetAwaiter().GetResult();
                Volatile.Write(ref _committed[thread], version);
            }
        }
        catch (Exception e)
        {
            _surprises.Add(e);
        }
    }
}
