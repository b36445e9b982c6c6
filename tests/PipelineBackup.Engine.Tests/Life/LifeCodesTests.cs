using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Life;

/// <summary>What an engine refuses in each state of its life, and with which documented code.</summary>
public sealed class LifeCodesTests
{
    [Theory]
    [InlineData(-1029, -1029, "Created")]
    [InlineData(-1029, -523, "Initialising")]
    [InlineData(-1029, -523, "Recovering")]
    [InlineData(0, 0, "Running")]
    [InlineData(-1329, -1329, "StoppingService")]
    [InlineData(-1090, -1090, "Unavailable")]
    [InlineData(-1000, -1000, "Terminating")]
    [InlineData(-1029, -1029, "Terminated")]
    public void Each_state_refuses_with_its_own_code(int error, int ofBackup, string state) =>
        LifeMoment.In(Enum.Parse<EngineState>(state), moment =>
        {
            Assert.All(Calls(moment), call => Assert.Equal((call.Name, error), (call.Name, CodeOf(call.Run))));
            Assert.Equal(ofBackup, BackupCode(moment.Engine));
            int opened = CodeOf(() => LifeRig.Now(moment.Engine.InitializeAsync()), isTried: state is not "Created"
                and not "Initialising" and not "Recovering");
            Assert.Equal(error == 0 ? -1030 : opened == 0 ? 0 : error, opened);
        });

    [Theory]
    [InlineData(-505)]
    [InlineData(-523)]
    [InlineData(-1329)]
    [InlineData(-1090)]
    [InlineData(-526)]
    [InlineData(-516)]
    [InlineData(-510)]
    [InlineData(-1029)]
    [InlineData(-506)]
    [InlineData(-1000)]
    [InlineData(0)]
    public void Each_documented_code_of_a_state_is_reached_by_asking_for_a_backup(int error)
    {
        int reached = 1;
        void Ask(LifeMoment moment) => reached = BackupCode(moment.Engine, error == -526 ? BackupKind.Incremental : BackupKind.Full);
        switch (error)
        {
            case -505:
                var busy = LifeMoment.Running();
                var first = LifeRig.Now(busy.Engine.BeginBackupAsync(new()));
                Ask(busy);
                LifeRig.Now(first.DisposeAsync());
                Assert.Equal(0, BackupCode(busy.Engine));
                break;
            case -526:
                Ask(LifeMoment.Running(options => options with { CircularLogging = true }));
                break;
            case -516:
                Ask(LifeMoment.Running(options => options with { LoggingDisabled = true }));
                break;
            case -510:
                var broken = LifeMoment.Running();
                broken.FailWrites(path => Path.GetFileName(path) == "edb.log");
                Assert.Equal(-510, CodeOf(() => Commit(broken)));
                Ask(broken);
                Assert.Equal((EngineState.Unavailable, -1090),
                    (broken.Engine.State, CodeOf(() => broken.Engine.CreateSession())));
                break;
            case -506:
                var rig = new LifeRig();
                var restored = EmbeddedEngine.Create(rig.Options);
                using (restored.EnterRestore())
                    reached = BackupCode(restored);
                break;
            default:
                LifeMoment.In(error switch
                {
                    -523 => EngineState.Recovering,
                    -1329 => EngineState.StoppingService,
                    -1090 => EngineState.Unavailable,
                    -1029 => EngineState.Created,
                    -1000 => EngineState.Terminating,
                    _ => EngineState.Running,
                }, Ask);
                break;
        }

        Assert.Equal(error, reached);
    }

