using PipelineBackup.Engine.Tests.Life;

namespace PipelineBackup.Engine.Tests.Snapshots;

/// <summary>Which call of a snapshot session follows which, and what one out of order is refused with.</summary>
public sealed class SnapshotSequenceTests
{
    private const string All = "instance freeze info thaw truncate truncate-instance end abort";

    [Theory]
    [InlineData("prepared", "instance freeze info end abort")]
    [InlineData("frozen", "info thaw end abort")]
    [InlineData("timed out", "info abort")]
    [InlineData("thawed", "info truncate truncate-instance end abort")]
    [InlineData("truncated", "info truncate truncate-instance end abort")]
    [InlineData("ended", "")]
    [InlineData("aborted", "")]
    public void A_call_out_of_order_is_refused_and_changes_nothing(string state, string allowed)
    {
        foreach (string call in All.Split(' '))
        {
            var rig = new SnapshotRig();
            var session = In(rig, state);
            var before = session.State;
            var error = Try(() => Call(rig, session, call));
            if (allowed.Split(' ').Contains(call))
                Assert.Equal((call, EseError.Success), (call, error));
            else
                Assert.Equal((call, state == "timed out" && call == "thaw"
                    ? EseError.OSSnapshotTimeOut : EseError.OSSnapshotInvalidSequence, before), (call, error, session.State));
            LifeRig.Now(session.DisposeAsync());
            Assert.True(session.State is SnapshotState.Ended or SnapshotState.Aborted);
            Assert.Null(rig.Host.Snapshot);
            rig.Close();
        }
    }

    [Theory]
    [InlineData("prepared")]
    [InlineData("frozen")]
    [InlineData("timed out")]
    [InlineData("thawed")]
    [InlineData("truncated")]
    public void It_can_be_given_up_at_any_time_behind_the_preparation(string state)
    {
        var rig = new SnapshotRig(engines: 2);
        var session = In(rig, state);
        LifeRig.Now(session.AbortAsync());
        Assert.Equal((SnapshotState.Aborted, false), (session.State, rig.Engine.IsFrozen));
        Assert.Contains(rig.Events, each => each.Id == EngineEvent.SnapshotAborted);
        Assert.DoesNotContain(rig.Events, each => each.Id == EngineEvent.SnapshotComplete);
        Assert.All(rig.Engines, engine => Assert.False(engine.Databases[0].Header.PreviousFull.IsSet));
        Assert.Equal(SnapshotState.Prepared, rig.Host.PrepareSnapshot().State);
        LifeRig.Now(rig.Host.Snapshot!.EndAsync());

        // Nothing is left of it: a backup goes, databases come.
        LifeRig.Now(LifeRig.Now(rig.Engine.BeginBackupAsync(new())).DisposeAsync());
        LifeRig.Now(rig.Engine.CreateDatabaseAsync(Path.Combine(LifeRig.Data, "z.edb")));
        rig.Close();
    }

    [Theory]
    [InlineData(SnapshotOptions.None, SnapshotState.Ended)]
    [InlineData(SnapshotOptions.ContinueAfterThaw, SnapshotState.Thawed)]
    public void The_session_lasts_beyond_the_thaw_only_when_that_is_wanted(SnapshotOptions options, SnapshotState state)
    {
        var rig = new SnapshotRig();
        var session = rig.Freeze(options);
        Assert.True(rig.Engine.IsFrozen);
        LifeRig.Now(session.ThawAsync());
        Assert.Equal((state, false), (session.State, rig.Engine.IsFrozen));

        // Writing goes on.
        int steps = rig.Disk.Steps;
        rig.Rows[0].Steps(200);
        Assert.True(rig.Disk.Steps > steps);
        Assert.Equal(state == SnapshotState.Ended, rig.Database.Header.PreviousFull.IsSet);
        if (state == SnapshotState.Thawed)
        {
            Assert.Equal(EseError.OSSnapshotInvalidSequence, SnapshotRig.ErrorOf(() => rig.Host.PrepareSnapshot()));
            LifeRig.Now(session.TruncateLogAsync(SnapshotTruncation.AllDatabases));
            LifeRig.Now(session.EndAsync());
        }
        else
        {
            Assert.Equal(EseError.OSSnapshotInvalidSequence, SnapshotRig.ErrorOf(
                () => session.TruncateLogAsync(SnapshotTruncation.AllDatabases)));
        }

        Assert.True(rig.Database.Header.PreviousFull.IsSet);
        rig.Close();
    }

