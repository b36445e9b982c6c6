using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Engine.Tests.Tables;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Snapshots;

/// <summary>An engine that is frozen goes on in memory, and what needs the disk waits until it is thawed.</summary>
public sealed class FrozenEngineTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Durable_commits_wait_for_the_thaw_and_lazy_ones_do_not(bool isInBackground)
    {
        var rig = new SnapshotRig(with: options => options with { HasBackgroundWork = isInBackground });
        await using var session = rig.Engine.CreateSession();
        session.CreateTable(rig.Database, TableRig.Things);
        var snapshot = rig.Host.PrepareSnapshot();
        await snapshot.FreezeAsync(TestContext.Current.CancellationToken);
        int steps = rig.Disk.Steps;
        var table = session.OpenTable(rig.Database, "things");
        var commits = new List<Task>();
        for (int id = 0; id < 3; id++)
        {
            using var transaction = session.BeginTransaction();
            table.Insert(table.NewRow().Set("id", id));
            commits.Add(transaction.CommitAsync(id == 0 ? CommitMode.Lazy : CommitMode.Durable).AsTask());
        }

        using var impatient = new CancellationTokenSource();
        using var last = session.BeginTransaction();
        table.Insert(table.NewRow().Set("id", 3));
        var given = last.CommitAsync(CommitMode.Durable, impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.Equal([true, false, false], commits.Select(commit => commit.IsCompleted));
        Assert.Equal([0, 1, 2, 3], TableRig.Ids(table));
        Assert.Equal(steps, rig.Disk.Steps);
        await snapshot.ThawAsync();
        await Task.WhenAll(commits).WaitAsync(s_long, TestContext.Current.CancellationToken);
        rig.Disk.Crash(CrashKind.AllLost, new(1));
        var reopened = LifeRig.Open(rig.Rig.Options);
        var database = LifeRig.Now(reopened.AttachDatabaseAsync(LifeRig.Database));
        using var reader = reopened.CreateSession();
        Assert.Equal([0, 1, 2, 3], TableRig.Ids(reader.OpenTable(database, "things")));
    }

    [Fact]
    public async Task Commits_before_the_freeze_do_not_wait_for_the_thaw()
    {
        var rig = new SnapshotRig(with: options => options with { HasBackgroundWork = true });
        await using var session = rig.Engine.CreateSession();
        session.CreateTable(rig.Database, TableRig.Things);
        var table = session.OpenTable(rig.Database, "things");

        // The disk holds the flush up that the commit waits for; the freeze waits for that.
        using ManualResetEventSlim isInside = new(), mayGoOn = new();
        rig.Disk.Watch = step =>
        {
            if (step.Kind != DiskStepKind.Flush || Path.GetFileName(step.Path) != "edb.log")
                return;
            isInside.Set();
            mayGoOn.Wait();
        };
        Task Commit(int id)
        {
            using var transaction = session.BeginTransaction();
            table.Insert(table.NewRow().Set("id", id));
            return transaction.CommitAsync().AsTask();
        }

        var first = Task.Factory.StartNew(() => Commit(1), CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap();
        isInside.Wait(TestContext.Current.CancellationToken);
        var snapshot = rig.Host.PrepareSnapshot();
        var freeze = snapshot.FreezeAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(freeze.IsCompleted);
        rig.Disk.Watch = null;
        mayGoOn.Set();
        await freeze.WaitAsync(s_long, TestContext.Current.CancellationToken);
        await first.WaitAsync(s_long, TestContext.Current.CancellationToken);
        Assert.True(rig.Engine.IsFrozen);
        var second = Commit(2);
        Assert.False(second.IsCompleted);
        await snapshot.ThawAsync();
        await second.WaitAsync(s_long, TestContext.Current.CancellationToken);
        await session.DisposeAsync();
        await rig.Engine.DisposeAsync();
    }

    [Fact]
    public async Task Databases_come_and_go_behind_the_thaw()
    {
        var rig = new SnapshotRig();
        var snapshot = rig.Freeze(SnapshotOptions.None);
        using var impatient = new CancellationTokenSource();
        var given = rig.Engine.AttachDatabaseAsync(LifeRig.Database, impatient.Token).AsTask();
        var made = rig.Engine.CreateDatabaseAsync(
            Path.Combine(LifeRig.Data, "z.edb"), null, TestContext.Current.CancellationToken).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.False(made.IsCompleted);
        Assert.False(rig.Disk.FileExists(Path.Combine(LifeRig.Data, "z.edb")));
        await snapshot.ThawAsync();
        await made.WaitAsync(s_long, TestContext.Current.CancellationToken);
        rig.Close();
    }

    [Fact]
    public async Task A_freeze_that_nobody_wants_to_wait_for_leaves_nothing_frozen()
    {
        var rig = new SnapshotRig(engines: 3);

        // Somebody attaches a database to the second one, and takes his time.
        await rig.Engines[1].HoldLifeAsync(TestContext.Current.CancellationToken);
        var snapshot = rig.Host.PrepareSnapshot();
        using var impatient = new CancellationTokenSource();
        var freeze = snapshot.FreezeAsync(impatient.Token).AsTask();
        Assert.False(freeze.IsCompleted);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => freeze);
        Assert.Equal(SnapshotState.Prepared, snapshot.State);
        Assert.All(rig.Engines, engine => Assert.False(engine.IsFrozen));
        LifeRig.Now(rig.Engine.CreateDatabaseAsync(Path.Combine(LifeRig.Data, "z.edb")));
        LifeRig.Now(LifeRig.Now(rig.Engines[2].BeginBackupAsync(new())).DisposeAsync());
        rig.Engines[1].ReleaseLife();
        LifeRig.Now(snapshot.FreezeAsync());
        Assert.All(rig.Engines, engine => Assert.True(engine.IsFrozen));
        await snapshot.ThawAsync();
        rig.Close();
    }

    [Theory]
    [InlineData(SnapshotOptions.None)]
    [InlineData(SnapshotOptions.ContinueAfterThaw)]
    public async Task An_engine_is_closed_behind_the_thaw(SnapshotOptions options)
    {
        var rig = new SnapshotRig(engines: 2);
        rig.Rows.ForEach(rows => rows.Close());
        var snapshot = rig.Freeze(options);
        int steps = rig.Disk.Steps;
        var closing = rig.Engine.CloseAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.Equal((EngineState.Terminating, false), (rig.Engine.State, closing.IsCompleted));
        Assert.Equal(steps, rig.Disk.Steps);
        var image = rig.Disk.Copy();
        await snapshot.ThawAsync();
        await closing.WaitAsync(s_long, TestContext.Current.CancellationToken);
        if (options == SnapshotOptions.ContinueAfterThaw)
        {
            // It left; the other one has its mark.
            Assert.Equal(EseError.BackupAbortByServer, SnapshotRig.ErrorOf(snapshot.EndAsync));
            Assert.Equal(SnapshotState.Aborted, snapshot.State);
        }

        Assert.True(rig.Engines[1].Databases[0].Header.PreviousFull.IsSet);
        rig.Rig.RequireSound(LifeRig.Database, "closed");
        Assert.Equal(options == SnapshotOptions.None,
            rig.Rig.Read(LifeRig.Database, database => database.Header.PreviousFull.IsSet));
        Assert.Equal(rig.Rows[0].Committed, SnapshotRig.Recover(image));
    }

    [Fact]
    public async Task Activity_ceases_behind_the_thaw_and_nothing_is_lost()
    {
        var rig = new SnapshotRig(with: options => options with { HasBackgroundWork = true });
        await using var session = rig.Engine.CreateSession();
        session.CreateTable(rig.Database, TableRig.Things);
        var snapshot = rig.Host.PrepareSnapshot(SnapshotOptions.ContinueAfterThaw);
        await snapshot.FreezeAsync(TestContext.Current.CancellationToken);
        using (var transaction = session.BeginTransaction())
        {
            var table = session.OpenTable(rig.Database, "things");
            table.Insert(table.NewRow().Set("id", 7));
            await transaction.CommitAsync(CommitMode.Lazy, TestContext.Current.CancellationToken);
        }

        int steps = rig.Disk.Steps;
        var stopping = Task.Run(rig.Engine.StopService);
        SpinWait.SpinUntil(() => rig.Engine.State == EngineState.StoppingService);
        Assert.False(stopping.IsCompleted);
        Assert.Equal(steps, rig.Disk.Steps);
        await snapshot.ThawAsync();
        await stopping.WaitAsync(s_long, TestContext.Current.CancellationToken);
        Assert.Equal(EseError.ClientRequestToStopJetService, Assert.Throws<EseException>(
            () => snapshot.EndAsync().AsTask().GetAwaiter().GetResult()).Error);
        rig.Disk.Crash(CrashKind.AllLost, new(1));
        var reopened = LifeRig.Open(rig.Rig.Options);
        var database = LifeRig.Now(reopened.AttachDatabaseAsync(LifeRig.Database));
        using var reader = reopened.CreateSession();
        Assert.Equal([7], TableRig.Ids(reader.OpenTable(database, "things")));
    }

    [Fact]
    public void An_engine_that_fails_while_frozen_thaws_the_others()
    {
        var rig = new SnapshotRig(engines: 3);
        var snapshot = rig.Freeze();
        rig.Engines[1].Log.Fail(new IOException("a disk"));
        Assert.Equal(EngineState.Unavailable, rig.Engines[1].State);
        LifeRig.Now(snapshot.ThawAsync());
        Assert.Equal(EseError.InstanceUnavailable, SnapshotRig.ErrorOf(snapshot.EndAsync));
        Assert.Equal(SnapshotState.Aborted, snapshot.State);
        Assert.All(rig.Engines, engine => Assert.False(engine.IsFrozen));
        Assert.Equal([true, true], new[] { 0, 2 }.Select(i => rig.Engines[i].Databases[0].Header.PreviousFull.IsSet));
        LifeRig.Now(rig.Engines[1].DisposeAsync());
        rig.Engines.RemoveAt(1);
        rig.Rows.RemoveAt(1);
        rig.Rows.ForEach(rows => rows.Steps(100));
        rig.Rows.ForEach(rows => rows.Close());
        rig.Engines.ForEach(engine => LifeRig.Now(engine.CloseAsync()));
    }

    [Fact]
    public void A_log_that_cannot_go_on_is_told_by_the_thaw()
    {
        var rig = new SnapshotRig(engines: 2);
        var snapshot = rig.Freeze();
        rig.Disk.Watch = step =>
        {
            if (step.Kind == DiskStepKind.Rename && step.Path.StartsWith(SnapshotRig.LogsOf(0) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                throw new IOException("a name was refused");
        };
        Assert.Equal(EseError.LogWriteFail, SnapshotRig.ErrorOf(snapshot.ThawAsync));
        Assert.Equal((SnapshotState.Aborted, EngineState.Unavailable), (snapshot.State, rig.Engine.State));
        Assert.Contains(rig.Events, each => each.Id == EngineEvent.SnapshotFreezeFailed);
        Assert.False(rig.Engines[1].IsFrozen);
        rig.Rows[1].Steps(100);
        rig.Disk.Watch = null;
        var committed = rig.Rows[0].Committed;
        rig.Disk.Crash(CrashKind.AllLost, new(1));
        Assert.Equal(committed, SnapshotRig.Recover(rig.Disk));
    }

    [Fact]
    public async Task Who_changes_more_than_memory_takes_waits_and_who_reads_does_not()
    {
        var rig = new SnapshotRig(with: options => options with { HasBackgroundWork = true });
        await using var reader = rig.Engine.CreateSession();
        reader.CreateTable(rig.Database, TableRig.Things);
        var snapshot = rig.Host.PrepareSnapshot();
        await snapshot.FreezeAsync(TestContext.Current.CancellationToken);
        int steps = rig.Disk.Steps;
        const int Rows = 1000;
        var writer = new Thread(() =>
        {
            using var session = rig.Engine.CreateSession();
            var table = session.OpenTable(rig.Database, "things");
            using var transaction = session.BeginTransaction();
            byte[] note = new byte[3000];
            for (int id = 0; id < Rows; id++)
                table.Insert(table.NewRow().Set("id", id).Set("note", note));
            transaction.CommitAsync(CommitMode.Lazy).AsTask().GetAwaiter().GetResult();
        });
        writer.Start();
        long memory = rig.Engine.Options.CacheBytes;
        SpinWait.SpinUntil(() => writer.ThreadState.HasFlag(ThreadState.WaitSleepJoin)
            && (rig.Engine.Log.PendingBytes > memory || rig.Database.Cache.IsOverfull));
        Assert.True(rig.Engine.Log.PendingBytes < 2 * memory, $"{rig.Engine.Log.PendingBytes} bytes wait");
        for (int i = 0; i < 10; i++)
            Assert.Empty(TableRig.Ids(reader.OpenTable(rig.Database, "things")));
        Assert.Equal(steps, rig.Disk.Steps);
        Assert.True(writer.IsAlive);
        await snapshot.ThawAsync();
        Assert.True(writer.Join(s_long));
        Assert.Equal(Rows, TableRig.Ids(reader.OpenTable(rig.Database, "things")).Length);
        await reader.DisposeAsync();
        rig.Rows[0].Close();
        await rig.Engine.CloseAsync(TestContext.Current.CancellationToken);
        rig.Rig.RequireSoundDatabase(LifeRig.Database, "thawed", mayLeak: true);
    }

    [Fact]
    public void The_header_knows_of_no_growth_that_the_file_has_not()
    {
        var rig = new SnapshotRig(with: options => options with { CacheBytes = 8 << 20 });
        rig.Rows[0].Close();
        rig.Engine.WriteBackAll();
        var snapshot = rig.Freeze();
        long length = rig.Disk.ReadAll(LifeRig.Database).Length;
        using (var session = rig.Engine.CreateSession())
        {
            var table = session.OpenTable(rig.Database, "rows");
            using var transaction = session.BeginTransaction();
            for (int id = 1_000_000; id < 1_000_400; id++)
                table.Insert(table.NewRow().Set("id", id).Set("text", new string('n', 1000)));
            LifeRig.Now(transaction.CommitAsync(CommitMode.Lazy));
        }

        Assert.Equal(length, rig.Disk.ReadAll(LifeRig.Database).Length);
        var resized = rig.Database.Header.LastResize;
        int grown = 0;
        rig.Disk.Watch = _ =>
        {
            byte[] file = rig.Disk.ReadAll(LifeRig.Database);
            bool knows = new DatabaseHeader(file.AsMemory(0, 4096)).LastResize > resized;
            grown += knows ? 1 : 0;
            Assert.False(knows && file.Length == length, "the header knows of pages that the file has not");
        };
        LifeRig.Now(snapshot.ThawAsync());
        LifeRig.Now(snapshot.EndAsync());
        rig.Engine.WriteBackAll();
        Assert.True(grown > 0);
        rig.Disk.Watch = null;
        LifeRig.Now(rig.Engine.CloseAsync());
        rig.Rig.RequireSound(LifeRig.Database, "grown", mayLeak: true);
    }
}
