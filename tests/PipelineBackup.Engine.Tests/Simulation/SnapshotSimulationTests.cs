using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Whatever happens around snapshots: the engine loses nothing, and what was frozen is of one moment.</summary>
public sealed class SnapshotSimulationTests
{
    private const int Usual = 100;

    [Fact]
    public void What_is_frozen_recovers_to_the_freeze_and_nothing_that_was_committed_is_lost()
    {
        var total = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var failures = new List<string>();
        foreach (int seed in Seeds.Of(Usual))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            var random = new Random(seed);
            var simulation = new EngineSimulation(random) { TakesSnapshots = true, MayDrop = seed % 2 == 0 };
            try
            {
                simulation.Run(random.Next(2, 6));
            }
            catch (Exception failure)
            {
                failures.Add($"seed {seed}: {failure}");
            }

            foreach (var (what, count) in simulation.Snapshots!)
                total[what] = total.GetValueOrDefault(what) + count;
            total["killed"] = total.GetValueOrDefault("killed") + simulation.Ends.AtWork;
        }

        string all = string.Join(", ", total.Select(pair => $"{pair.Key} {pair.Value}"));
        TestContext.Current.SendDiagnosticMessage(all);
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        string[] needed = ["frozen", "thawed", "given up", "truncated", "killed", "ended: None", "ended: Copy",
            "ended: Incremental", "refused: InvalidBackup", "refused: MissingFullBackup"];
        Assert.True(Seeds.Of(Usual).Count() < Usual || needed.All(total.ContainsKey), all);
    }
}
