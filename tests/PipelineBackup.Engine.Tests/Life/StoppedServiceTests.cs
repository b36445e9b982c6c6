using PipelineBackup.Engine.Tests.Backup;
using PipelineBackup.Engine.Tests.Tables;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Life;

/// <summary>Activity ceases when it is asked to, a backup ends when it is asked to, and nothing that was kept is lost.</summary>
public sealed class StoppedServiceTests
{
    private readonly List<EngineEvent> _events = [];

    [Theory]
    [InlineData("open")]
    [InlineData("read")]
    [InlineData("end databases")]
    [InlineData("list")]
    [InlineData("validate")]
    [InlineData("truncate")]
    [InlineData("complete")]
    public void The_next_call_of_a_backup_that_was_stopped_is_refused(string call)
    {
        foreach (bool isService in new[] { true, false })
        {
            var moment = Running();
            var engine = moment.Engine;
            var backup = LifeRig.Now(engine.BeginBackupAsync(new()));
            var reader = call == "read" ? LifeRig.Now(backup.OpenAsync(backup.Databases[0], default)) : null;
            if (call is not ("open" or "read" or "end databases"))
                LifeRig.Now(backup.EndDatabasesAsync(default));
            string[] before = [.. moment.Rig.Disk.Files];
            if (isService)
                engine.StopService();
            else
                engine.StopBackup();
            var refusal = Assert.Throws<SourceException>(() => Call(call, backup, reader));
            Assert.Equal(-801, refusal.Error!.Value.Number);
            LifeRig.Now(reader?.DisposeAsync() ?? default);
            LifeRig.Now(backup.DisposeAsync());
            Assert.Equal(EngineEvent.BackupStopped, _events[^1].Id);
            Assert.Equal(before, moment.Rig.Disk.Files);
            Assert.False(moment.Database!.Header.PreviousFull.IsSet);
            LifeRig.Now(engine.CloseAsync());
            moment.Rig.RequireSound(LifeRig.Database, call);
        }
    }

    [Fact]
    public void A_backup_that_was_stopped_has_to_be_ended_before_the_next_one()
    {
        var moment = Running();
        var first = LifeRig.Now(moment.Engine.BeginBackupAsync(new()));
        moment.Engine.StopBackup();
        moment.Engine.StopBackup();
        Assert.Equal(-505, Assert.Throws<SourceException>(() => LifeRig.Now(moment.Engine.BeginBackupAsync(new())))
            .Error!.Value.Number);
        LifeRig.Now(first.DisposeAsync());
        Assert.Single(BackupRig.Take(moment.Engine, new()).Databases);
        Assert.True(moment.Database!.Header.PreviousFull.IsSet);
        moment.Engine.StopBackup();
        Assert.Single(BackupRig.Take(moment.Engine, new()).Databases);
        LifeRig.Now(moment.Engine.CloseAsync());
    }

    [Fact]
    public void What_was_committed_lazily_before_the_service_stopped_survives()
    {
        var moment = Running();
        using (var transaction = moment.Session!.BeginTransaction())
        {
            moment.Insert(7);
            LifeRig.Now(transaction.CommitAsync(CommitMode.Lazy));
        }

        moment.Engine.StopService();
        moment.Rig.Disk.Crash(CrashKind.AllLost, new(1));
        Assert.Equal([7], IdsAfter(moment));
    }

    [Fact]
    public void Open_transactions_can_only_be_rolled_back_when_the_service_has_stopped()
    {
        var moment = Running();
        var transaction = moment.Session!.BeginTransaction();
        moment.Insert(1);
        var inner = moment.Session.BeginTransaction();
        moment.Insert(2);
        moment.Engine.StopService();
        Assert.Equal(EseError.ClientRequestToStopJetService, TableRig.ErrorOf(() => LifeRig.Now(inner.CommitAsync())));
        Assert.Equal(EseError.ClientRequestToStopJetService, TableRig.ErrorOf(() => moment.Insert(3)));
        Assert.Equal(EseError.ClientRequestToStopJetService, TableRig.ErrorOf(() => moment.Session.OpenTable(moment.Database!, "things")));
        inner.Rollback();
        transaction.Dispose();
        moment.Session.Dispose();
        moment.Engine.StopService();
        LifeRig.Now(moment.Engine.CloseAsync());
        moment.Rig.RequireSound(LifeRig.Database, "stopped");
        Assert.Empty(IdsAfter(moment));
    }

    [Fact]
    public async Task Nothing_is_written_any_more_when_the_service_has_stopped()
    {
        var time = new OneTimer();
        var moment = LifeMoment.Running(options => options with { HasBackgroundWork = true, Time = time });
        using (var transaction = moment.Session!.BeginTransaction())
        {
            moment.Insert(1);
            await transaction.CommitAsync(CommitMode.Lazy, TestContext.Current.CancellationToken);
        }

        moment.Engine.StopService();
        int steps = moment.Rig.Disk.Steps;
        time.Ring();
        Assert.Equal(steps, moment.Rig.Disk.Steps);
        Assert.Null(moment.Engine.Failure);
        await moment.Engine.DisposeAsync();
        time.Ring();
        Assert.Equal([1], IdsAfter(moment));
    }

