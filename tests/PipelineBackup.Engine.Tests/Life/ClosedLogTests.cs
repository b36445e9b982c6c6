namespace PipelineBackup.Engine.Tests.Life;

/// <summary>A log that is closed while commits wait for it lets nobody wait for ever.</summary>
public sealed class ClosedLogTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_waits_for_a_flush_is_served_or_told(bool isBroken)
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        using ManualResetEventSlim isInside = new(), mayGoOn = new();
        bool fails = false;
        rig.Disk.Watch = step =>
        {
            if (step.Kind != Ese.Tests.Simulation.DiskStepKind.Flush || Path.GetFileName(step.Path) != "edb.log")
                return;
            isInside.Set();
            mayGoOn.Wait();
            if (fails)
                throw new IOException("a flush was refused");
        };

        // The second time the thread is there that flushes for others, and ends when it is told that all is over.
        for (int round = 0; round < 2; round++)
        {
            isInside.Reset();
            mayGoOn.Reset();
            var first = Task.Factory.StartNew(() => Flush(engine), TestContext.Current.CancellationToken,
                TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
            isInside.Wait(TestContext.Current.CancellationToken);
            var second = Flush(engine);
            Assert.False(second.IsCompleted);
            var closing = Task.CompletedTask;
            if (round == 1)
            {
                closing = Task.Run(engine.Log.Dispose, TestContext.Current.CancellationToken);
                await Task.WhenAny(closing, Task.Delay(100, TestContext.Current.CancellationToken));
                fails = isBroken;
            }

            mayGoOn.Set();
            await Task.WhenAll(Settle(first), Settle(second), closing).WaitAsync(s_long, TestContext.Current.CancellationToken);
            Assert.Equal(fails, second.IsFaulted);
            if (fails)
                Assert.IsType<EseException>(second.Exception!.InnerException);
        }

        rig.Disk.Watch = null;
        await Task.WhenAll(Settle(Flush(engine)), Settle(Flush(engine))).WaitAsync(s_long, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_record_whose_change_could_not_be_made_never_becomes_durable()
    {
        var log = new LifeRig().Open().Log;
        var before = log.DurableRecord;
        var records = new LogRecordWriter();
        records.Filler(100);
        log.Enter();
        log.Append(records.Written);

        // Somebody else commits meanwhile.
        Exception? told = null;
        var other = new Thread(() => told = Record.Exception(log.Flush)) { IsBackground = true };
        other.Start();
        Assert.False(other.Join(100));
        log.Fail(new InvalidOperationException("a page is other than it should be"));
        log.Exit();
        Assert.True(other.Join(s_long));
        Assert.IsType<EseException>(told);
        Assert.Equal(before, log.DurableRecord);
    }

    [Fact]
    public void A_record_of_a_flush_that_failed_in_any_way_is_not_taken_for_durable()
    {
        var rig = new LifeRig();
        var log = rig.Open().Log;
        var records = new LogRecordWriter();
        records.Filler(100);
        LogPosition[] both = [log.Append(records.Written), log.Append(records.Written)];
        rig.Disk.Watch = _ => throw new InvalidOperationException("no failure of a disk");
        Assert.Throws<InvalidOperationException>(() => LifeRig.Now(log.FlushAsync(both[0], CancellationToken.None)));
        rig.Disk.Watch = null;
        Assert.Throws<EseException>(() => LifeRig.Now(log.FlushAsync(both[1], CancellationToken.None)));
        Assert.NotNull(log.Failure);
    }

    private static Task Flush(EmbeddedEngine engine)
    {
        try
        {
            LogPosition position;
            lock (engine.Latch)
            {
                var records = new LogRecordWriter();
                records.Filler(100);
                position = engine.Log.Append(records.Written);
            }

            return engine.Log.FlushAsync(position, CancellationToken.None).AsTask();
        }
        catch (EseException failure)
        {
            return Task.FromException(failure);
        }
    }

    private static Task Settle(Task task) => task.ContinueWith(static _ => { }, TaskScheduler.Default);
}
