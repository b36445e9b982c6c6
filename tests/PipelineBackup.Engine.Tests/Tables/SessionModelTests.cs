using System.Globalization;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Tables;

public sealed class SessionModelTests
{
    private static readonly int[] s_pageSizes = [4096, 8192, 16384, 32768];

    private static int Seeds => int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"),
        CultureInfo.InvariantCulture, out int seeds) ? seeds : 12;

    [Fact]
    public void Sessions_see_snapshots_and_do_not_overwrite_one_another()
    {
        var seen = new Dictionary<string, int>();
        for (int seed = 0; seed < Seeds; seed++)
        {
            foreach (var (what, count) in Run(seed))
                seen[what] = seen.GetValueOrDefault(what) + count;
        }

        string[] must =
        [
            "insert Success", "insert WriteConflict", "insert KeyDuplicate", "update Success", "update WriteConflict",
            "delete Success", "delete WriteConflict", "add Success", "add WriteConflict", "define Success", "define WriteConflict",
        ];
        foreach (string what in must)
            Assert.True(seen.ContainsKey(what), $"{what} never happened: {string.Join(", ", seen)}");
    }

    [Fact]
    public void Sessions_are_killed_and_what_was_committed_is_there() => Ese.Tests.Simulation.Seeds.Each(40, random =>
    {
        // A page that is cut in two is for backups to mend.
        int pageSize = random.Pick(s_pageSizes);
        var rig = new LifeRig(new() { Unit = pageSize });
        var options = rig.Options with { PageSize = PageSize.Of(pageSize) };
        var engine = LifeRig.Open(options);
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        var run = new SessionRun(engine, database, random.Next(), sessions: random.Next(1, 4));
        LifeRig.Now(engine.Log.FlushAsync(engine.Log.Tip, CancellationToken.None));
        rig.Disk.KillAtStep = rig.Disk.Steps + random.Next(1, random.OneIn(2) ? 100 : 600);
        bool isKilled = false;
        try
        {
            run.Go(600);
        }
        catch (SimulatedCrashException)
        {
            isKilled = true;
        }

        rig.Disk.Crash(random.Pick(CrashKind.Kill, CrashKind.PowerLoss, CrashKind.AllLost), random);
        engine = LifeRig.Open(options);
        database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        run.RequirePromised(engine, database);
        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, $"killed {isKilled}", mayLeak: true);
    });

    private static Dictionary<string, int> Run(int seed)
    {
        var rig = new LifeRig();
        var options = rig.Options with { PageSize = PageSize.Of(s_pageSizes[seed / 4 % s_pageSizes.Length]) };
        var engine = LifeRig.Open(options);
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        var run = new SessionRun(engine, database, seed, sessions: 1 + seed % 4);
        run.Go(400);
        run.End();
        run.RequireHeld(engine, database);
        if (seed % 3 > 0)
            Assert.False(engine.CleanUp());
        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, $"seed {seed}");

        engine = LifeRig.Open(options);
        database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        run.RequireHeld(engine, database);
        LifeRig.Now(engine.CloseAsync());
        return run.Seen;
    }
}
