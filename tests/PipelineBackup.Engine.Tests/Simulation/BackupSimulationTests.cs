using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Whatever happens while an engine is backed up: what was published is the state at its log roll.</summary>
public sealed class BackupSimulationTests
{
    [Fact]
    public void Each_published_backup_restores_to_the_state_at_its_log_roll()
    {
        var total = new BackupTally();
        foreach (int seed in Seeds.Of(100))
            Run(seed, total);
        TestContext.Current.SendDiagnosticMessage($"{total}");
    }

    private static void Run(int seed, BackupTally total)
    {
        try
        {
            var random = new Random(seed);
            var simulation = new EngineSimulation(random) { TakesBackups = true };
            simulation.Run(random.Next(2, 7));
            total.Add(simulation.Backups!);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
        }
    }
}
