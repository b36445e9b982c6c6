using System.Collections.Concurrent;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>
/// Threads write while pages are written and the checkpoint moves beside them; the disk dies at any step. A seed does not
/// make the same run again, for threads take turns as they like; but whatever they do must hold.
/// </summary>
public sealed class ThreadedCrashTests
{
    private const int Threads = 4, RowsOfThread = 60, RowsAtOnce = 3;

    [Fact]
    public void What_threads_committed_is_there_after_any_crash()
    {
        int killed = 0;
        Seeds.Each(60, random =>
        {
            var run = new Run(random);
            for (int life = 0; life < 3; life++)
                killed += run.Live() ? 1 : 0;
            run.Judge();
        });
        Assert.True(killed > 60, $"{killed}");
    }

    [Theory]
    [InlineData(OmittedRule.WriteAhead)]
    [InlineData(OmittedRule.DurableCommit)]
    public void An_engine_that_leaves_a_rule_out_is_found_out(object omits)
    {
        for (int seed = 1; seed <= 60; seed++)
        {
            var run = new Run(new(seed)) { Omits = (OmittedRule)omits };
            if (Record.Exception(() =>
            {
                for (int life = 0; life < 3; life++)
                    run.Live();
                run.Judge();
            }) is not null)
                return;
        }

        Assert.Fail("nobody noticed");
    }

    private sealed class Run(Random random)
    {
        private readonly LifeRig _rig = new(new() { Unit = 4096 });

        // Of each group of rows: the version that was promised, and the last that was tried.
        private readonly (int Promised, int Tried)[,] _groups = new (int, int)[Threads, RowsOfThread / RowsAtOnce];
        private readonly ConcurrentBag<Exception> _surprises = [];
        private bool _isMade;

        public OmittedRule Omits { get; init; }

        private EngineOptions Options => _rig.Options with
        {
            CheckpointDepthBytes = random.Pick(64, 256) << 10, CircularLogging = random.OneIn(2),
            LazyFlushInterval = TimeSpan.FromMilliseconds(2), HasBackgroundWork = true, Omits = Omits,
        };

        public bool Live()
        {
            _rig.Disk.KillAtStep = random.Next(1, _isMade && random.OneIn(3) ? 150 : 1500);
            int seed = random.Next();
            EmbeddedEngine? engine = null;
            try
            {
                engine = EmbeddedEngine.OpenAsync(Options).AsTask().GetAwaiter().GetResult();
                var database = Open(engine);
                if (random.OneIn(3))
                    database.Cache.SetMemory(0);
                var threads = Enumerable.Range(0, Threads).Select(i => new Thread(() => Write(engine, database, i, new(seed + i)))).ToList();
                threads.ForEach(thread => thread.Start());
                threads.ForEach(thread => thread.Join());
                Assert.Empty(_surprises);
            }
            catch (Exception e) when (e is SimulatedCrashException or EseException)
            {
                // As it was meant.
            }

            bool isKilled = _rig.Disk.Steps >= _rig.Disk.KillAtStep;
            Exception? closing = Record.Exception(() => engine?.DisposeAsync().AsTask().GetAwaiter().GetResult());
            Assert.True(closing is null or SimulatedCrashException, $"{closing}");
            _rig.Disk.Crash(random.Pick(CrashKind.Kill, CrashKind.PowerLoss, CrashKind.AllLost), random);
            return isKilled;
        }

        public void Judge()
        {
            _rig.Disk.KillAtStep = 0;
            var engine = LifeRig.Open(_rig.Options);
            if (!_isMade)
                return;
            var database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
            using (var session = engine.CreateSession())
            {
                var table = session.OpenTable(database, "rows");
                for (int thread = 0; thread < Threads; thread++)
                {
                    for (int group = 0; group < _groups.GetLength(1); group++)
                        Judge(table, thread, group);
                }
            }

            LifeRig.Now(engine.CloseAsync());
            _rig.RequireSound(LifeRig.Database, "recovered", mayLeak: true);
        }

        private void Judge(Table table, int thread, int group)
        {
            int[] versions = [.. Enumerable.Range(0, RowsAtOnce)
                .Select(i => table.Find(IdOf(thread, group, i))!.GetInt32("version")!.Value).Distinct()];
            int version = Assert.Single(versions);
            var (promised, tried) = _groups[thread, group];
            Assert.True(version >= promised && version <= tried, $"{version}, not {promised} to {tried}");
        }

        private static int IdOf(int thread, int group, int i) => (group * RowsAtOnce + i) * Threads + thread;

        private EngineDatabase Open(EmbeddedEngine engine)
        {
            if (_isMade)
                return engine.AttachDatabaseAsync(LifeRig.Database).AsTask().GetAwaiter().GetResult();
            var database = engine.CreateDatabaseAsync(LifeRig.Database, new() { Overwrite = true }).AsTask().GetAwaiter().GetResult();
            using var session = engine.CreateSession();
            session.CreateTable(database, new("rows")
            {
                Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("version", ColumnType.Long), new("data", ColumnType.LongBinary)],
                Indexes = [new("primary", "id") { IsPrimary = true }],
            });
            using var transaction = session.BeginTransaction();
            var table = session.OpenTable(database, "rows");
            for (int id = 0; id < Threads * RowsOfThread; id++)
                table.Insert(table.NewRow().Set("id", id).Set("version", 0).Set("data", new byte[900]));
            transaction.CommitAsync().AsTask().GetAwaiter().GetResult();
            _isMade = true;
            return database;
        }

        private void Write(EmbeddedEngine engine, EngineDatabase database, int thread, Random own)
        {
            try
            {
                using var session = engine.CreateSession();
                var table = session.OpenTable(database, "rows");
                for (int step = 0; step < 150; step++)
                    Change(session, table, thread, own);
            }
            catch (Exception e) when (e is SimulatedCrashException or EseException or IOException)
            {
                // The disk died.
            }
            catch (Exception e)
            {
                _surprises.Add(e);
            }
        }

        private void Change(EngineSession session, Table table, int thread, Random own)
        {
            int group = own.Next(_groups.GetLength(1));
            int version = ++_groups[thread, group].Tried;
            using var transaction = session.BeginTransaction();
            byte[] data = new byte[own.Next(1, 1800)];
            own.NextBytes(data);
            for (int i = 0; i < RowsAtOnce; i++)
                table.Find(IdOf(thread, group, i))!.Update(table.NewRow().Set("version", version).Set("data", data));
            if (own.OneIn(8))
            {
                transaction.Rollback();
                return;
            }

            var mode = own.OneIn(3) ? CommitMode.Lazy : CommitMode.Durable;
            transaction.CommitAsync(mode).AsTask().GetAwaiter().GetResult();
            if (mode == CommitMode.Durable)
                _groups[thread, group].Promised = version;
        }
    }
}
