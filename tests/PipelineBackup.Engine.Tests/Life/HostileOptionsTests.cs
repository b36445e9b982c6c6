namespace PipelineBackup.Engine.Tests.Life;

/// <summary>Options that make no sense are refused before anything is done, not found out in the middle of it.</summary>
public sealed class HostileOptionsTests
{
    public static TheoryData<string> Senseless => [.. s_senseless.Keys];

    private static readonly Dictionary<string, Func<EngineOptions, EngineOptions>> s_senseless = new()
    {
        ["a freeze without end"] = options => options with { SnapshotTimeout = TimeSpan.MaxValue },
        ["a freeze of no time"] = options => options with { SnapshotTimeout = TimeSpan.Zero },
        ["flushes all the time"] = options => options with { LazyFlushInterval = TimeSpan.Zero },
        ["flushes before"] = options => options with { LazyFlushInterval = TimeSpan.FromSeconds(-1) },
        ["flushes after all"] = options => options with { LazyFlushInterval = TimeSpan.MaxValue },
        ["no directory"] = options => options with { LogDirectory = "" },
        ["no path"] = options => options with { LogDirectory = "a\0b" },
        ["no checkpoint"] = options => options with { CheckpointDirectory = "" },
        ["no name"] = options => options with { BaseName = "a\0b" },
        ["no memory"] = options => options with { VersionBytes = -1 },
    };

    [Theory]
    [MemberData(nameof(Senseless))]
    public void They_are_refused(string what)
    {
        var rig = new LifeRig();
        var options = s_senseless[what](rig.Options with { HasBackgroundWork = true, Host = new() });
        Assert.Equal(EseError.InvalidParameter, Assert.Throws<EseException>(() => EmbeddedEngine.Create(options)).Error);
        Assert.Equal((0, 0), (rig.Disk.Steps, options.Host!.Instances.Count));
    }

    [Fact]
    public async Task What_is_only_unusual_works()
    {
        var rig = new LifeRig();
        var options = rig.Options with
        {
            HasBackgroundWork = true, LazyFlushInterval = Timeout.InfiniteTimeSpan, SnapshotTimeout = TimeSpan.FromDays(20),
            CacheBytes = long.MaxValue, VersionBytes = long.MaxValue, CheckpointDepthBytes = long.MaxValue, Host = new(),
        };
        var cancellation = TestContext.Current.CancellationToken;
        await using var engine = await EmbeddedEngine.OpenAsync(options, cancellation);
        await engine.CreateDatabaseAsync(LifeRig.Database, cancellationToken: cancellation);
        var snapshot = options.Host.PrepareSnapshot();
        await snapshot.FreezeAsync(cancellation);
        await snapshot.ThawAsync();
        await engine.CloseAsync(cancellation);
        rig.RequireSound(LifeRig.Database, "closed");
    }
}