    [Fact]
    public async Task Pages_that_are_being_written_are_waited_for_when_the_service_stops()
    {
        using ManualResetEventSlim isInside = new(), mayGoOn = new();
        bool isStopped = false;
        int late = 0;
        void Hold(string path)
        {
            if (Thread.CurrentThread.Name != "upkeep" || path != LifeRig.Database)
                return;
            isInside.Set();
            mayGoOn.Wait();
            late += Volatile.Read(ref isStopped) ? 1 : 0;
        }

        var moment = LifeMoment.Running(options => options with
        {
            HasBackgroundWork = true,
            LazyFlushInterval = Timeout.InfiniteTimeSpan,
            Disk = new HeldDisk(options.Disk, writes: Hold),
        });
        for (int id = 0; !isInside.IsSet; id++)
        {
            using var transaction = moment.Session!.BeginTransaction();
            var table = moment.Session.OpenTable(moment.Database!, "things");
            table.Insert(table.NewRow().Set("id", id).Set("note", new byte[800]));
            await transaction.CommitAsync(CommitMode.Lazy, TestContext.Current.CancellationToken);
        }

        var stopping = Task.Run(() =>
        {
            moment.Engine.StopService();
            Volatile.Write(ref isStopped, true);
        }, TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => moment.Engine.State == EngineState.StoppingService);
        await Task.WhenAny(stopping, Task.Delay(100, TestContext.Current.CancellationToken));
        mayGoOn.Set();
        await stopping;
        await moment.Engine.CloseAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, late);
        moment.Rig.RequireSound(LifeRig.Database, "stopped");
    }

    [Fact]
    public void A_log_that_cannot_be_written_makes_a_stopping_engine_unavailable()
    {
        var moment = Running();
        using (var transaction = moment.Session!.BeginTransaction())
        {
            moment.Insert(1);
            LifeRig.Now(transaction.CommitAsync(CommitMode.Lazy));
        }

        moment.FailWrites(path => path.EndsWith(".log", StringComparison.Ordinal));
        Assert.Equal(EseError.LogWriteFail, TableRig.ErrorOf(moment.Engine.StopService));
        Assert.Equal(EngineState.Unavailable, moment.Engine.State);
        Assert.Equal(EseError.InstanceUnavailable, TableRig.ErrorOf(moment.Engine.StopService));
        LifeRig.Now(moment.Engine.DisposeAsync());
    }

    [Fact]
    public async Task Threads_that_work_meanwhile_are_told_and_lose_nothing()
    {
        int[] told = [-1329, -1000, -1029, -801];
        for (int seed = 0; seed < 12; seed++)
        {
            var moment = LifeMoment.Running(options => options with
            {
                HasBackgroundWork = true, LazyFlushInterval = TimeSpan.FromMilliseconds(5),
            });
            var engine = moment.Engine;
            int done = 0;
            var kept = new System.Collections.Concurrent.ConcurrentBag<int>();
            var codes = new System.Collections.Concurrent.ConcurrentBag<int>();
            using var isBusy = new SemaphoreSlim(0);
            async Task WorkAsync(int thread)
            {
                try
                {
                    using var session = engine.CreateSession();
                    for (int i = 0; ; i++)
                    {
                        using var transaction = session.BeginTransaction();
                        var table = session.OpenTable(moment.Database!, "things");
                        int id = 1_000_000 * thread + i;
                        table.Insert(table.NewRow().Set("id", id));
                        await transaction.CommitAsync();
                        kept.Add(id);
                        if (Interlocked.Increment(ref done) == 30)
                            isBusy.Release();
                    }
                }
                catch (EseException e)
                {
                    codes.Add((int)e.Error);
                }
            }

            async Task BackUpAsync()
            {
                try
                {
                    while (true)
                    {
                        await using var backup = await engine.BeginBackupAsync(new());
                        await backup.EndDatabasesAsync(default);
                        await backup.CompleteAsync(default);
                    }
                }
                catch (SourceException e)
                {
                    codes.Add(e.Error!.Value.Number);
                }
            }

            Task[] tasks = [.. Enumerable.Range(1, 3).Select(thread => Task.Run(() => WorkAsync(thread))), Task.Run(BackUpAsync)];
            await isBusy.WaitAsync(TestContext.Current.CancellationToken);
            if (seed % 2 == 0)
                engine.StopService();
            await engine.CloseAsync(TestContext.Current.CancellationToken);
            await Task.WhenAll(tasks);
            Assert.Equal(4, codes.Count);
            Assert.Empty(codes.Except(told));
            Assert.Subset(IdsAfter(moment).ToHashSet(), kept.ToHashSet());
            moment.Rig.RequireSound(LifeRig.Database, $"seed {seed}");
        }
    }

    private LifeMoment Running() => LifeMoment.Running(options => options with { Events = new Heard(_events) });

    private static void Call(string call, IBackupSession backup, ISourceFileReader? reader)
    {
        switch (call)
        {
            case "open":
                LifeRig.Now(backup.OpenAsync(backup.Databases[0], default));
                break;
            case "read":
                LifeRig.Now(reader!.ReadAsync(new byte[1 << 16], default));
                break;
            case "end databases":
                LifeRig.Now(backup.EndDatabasesAsync(default));
                break;
            case "list":
                LifeRig.Now(backup.TruncatableLogsAsync(default));
                break;
            case "validate":
                LifeRig.Now(backup.ValidateAsync(default));
                break;
            case "truncate":
                LifeRig.Now(backup.TruncateLogsAsync(default));
                break;
            default:
                LifeRig.Now(backup.CompleteAsync(default));
                break;
        }
    }

    private static int[] IdsAfter(LifeMoment moment)
    {
        moment.Rig.Disk.Watch = null;
        var engine = moment.Rig.Open();
        var database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        using var session = engine.CreateSession();
        int[] ids = TableRig.Ids(session.OpenTable(database, "things"));
        session.Dispose();
        LifeRig.Now(engine.CloseAsync());
        return ids;
    }

    // The time is the machine's; the timer rings when it is told to.
    private sealed class OneTimer : TimeProvider
    {
        private Action _ring = static () => { };

        public void Ring() => _ring();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _ring = () => callback(state);
            return new Silent();
        }

        private sealed class Silent : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