    [Fact]
    public async Task A_backup_is_used_by_one_thread_at_a_time()
    {
        var moment = LifeMoment.Running(options => options with { HasBackgroundWork = true, LazyFlushInterval = Timeout.InfiniteTimeSpan });
        var backup = await moment.Engine.BeginBackupAsync(new(), TestContext.Current.CancellationToken);
        using ManualResetEventSlim isInside = new(), mayGoOn = new();
        moment.Rig.Disk.Watch = _ => Hold(isInside, mayGoOn);
        var one = Task.Run(() => backup.EndDatabasesAsync(default).AsTask());
        isInside.Wait(TestContext.Current.CancellationToken);
        Assert.Equal(-1910, BackupCodeOf(() => backup.TruncatableLogsAsync(default).AsTask().GetAwaiter().GetResult()));
        Assert.Equal(-1910, BackupCodeOf(() => backup.OpenAsync(backup.Databases[0], default).AsTask().GetAwaiter().GetResult()));
        Assert.Equal(-1910, BackupCodeOf(() => backup.CompleteAsync(default).AsTask().GetAwaiter().GetResult()));
        moment.Rig.Disk.Watch = null;
        mayGoOn.Set();
        Assert.NotEmpty(await one);
        await backup.CompleteAsync(TestContext.Current.CancellationToken);
        await moment.Engine.CloseAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_file_of_a_backup_is_read_by_one_thread_at_a_time()
    {
        var moment = LifeMoment.Running();
        LifeRig.Now(moment.Engine.CloseAsync());
        using ManualResetEventSlim isInside = new(), mayGoOn = new();
        bool isHeld = false;
        var disk = new HeldDisk(moment.Rig.Disk, path =>
        {
            if (path == LifeRig.Database && isHeld)
            {
                isInside.Set();
                mayGoOn.Wait();
            }
        });
        await using var engine = await EmbeddedEngine.OpenAsync(moment.Rig.Options with { Disk = disk, HasBackgroundWork = true },
            TestContext.Current.CancellationToken);
        await engine.AttachDatabaseAsync(LifeRig.Database, TestContext.Current.CancellationToken);
        await using var backup = await engine.BeginBackupAsync(new(), TestContext.Current.CancellationToken);
        var reader = await backup.OpenAsync(backup.Databases[0], default);
        isHeld = true;
        var one = Task.Run(() => reader.ReadAsync(new byte[1 << 16], default).AsTask());
        isInside.Wait(TestContext.Current.CancellationToken);
        Assert.Equal(-1910, BackupCodeOf(() => reader.ReadAsync(new byte[1 << 16], default).AsTask().GetAwaiter().GetResult()));
        isHeld = false;
        mayGoOn.Set();
        Assert.Equal(1 << 16, await one);
        await reader.DisposeAsync();
    }

    [Fact]
    public async Task Who_asks_while_the_engine_is_closed_on_another_thread_does_not_wait()
    {
        var moment = LifeMoment.Running(options => options with { HasBackgroundWork = true, LazyFlushInterval = Timeout.InfiniteTimeSpan });
        using ManualResetEventSlim isInside = new(), mayGoOn = new();
        moment.Rig.Disk.Watch = _ => Hold(isInside, mayGoOn);
        var closing = Task.Run(() => moment.Engine.CloseAsync().AsTask());
        isInside.Wait(TestContext.Current.CancellationToken);
        Assert.Equal(EngineState.Terminating, moment.Engine.State);
        Assert.Equal(-1000, BackupCode(moment.Engine));
        Assert.All(Calls(moment), call => Assert.Equal((call.Name, -1000), (call.Name, CodeOf(call.Run))));
        moment.Rig.Disk.Watch = null;
        mayGoOn.Set();
        await closing;
        Assert.Equal(EngineState.Terminated, moment.Engine.State);
    }

    [Fact]
    public void Who_does_not_wait_for_the_closing_any_more_leaves_the_engine_running()
    {
        var moment = LifeMoment.Running();
        Assert.ThrowsAny<OperationCanceledException>(() => LifeRig.Now(moment.Engine.CloseAsync(new(canceled: true))));
        Assert.Equal(EngineState.Running, moment.Engine.State);
        Commit(moment);
        LifeRig.Now(moment.Engine.CloseAsync());
    }

    [Fact]
    public void An_engine_that_could_not_be_opened_is_as_it_was_created()
    {
        var rig = new LifeRig();
        string logs = Path.Combine(LifeRig.Logs, "later");
        var engine = EmbeddedEngine.Create(rig.Options with { LogDirectory = logs });
        Assert.Equal(-1023, CodeOf(() => LifeRig.Now(engine.InitializeAsync())));
        Assert.Equal(EngineState.Created, engine.State);
        rig.Disk.AddDirectory(logs);
        foreach (int step in new[] { 3, 9, 14 })
        {
            rig.Disk.FailAtStep = rig.Disk.Steps + step;
            var failure = Record.Exception(() => LifeRig.Now(engine.InitializeAsync()));
            Assert.True(failure is EseException or IOException, $"{failure}");
            Assert.Equal((EngineState.Created, 0), (engine.State, rig.Disk.OpenFiles));
        }

        LifeRig.Now(engine.InitializeAsync());
        Assert.Equal(EngineState.Running, engine.State);
        LifeRig.Now(engine.CloseAsync());
        Assert.Equal(EngineState.Terminated, engine.State);
    }

    [Fact]
    public void An_engine_that_was_never_opened_touches_no_file()
    {
        var rig = new LifeRig();
        var engine = EmbeddedEngine.Create(rig.Options);
        LifeRig.Now(engine.CloseAsync());
        LifeRig.Now(engine.CloseAsync());
        Assert.Equal((EngineState.Terminated, 0), (engine.State, rig.Disk.Steps));
    }

    [Fact]
    public void A_restore_takes_an_engine_that_was_not_opened_for_itself()
    {
        var rig = new LifeRig();
        var engine = EmbeddedEngine.Create(rig.Options);
        using (engine.EnterRestore())
        {
            Assert.Equal(EngineState.Recovering, engine.State);
            Assert.Equal(-506, CodeOf(() => engine.EnterRestore()));
            Assert.Equal(-506, CodeOf(() => LifeRig.Now(engine.InitializeAsync())));
            Assert.Equal(-506, CodeOf(() => engine.CreateSession()));
            Assert.Equal(-506, CodeOf(engine.StopService));
            Assert.Equal(-506, BackupCode(engine));
            Assert.ThrowsAny<OperationCanceledException>(() => LifeRig.Now(engine.CloseAsync(new(canceled: true))));
        }

        Assert.Equal(EngineState.Created, engine.State);
        LifeRig.Now(engine.InitializeAsync());
        Assert.Equal(-1850, CodeOf(() => engine.EnterRestore()));
        LifeRig.Now(engine.CloseAsync());
        Assert.Equal(-1029, CodeOf(() => engine.EnterRestore()));
    }

    // Not the upkeep, which may still be at work for what was done before.
    private static void Hold(ManualResetEventSlim isInside, ManualResetEventSlim mayGoOn)
    {
        if (Thread.CurrentThread.Name == "upkeep")
            return;
        isInside.Set();
        mayGoOn.Wait();
    }

    private static void Commit(LifeMoment moment)
    {
        using var transaction = moment.Session!.BeginTransaction();
        moment.Insert(1);
        LifeRig.Now(transaction.CommitAsync());
    }

    private static IEnumerable<(string Name, Action Run)> Calls(LifeMoment moment)
    {
        var engine = moment.Engine;
        yield return ("session", () => engine.CreateSession().Dispose());
        yield return ("clean up", () => engine.CleanUp());
        if (engine.State != EngineState.Running)
            yield return ("create", () => Finish(engine.CreateDatabaseAsync(LifeRig.Database + "2")));
        yield return ("attach", () => Finish(engine.AttachDatabaseAsync(LifeRig.Database)));
        if (engine.State is not (EngineState.StoppingService or EngineState.Running))
            yield return ("stop", engine.StopService);
        if (moment.Session is { } session)
        {
            yield return ("transaction", () => session.BeginTransaction().Dispose());
            yield return ("names", () => session.TableNames(moment.Database!));
        }
    }

    private static void Finish(ValueTask<EngineDatabase> task)
    {
        Assert.True(task.IsCompleted, "the call waits");
        task.GetAwaiter().GetResult();
    }

    private static int CodeOf(Action call, bool isTried = true)
    {
        try
        {
            if (isTried)
                call();
            return 0;
        }
        catch (EseException e)
        {
            return (int)e.Error;
        }
    }

    private static int BackupCode(EmbeddedEngine engine, BackupKind kind = BackupKind.Full) => BackupCodeOf(() =>
    {
        var task = engine.BeginBackupAsync(new() { Kind = kind });
        Assert.True(task.IsCompleted || engine.Options.HasBackgroundWork, "the call waits");
        task.AsTask().GetAwaiter().GetResult().DisposeAsync().AsTask().GetAwaiter().GetResult();
    });

    private static int BackupCodeOf(Action call)
    {
        try
        {
            call();
            return 0;
        }
        catch (SourceException e)
        {
            return e.Error!.Value.Number;
        }
    }
}
