using PipelineBackup.Engine.Tests.Backup;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Snapshots;

/// <summary>Engines of one host over one disk in memory, each with a database of rows, in which nothing happens by itself.</summary>
internal sealed class SnapshotRig
{
    private readonly Func<EngineOptions, EngineOptions> _with;

    public SnapshotRig(int engines = 1, Func<EngineOptions, EngineOptions>? with = null, int seed = 1)
    {
        _with = with ?? (options => options);
        Random = new(seed);
        for (int i = 0; i < engines; i++)
            Add();
    }

    public HandTime Time { get; } = new();

    public LifeRig Rig { get; } = new();

    public SimulatedDisk Disk => Rig.Disk;

    public EngineHost Host { get; } = new();

    public List<EngineEvent> Events { get; } = [];

    public Random Random { get; }

    public List<EmbeddedEngine> Engines { get; } = [];

    public List<WrittenRows> Rows { get; } = [];

    public EmbeddedEngine Engine => Engines[0];

    public EngineDatabase Database => Engine.Databases[0];

    public static string LogsOf(int engine) => engine == 0 ? LifeRig.Logs : LifeRig.Logs + engine;

    public static string DatabaseOf(int engine) =>
        engine == 0 ? LifeRig.Database : Path.Combine(LifeRig.Data, $"{(char)('a' + engine)}.edb");

    public IEnumerable<int> EventsFrom(int first) => Events.Skip(first).Select(each => each.Id);

    /// <summary>One engine more.</summary>
    public EmbeddedEngine Add()
    {
        int number = Engines.Count;
        Disk.AddDirectory(LogsOf(number));
        var engine = EmbeddedEngine.OpenAsync(OptionsOf(number)).AsTask().GetAwaiter().GetResult();
        Engines.Add(engine);
        var database = engine.CreateDatabaseAsync(DatabaseOf(number)).AsTask().GetAwaiter().GetResult();
        Rows.Add(new(engine, database, Random) { IsLazy = engine.Options.HasBackgroundWork });
        Rows[^1].Steps(300);
        return engine;
    }

    public EngineOptions OptionsOf(int engine) => _with(Rig.Options with
    {
        Host = Host, Time = Time, LogDirectory = LogsOf(engine), Events = new Heard(Events),
    });

    /// <summary>A session that is frozen.</summary>
    public SnapshotSession Freeze(SnapshotOptions options = SnapshotOptions.ContinueAfterThaw)
    {
        var session = Host.PrepareSnapshot(options);
        LifeRig.Now(session.FreezeAsync());
        return session;
    }

    /// <summary>A snapshot from its beginning to its end; the disk as it was frozen.</summary>
    public SimulatedDisk Take(SnapshotOptions options = SnapshotOptions.None, bool truncates = false)
    {
        var session = Freeze(options | SnapshotOptions.ContinueAfterThaw);
        var image = Disk.Copy();
        LifeRig.Now(session.ThawAsync());
        if (truncates)
            LifeRig.Now(session.TruncateLogAsync(SnapshotTruncation.AllDatabases));
        LifeRig.Now(session.EndAsync());
        return image;
    }

    /// <summary>Ends everything in order; the databases are sound.</summary>
    public void Close()
    {
        for (int i = 0; i < Engines.Count; i++)
        {
            Rows[i].IsLazy = true;
            Rows[i].Close();
            LifeRig.Now(Engines[i].CloseAsync());
            Rig.RequireSoundLogs($"engine {i}", LogsOf(i));
            Rig.RequireSoundDatabase(DatabaseOf(i), $"engine {i}");
        }
    }

    /// <summary>Replays the logs of an image, and gives the rows that come of it.</summary>
    public static SortedDictionary<int, string> Recover(SimulatedDisk image, int engine = 0)
    {
        var report = new SoftRecovery(new()
        {
            BaseName = "edb", LogDirectory = LogsOf(engine), Disk = image, MemoryBytes = 8 << 20,
        }).Run(TestContext.Current.CancellationToken);
        Assert.True(report.Records > 0);
        var rig = new LifeRig(image);
        rig.RequireSoundDatabase(DatabaseOf(engine), "recovered", mayLeak: true);
        var opened = LifeRig.Open(rig.Options with { LogDirectory = LogsOf(engine) });
        var rows = WrittenRows.Read(opened, LifeRig.Now(opened.AttachDatabaseAsync(DatabaseOf(engine))));
        LifeRig.Now(opened.CloseAsync());
        return rows;
    }

    public static EseError ErrorOf(Func<ValueTask> call) =>
        Assert.Throws<EseException>(() => LifeRig.Now(call())).Error;

    public static EseError ErrorOf<T>(Func<ValueTask<T>> call) => LifeRig.ErrorOf(call);

    public static EseError ErrorOf(Action call) => Assert.Throws<EseException>(call).Error;
}
