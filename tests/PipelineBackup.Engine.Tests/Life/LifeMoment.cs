using PipelineBackup.Engine.Tests.Tables;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Life;

/// <summary>An engine in a state of its life, on a disk in memory; nothing happens by itself.</summary>
/// <remarks>
/// States that only last while the engine works are met in the middle of a write to the disk: what is asked then is
/// asked on the same thread, which nobody who waits for anything would survive.
/// </remarks>
internal sealed class LifeMoment
{
    private LifeMoment(LifeRig rig, EmbeddedEngine engine) => (Rig, Engine) = (rig, engine);

    public LifeRig Rig { get; }

    public EmbeddedEngine Engine { get; private set; }

    /// <summary>A session that was opened while the engine ran; null when it never did.</summary>
    public EngineSession? Session { get; private set; }

    /// <summary>A database that was attached while the engine ran; null when it never did.</summary>
    public EngineDatabase? Database { get; private set; }

    /// <summary>An engine that runs, with a database and a session.</summary>
    public static LifeMoment Running(Func<EngineOptions, EngineOptions>? with = null)
    {
        var rig = new LifeRig();
        var moment = new LifeMoment(rig, EmbeddedEngine.Create(with is null ? rig.Options : with(rig.Options)));
        moment.Engine.InitializeAsync().AsTask().GetAwaiter().GetResult();
        moment.Database = moment.Engine.CreateDatabaseAsync(LifeRig.Database).AsTask().GetAwaiter().GetResult();
        moment.Session = moment.Engine.CreateSession();
        moment.Session.CreateTable(moment.Database, TableRig.Things);
        return moment;
    }

    /// <summary>Asks something of an engine while it is in a state.</summary>
    public static void In(EngineState state, Action<LifeMoment> ask)
    {
        int asked = 0;
        void Ask(LifeMoment moment)
        {
            if (moment.Engine.State != state || asked > 0)
                return;
            asked++;
            ask(moment);
        }

        switch (state)
        {
            case EngineState.Created or EngineState.Initialising:
                Open(new(), Ask);
                break;
            case EngineState.Recovering:
                var rig = Running().Rig;
                rig.Disk.Crash(CrashKind.Kill, new(1));
                Open(rig, Ask);
                break;
            default:
                RunOn(Running(), state, Ask);
                break;
        }

        Assert.Equal(1, asked);
    }

    /// <summary>Makes the disk refuse to write to some files.</summary>
    public void FailWrites(Predicate<string> to) => Rig.Disk.Watch = step =>
    {
        if (step.Kind == DiskStepKind.Write && to(step.Path))
            throw new IOException("a write was refused");
    };

    /// <summary>A row that is not there yet.</summary>
    public void Insert(int id)
    {
        var table = Session!.OpenTable(Database!, "things");
        table.Insert(table.NewRow().Set("id", id));
    }

    private static void Open(LifeRig rig, Action<LifeMoment> ask)
    {
        var moment = new LifeMoment(rig, EmbeddedEngine.Create(rig.Options));
        ask(moment);
        Watch(moment, ask);
        LifeRig.Now(moment.Engine.InitializeAsync());
        LifeRig.Now(moment.Engine.CloseAsync());
    }

    private static void RunOn(LifeMoment moment, EngineState state, Action<LifeMoment> ask)
    {
        ask(moment);
        if (state == EngineState.StoppingService)
            moment.Engine.StopService();
        if (state == EngineState.Unavailable)
        {
            moment.FailWrites(path => path == LifeRig.Database);
            Assert.Throws<EseException>(moment.Engine.WriteBackAll);
        }

        ask(moment);
        if (state == EngineState.Unavailable)
            return;
        Watch(moment, ask);
        LifeRig.Now(moment.Engine.CloseAsync());
        ask(moment);
    }

    private static void Watch(LifeMoment moment, Action<LifeMoment> ask) => moment.Rig.Disk.Watch = _ => ask(moment);
}
