using PipelineBackup.Engine.Tests.Tables;

namespace PipelineBackup.Engine.Tests.Life;

/// <summary>Engines that are known together.</summary>
public sealed class EngineHostTests
{
    private readonly EngineHost _host = new();
    private readonly LifeRig _rig = new();

    [Fact]
    public void Engines_have_names_and_numbers_of_their_own_until_they_are_closed()
    {
        var first = Create("aaa");
        var second = Create("bbb", "second");
        Assert.Equal((1, "aaa1", 2, "second"), (first.EngineId, first.InstanceName, second.EngineId, second.InstanceName));
        Assert.Equal([first, second], _host.Instances);
        Assert.Same(second, _host.Find("Second"));
        Assert.Same(first, _host.Find(1));
        LifeRig.Now(first.InitializeAsync());
        LifeRig.Now(first.CloseAsync());
        Assert.Equal([second], _host.Instances);
        Assert.Null(_host.Find(1));
        Assert.Null(_host.Find("aaa1"));
        var third = Create("aaa");
        Assert.Equal((3, "aaa3"), (third.EngineId, third.InstanceName));
    }

    [Fact]
    public void Names_logs_and_places_are_taken_once()
    {
        Create("aaa", "one");
        Assert.Equal(EseError.InstanceNameInUse, ErrorOf("bbb", "ONE"));
        Assert.Equal(EseError.LogFilePathInUse, ErrorOf("aaa", "two"));
        for (int i = 2; i <= EngineHost.MostInstances; i++)
            Create($"a{i:00}");
        Assert.Equal(EseError.TooManyInstances, ErrorOf("bbb"));
        Assert.Equal(16, _host.Instances.Count);
        LifeRig.Now(_host.Instances[3].CloseAsync());
        Create("bbb");
    }

    [Fact]
    public void An_engine_that_cannot_be_opened_belongs_to_no_host()
    {
        var options = _rig.Options with { Host = _host, LogDirectory = Path.Combine(LifeRig.Logs, "none") };
        Assert.Equal(EseError.InvalidPath, LifeRig.ErrorOf(() => EmbeddedEngine.OpenAsync(options)));
        Assert.Empty(_host.Instances);
        Assert.Equal(EseError.InvalidParameter, LifeRig.ErrorOf(() => EmbeddedEngine.OpenAsync(options with { InstanceName = "" })));
    }

    [Fact]
    public void Calls_that_name_no_engine_take_the_only_one()
    {
        Assert.Equal(EseError.NotInitialized, TableRig.ErrorOf(() => _host.RequireOnly()));
        var first = Create("aaa");
        Assert.Same(first, _host.RequireOnly());
        var second = Create("bbb");
        Assert.Equal(EseError.RunningInMultiInstanceMode, TableRig.ErrorOf(() => _host.RequireOnly()));
        LifeRig.Now(first.CloseAsync());
        Assert.Same(second, _host.RequireOnly());
    }

    [Fact]
    public void A_host_for_one_instance_takes_no_second()
    {
        _host.RequireSeveral();
        var single = new EngineHost(EngineHostMode.OneInstance);
        Assert.Equal(EseError.RunningInOneInstanceMode, TableRig.ErrorOf(single.RequireSeveral));
        var only = EmbeddedEngine.Create(_rig.Options with { Host = single });
        Assert.Equal(EseError.RunningInOneInstanceMode,
            TableRig.ErrorOf(() => EmbeddedEngine.Create(_rig.Options with { Host = single, BaseName = "bbb" })));
        LifeRig.Now(only.CloseAsync());
        Assert.Same(EmbeddedEngine.Create(_rig.Options with { Host = single, BaseName = "bbb" }), single.RequireOnly());
    }

    [Fact]
    public void An_engine_without_a_host_has_a_name_too()
    {
        var engine = _rig.Open();
        Assert.Equal((0, "edb"), (engine.EngineId, engine.InstanceName));
        LifeRig.Now(engine.CloseAsync());
    }

    [Fact]
    public void Engines_that_come_and_go_on_threads_never_share_a_number_or_a_place()
    {
        var ids = new System.Collections.Concurrent.ConcurrentBag<int>();
        Parallel.For(0, 400, i =>
        {
            try
            {
                var engine = Create($"{i % 100:000}");
                Assert.Contains(engine, _host.Instances);
                ids.Add(engine.EngineId);
                Assert.InRange(_host.Instances.Count, 1, EngineHost.MostInstances);
                LifeRig.Now(engine.CloseAsync());
            }
            catch (EseException e) when (e.Error is EseError.TooManyInstances or EseError.LogFilePathInUse)
            {
                // The others were there first.
            }
        });
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.Empty(_host.Instances);
    }

    private EmbeddedEngine Create(string baseName, string? name = null) =>
        EmbeddedEngine.Create(_rig.Options with { Host = _host, BaseName = baseName, InstanceName = name });

    private EseError ErrorOf(string baseName, string? name = null) => TableRig.ErrorOf(() => Create(baseName, name));
}
