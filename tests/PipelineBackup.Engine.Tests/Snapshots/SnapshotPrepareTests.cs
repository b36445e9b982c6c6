using PipelineBackup.Engine.Tests.Life;

namespace PipelineBackup.Engine.Tests.Snapshots;

/// <summary>What is documented of preparing a snapshot, sentence by sentence.</summary>
public sealed class SnapshotPrepareTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1003)]
    [InlineData(-2401)]
    public void Each_documented_code_is_reached_by_preparing(int code)
    {
        var rig = new SnapshotRig();
        SnapshotOptions?[] wrong = [null, (SnapshotOptions)16, (SnapshotOptions)0x81, (SnapshotOptions)(-1)];
        if (code == 0)
        {
            var session = rig.Host.PrepareSnapshot();
            Assert.Equal((SnapshotState.Prepared, session), (session.State, rig.Host.Snapshot));
        }
        else if (code == -1003)
        {
            Assert.All(wrong, each => Assert.Equal(
                (EseError)code, SnapshotRig.ErrorOf(() => rig.Host.PrepareSnapshot(each))));
        }
        else
        {
            using var _ = new Ended(rig.Host.PrepareSnapshot());
            Assert.Equal((EseError)code, SnapshotRig.ErrorOf(() => rig.Host.PrepareSnapshot()));
            Assert.Equal((EseError)code, SnapshotRig.ErrorOf(() => rig.Host.PrepareSnapshot(SnapshotOptions.Copy)));
        }

        rig.Close();
    }

    [Theory]
    [InlineData("none")]
    [InlineData("prepared")]
    [InlineData("frozen")]
    [InlineData("thawed")]
    public void A_failed_preparation_changes_nothing(string when)
    {
        var rig = new SnapshotRig(engines: 2);
        var session = when switch
        {
            "none" => null,
            "prepared" => rig.Host.PrepareSnapshot(),
            _ => rig.Freeze(),
        };
        if (when == "thawed")
            LifeRig.Now(session!.ThawAsync());
        SnapshotOptions?[] asked = session is null ? [null, (SnapshotOptions)64] : [null, (SnapshotOptions)64, 0];
        foreach (var options in asked)
        {
            var (bytes, seen) = (Bytes(rig), Seen(rig));
            Assert.Throws<EseException>(() => rig.Host.PrepareSnapshot(options));
            Assert.Equal(seen, Seen(rig));
            Assert.Equal(bytes, Bytes(rig));
        }

        if (session is not null)
            LifeRig.Now(session.EndAsync());
        Assert.Equal((session?.Id ?? 0) + 1, rig.Host.PrepareSnapshot().Id);
        rig.Close();
    }

    [Fact]
    public async Task A_host_without_a_running_engine_has_nothing_to_prepare()
    {
        var host = new EngineHost();
        Assert.Equal(EseError.NotInitialized, SnapshotRig.ErrorOf(() => host.PrepareSnapshot()));
        await using var created = EmbeddedEngine.Create(new LifeRig().Options with { Host = host });
        Assert.Equal(EseError.NotInitialized, SnapshotRig.ErrorOf(() => host.PrepareSnapshot()));
        Assert.Null(host.Snapshot);
        var later = host.PrepareSnapshot(SnapshotOptions.ExplicitPrepare);
        await created.InitializeAsync(TestContext.Current.CancellationToken);
        later.PrepareInstance(created);
        await later.FreezeAsync(TestContext.Current.CancellationToken);
        await later.ThawAsync();
        Assert.Equal(SnapshotState.Ended, later.State);
    }

    [Fact]
    public void The_number_of_a_session_names_it_until_it_is_over()
    {
        var rig = new SnapshotRig();
        var session = rig.Host.PrepareSnapshot();
        Assert.Same(session, rig.Host.RequireSnapshot(session.Id));
        Assert.Equal(EseError.OSSnapshotInvalidSnapId,
            SnapshotRig.ErrorOf(() => rig.Host.RequireSnapshot(session.Id + 1)));
        LifeRig.Now(rig.Host.RequireSnapshot(session.Id).FreezeAsync());
        LifeRig.Now(rig.Host.RequireSnapshot(session.Id).ThawAsync());
        Assert.Equal(EseError.OSSnapshotInvalidSnapId,
            SnapshotRig.ErrorOf(() => rig.Host.RequireSnapshot(session.Id)));
        Assert.True(rig.Host.PrepareSnapshot().Id > session.Id);
        rig.Close();
    }

    [Fact]
    public void The_engines_that_run_are_part_of_a_session()
    {
        var rig = new SnapshotRig(engines: 2);
        var idle = EmbeddedEngine.Create(rig.OptionsOf(9));
        var session = rig.Host.PrepareSnapshot();
        Assert.Equal(["edb1", "edb2"], session.FreezeInfo().Instances.Select(instance => instance.Name));
        var info = LifeRig.Now(session.FreezeAsync());
        Assert.Equal([rig.Engine.EngineId, rig.Engines[1].EngineId], info.Instances.Select(instance => instance.Id));
        Assert.All(rig.Engines, engine => Assert.True(engine.IsFrozen));
        Assert.False(idle.IsFrozen);
        LifeRig.Now(session.ThawAsync());
        rig.Close();
        LifeRig.Now(idle.DisposeAsync());
    }

    [Fact]
    public void An_engine_that_was_opened_behind_the_preparation_is_not_left_to_be_torn()
    {
        var rig = new SnapshotRig();
        var session = rig.Host.PrepareSnapshot();
        rig.Add();
        Assert.Equal(2, LifeRig.Now(session.FreezeAsync()).Instances.Count);
        LifeRig.Now(session.ThawAsync());
        rig.Close();
    }

    [Fact]
    public void Nothing_is_part_of_a_session_that_names_its_engines()
    {
        var rig = new SnapshotRig(engines: 3);
        var session = rig.Host.PrepareSnapshot(SnapshotOptions.ExplicitPrepare);
        Assert.Empty(session.FreezeInfo().Instances);
        Assert.Equal(EseError.OSSnapshotNotAllowed, SnapshotRig.ErrorOf(() => session.FreezeAsync()));
        session.PrepareInstance(rig.Engines[2]);
        session.PrepareInstance(rig.Engines[0]);
        session.PrepareInstance(rig.Engines[0]);
        LifeRig.Now(session.FreezeAsync());
        Assert.Equal([true, false, true], rig.Engines.ConvertAll(engine => engine.IsFrozen));
        LifeRig.Now(session.ThawAsync());
        Assert.Equal([true, false, true],
            rig.Engines.ConvertAll(engine => engine.Databases[0].Header.PreviousFull.IsSet));
        rig.Close();
    }

    [Fact]
    public void Naming_engines_takes_another_set_than_those_that_run()
    {
        var rig = new SnapshotRig(engines: 3);
        var session = rig.Host.PrepareSnapshot();
        session.PrepareInstance(rig.Engines[1]);
        Assert.Equal(["edb2"], LifeRig.Now(session.FreezeAsync()).Instances.Select(instance => instance.Name));
        Assert.Equal([false, true, false], rig.Engines.ConvertAll(engine => engine.IsFrozen));
        LifeRig.Now(session.ThawAsync());
        rig.Close();
    }

    [Fact]
    public void Engines_are_named_between_preparation_and_freeze_and_only_such_as_can_be_frozen()
    {
        var rig = new SnapshotRig(engines: 2);
        var stranger = new SnapshotRig();
        var session = rig.Host.PrepareSnapshot();
        Assert.Equal(EseError.InvalidParameter, SnapshotRig.ErrorOf(() => session.PrepareInstance(stranger.Engine)));
        var backup = LifeRig.Now(rig.Engine.BeginBackupAsync(new()));
        Assert.Equal(EseError.OSSnapshotNotAllowed, SnapshotRig.ErrorOf(() => session.PrepareInstance(rig.Engine)));
        LifeRig.Now(backup.DisposeAsync());

        // None of them was named so far.
        Assert.Equal(2, LifeRig.Now(session.FreezeAsync()).Instances.Count);
        Assert.Equal(EseError.OSSnapshotInvalidSequence,
            SnapshotRig.ErrorOf(() => session.PrepareInstance(rig.Engine)));
        LifeRig.Now(session.EndAsync());
        rig.Close();
        stranger.Close();
    }

    [Fact]
    public void The_freeze_comes_at_any_time_behind_the_preparation()
    {
        var rig = new SnapshotRig();
        var session = rig.Host.PrepareSnapshot();
        rig.Rows[0].Steps(200);
        rig.Time.Pass(TimeSpan.FromDays(3));
        rig.Rows[0].Steps(200);
        var committed = new SortedDictionary<int, string>(rig.Rows[0].Committed);
        LifeRig.Now(session.FreezeAsync());
        var image = rig.Disk.Copy();
        LifeRig.Now(session.ThawAsync());
        Assert.Equal(committed, SnapshotRig.Recover(image));
        rig.Close();
    }

    [Theory]
    [InlineData(SnapshotOptions.None, 2005)]
    [InlineData(SnapshotOptions.Incremental, 2008)]
    [InlineData(SnapshotOptions.Copy, 2009)]
    [InlineData(SnapshotOptions.Copy | SnapshotOptions.Incremental, 2010)]
    public void Each_step_makes_its_event(SnapshotOptions options, int prepared)
    {
        var rig = new SnapshotRig();
        rig.Take();
        int heard = rig.Events.Count;
        rig.Take(options, truncates: !options.HasFlag(SnapshotOptions.Copy));
        int[] truncated = options.HasFlag(SnapshotOptions.Copy) ? [] : [EngineEvent.NoLogsDeleted];
        Assert.Equal([prepared, 2001, 2003, .. truncated, 2006], rig.EventsFrom(heard));

        heard = rig.Events.Count;
        var session = rig.Freeze();
        LifeRig.Now(session.AbortAsync());
        session = rig.Freeze();
        rig.Time.Pass(TimeSpan.FromSeconds(70));
        LifeRig.Now(session.AbortAsync());
        var backup = LifeRig.Now(rig.Engine.BeginBackupAsync(new()));
        session = rig.Host.PrepareSnapshot();
        Assert.Throws<EseException>(() => LifeRig.Now(session.FreezeAsync()));
        LifeRig.Now(backup.DisposeAsync());
        LifeRig.Now(session.AbortAsync());
        Assert.Equal([2005, 2001, 2007, 2005, 2001, 2004, 2007, 210, 2005, 2002, 215, 2007], rig.EventsFrom(heard));
        rig.Close();
    }

    private static object Seen(SnapshotRig rig) => (rig.Disk.Steps, rig.Events.Count, rig.Host.Snapshot,
        rig.Host.Snapshot?.State, string.Join(' ', rig.Engines.Select(each => (each.LogEnd, each.IsFrozen, each.State))));

    private static List<byte[]> Bytes(SnapshotRig rig) => [.. rig.Disk.Files.Select(rig.Disk.ReadAll)];

    private sealed class Ended(SnapshotSession session) : IDisposable
    {
        public void Dispose() => LifeRig.Now(session.EndAsync());
    }
}