    [Theory]
    [InlineData(SnapshotOptions.None)]
    [InlineData(SnapshotOptions.ContinueAfterThaw)]
    public void A_freeze_that_takes_too_long_ends_by_itself(SnapshotOptions options)
    {
        var rig = new SnapshotRig(engines: 2, with: options => options with
        {
            SnapshotTimeout = TimeSpan.FromSeconds(options.LogDirectory == LifeRig.Logs ? 70 : 90),
        });
        var session = rig.Host.PrepareSnapshot(options);
        var info = LifeRig.Now(session.FreezeAsync());
        Assert.Equal((TimeSpan.FromSeconds(70), rig.Time.GetUtcNow().AddSeconds(70)), (info.Limit, info.ThawsAt));
        rig.Time.Pass(TimeSpan.FromSeconds(69));
        Assert.Equal(SnapshotState.Frozen, session.State);
        rig.Time.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal((SnapshotState.TimedOut, null), (session.State, session.FreezeInfo().ThawsAt));
        Assert.Equal(2, rig.Events.Count(each => each.Id == EngineEvent.SnapshotTimedOut));
        Assert.All(rig.Engines, engine => Assert.False(engine.IsFrozen));
        rig.Rows[0].Steps(100);

        // It is in nobody's way.
        LifeRig.Now(rig.Host.PrepareSnapshot().AbortAsync());
        Assert.Equal(EseError.OSSnapshotTimeOut, SnapshotRig.ErrorOf(session.ThawAsync));
        if (options == SnapshotOptions.None)
            Assert.Equal(SnapshotState.Aborted, session.State);
        else
            LifeRig.Now(rig.Host.RequireSnapshot(session.Id).AbortAsync());
        Assert.All(rig.Engines, engine => Assert.False(engine.Databases[0].Header.PreviousFull.IsSet));
        rig.Close();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Ending_one_that_took_too_long_thaws_no_later_one(bool isDisposed)
    {
        var rig = new SnapshotRig();
        var late = rig.Freeze();
        rig.Time.Pass(rig.Engine.Options.SnapshotTimeout);
        Assert.Equal(SnapshotState.TimedOut, late.State);
        var next = rig.Freeze();
        int steps = rig.Disk.Steps;
        LifeRig.Now(isDisposed ? late.DisposeAsync() : late.AbortAsync());
        Assert.True(rig.Engine.IsFrozen);
        rig.Rows[0].IsLazy = true;
        rig.Rows[0].Steps(20);
        Assert.Equal(steps, rig.Disk.Steps);
        LifeRig.Now(next.ThawAsync());
        LifeRig.Now(next.EndAsync());
        Assert.True(rig.Database.Header.PreviousFull.IsSet);
        rig.Close();
    }

    [Fact]
    public void Who_listens_and_fails_leaves_nothing_frozen_or_held()
    {
        int[] events = [EngineEvent.SnapshotFreezeBegins, EngineEvent.SnapshotFreezeEnds, EngineEvent.SnapshotComplete,
            EngineEvent.SnapshotAborted, EngineEvent.SnapshotTimedOut, EngineEvent.FullSnapshotPrepared];
        foreach (int id in events)
        {
            var rig = new SnapshotRig(with: options => options with { Events = new Failing(id) });
            var session = rig.Freeze();
            if (id == EngineEvent.SnapshotTimedOut)
                rig.Time.Pass(rig.Engine.Options.SnapshotTimeout);
            else if (id != EngineEvent.SnapshotAborted)
                LifeRig.Now(session.EndAsync());
            LifeRig.Now(session.DisposeAsync());
            Assert.False(rig.Engine.IsFrozen);
            Assert.Null(rig.Host.Snapshot);
            rig.Close();
        }
    }

    [Fact]
    public void Time_that_passes_behind_the_thaw_does_not_count()
    {
        var rig = new SnapshotRig();
        var session = rig.Freeze();
        LifeRig.Now(session.ThawAsync());
        rig.Time.Pass(TimeSpan.FromHours(2));
        Assert.Equal(SnapshotState.Thawed, session.State);
        LifeRig.Now(session.EndAsync());
        rig.Close();
    }

    [Theory]
    [InlineData("closed")]
    [InlineData("logs nothing")]
    [InlineData("stopped")]
    [InlineData("failed")]
    [InlineData("backup")]
    public void An_engine_that_cannot_be_frozen_leaves_all_others_as_they_were(string why)
    {
        var rig = new SnapshotRig(engines: 2);
        var session = rig.Host.PrepareSnapshot(SnapshotOptions.ExplicitPrepare | SnapshotOptions.ContinueAfterThaw);
        rig.Engines.ForEach(session.PrepareInstance);
        var other = rig.Engines[1];
        IBackupSession? backup = null;
        switch (why)
        {
            case "closed":
                rig.Rows[1].Close();
                LifeRig.Now(other.CloseAsync());
                break;
            case "stopped":
                other.StopService();
                break;
            case "failed":
                other.Log.Fail(new IOException("a disk"));
                break;
            case "backup":
                backup = LifeRig.Now(other.BeginBackupAsync(new()));
                break;
            default:
                rig.Disk.AddDirectory(SnapshotRig.LogsOf(7));
                var unlogged = LifeRig.Open(rig.OptionsOf(7) with { LoggingDisabled = true });
                Assert.Equal(EseError.OSSnapshotNotAllowed, SnapshotRig.ErrorOf(() => session.PrepareInstance(unlogged)));
                LifeRig.Now(session.AbortAsync());
                session = rig.Host.PrepareSnapshot();
                break;
        }

        Assert.Equal(EseError.OSSnapshotNotAllowed, SnapshotRig.ErrorOf(() => session.FreezeAsync()));
        Assert.Equal((SnapshotState.Prepared, false), (session.State, rig.Engine.IsFrozen));
        LifeRig.Now(rig.Engine.CreateDatabaseAsync(Path.Combine(LifeRig.Data, "y.edb")));
        if (backup is not null)
        {
            LifeRig.Now(backup.DisposeAsync());
            LifeRig.Now(session.FreezeAsync());
        }

        LifeRig.Now(session.AbortAsync());
        rig.Rows[0].Steps(100);
        rig.Rows[0].Close();
        LifeRig.Now(rig.Engine.CloseAsync());
        rig.Rig.RequireSound(LifeRig.Database, why);
    }

    [Fact]
    public void Backups_and_snapshots_keep_each_other_out()
    {
        var rig = new SnapshotRig();
        var session = rig.Host.PrepareSnapshot(SnapshotOptions.ContinueAfterThaw);

        // Before the freeze nothing is held.
        LifeRig.Now(LifeRig.Now(rig.Engine.BeginBackupAsync(new())).DisposeAsync());
        LifeRig.Now(session.FreezeAsync());
        Assert.Equal(-505, BackupCode(rig.Engine));
        LifeRig.Now(session.ThawAsync());
        Assert.Equal(-505, BackupCode(rig.Engine));
        Assert.Equal(EseError.BackupInProgress, SnapshotRig.ErrorOf(
            () => rig.Engine.AttachDatabaseAsync(LifeRig.Database)));
        LifeRig.Now(session.EndAsync());
        Assert.Equal(0, BackupCode(rig.Engine));
        rig.Close();
    }

    [Fact]
    public void A_session_that_is_frozen_and_ended_is_thawed_before()
    {
        var rig = new SnapshotRig();
        var session = rig.Freeze();
        LifeRig.Now(session.EndAsync());
        Assert.Equal((SnapshotState.Ended, false), (session.State, rig.Engine.IsFrozen));
        Assert.True(rig.Database.Header.PreviousFull.IsSet);
        session = rig.Host.PrepareSnapshot();
        LifeRig.Now(session.EndAsync());
        Assert.Equal(SnapshotState.Ended, session.State);
        rig.Close();
    }

    private static int BackupCode(EmbeddedEngine engine)
    {
        try
        {
            LifeRig.Now(LifeRig.Now(engine.BeginBackupAsync(new())).DisposeAsync());
            return 0;
        }
        catch (SourceException e)
        {
            return e.Error!.Value.Number;
        }
    }

    private static SnapshotSession In(SnapshotRig rig, string state)
    {
        var session = rig.Host.PrepareSnapshot(SnapshotOptions.ContinueAfterThaw);
        if (state == "prepared")
            return session;
        LifeRig.Now(session.FreezeAsync());
        if (state == "timed out")
            rig.Time.Pass(TimeSpan.FromSeconds(70));
        else if (state == "aborted")
            LifeRig.Now(session.AbortAsync());
        else if (state != "frozen")
            LifeRig.Now(session.ThawAsync());
        if (state == "truncated")
            LifeRig.Now(session.TruncateLogAsync(SnapshotTruncation.None));
        if (state == "ended")
            LifeRig.Now(session.EndAsync());
        return session;
    }

    private static void Call(SnapshotRig rig, SnapshotSession session, string call)
    {
        switch (call)
        {
            case "instance":
                session.PrepareInstance(rig.Engine);
                break;
            case "freeze":
                LifeRig.Now(session.FreezeAsync());
                break;
            case "info":
                Assert.Single(session.FreezeInfo().Instances);
                break;
            case "thaw":
                LifeRig.Now(session.ThawAsync());
                break;
            case "truncate":
                LifeRig.Now(session.TruncateLogAsync(SnapshotTruncation.AllDatabases));
                break;
            case "truncate-instance":
                LifeRig.Now(session.TruncateLogInstanceAsync(rig.Engine, SnapshotTruncation.AllDatabases));
                break;
            case "end":
                LifeRig.Now(session.EndAsync());
                break;
            default:
                LifeRig.Now(session.AbortAsync());
                break;
        }
    }

    private static EseError Try(Action call)
    {
        try
        {
            call();
            return EseError.Success;
        }
        catch (EseException e)
        {
            return e.Error;
        }
    }

    // Fails when it is told of one thing.
    private sealed class Failing(int id) : IProgress<EngineEvent>
    {
        public void Report(EngineEvent value)
        {
            if (value.Id == id)
                throw new InvalidOperationException("who listens failed");
        }
    }
}
