using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Life;

public sealed class TornCreationTests
{
    private const int MostSteps = 16;

    [Fact]
    public void A_database_whose_first_header_was_written_in_part_is_made_anew() => Seeds.Each(60, random =>
    {
        var rig = new LifeRig(new() { TornHead = path => Path.GetExtension(path) == ".edb" ? 8192 : 0 });
        var engine = rig.Open();
        rig.Disk.KillAtStep = rig.Disk.Steps + random.Next(1, MostSteps);
        Assert.Throws<SimulatedCrashException>(() => LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database)));
        rig.Disk.Crash(CrashKind.PowerLoss, random);
        var again = rig.Open();
        LifeRig.Now(again.CreateDatabaseAsync(LifeRig.Database));
        LifeRig.Now(again.CloseAsync());
        rig.RequireSound(LifeRig.Database, "made anew");
    });
}
