using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Whatever happens while an engine is backed up: what was published is the state at its log roll.</summary>
public sealed class BackupSimulationTests
{
    private const int Usual = 100, Many = 500;

    // What must have happened for the run to mean anything; and what does within some hundreds of seeds.
    private static readonly string[] s_often =
    [
        "published: Full", "published: Incremental", "published: Copy", "given up: Databases", "given up: Truncation",
        "killed: Databases", "killed: Roll", "killed: Logs", "killed: Truncation",
        "split forwards", "split backwards", "grown",
    ];

    private static readonly string[] s_seldom =
        ["published: Differential", "given up: Logs", "killed: End", "merge forwards", "merge backwards"];

    [Fact]
    public void Each_published_backup_restores_to_the_state_at_its_log_roll()
    {
        var total = new BackupTally();
        var failures = new List<string>();
        foreach (int seed in Seeds.Of(Usual))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            if (Fault(seed, total) is { } failure)
                failures.Add($"seed {seed}: {failure}");
        }

        TestContext.Current.SendDiagnosticMessage($"{total}");
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        int seeds = Seeds.Of(Usual).Count();
        var missing = (seeds >= Usual ? s_often : []).Concat(seeds >= Many ? s_seldom : []).Where(
            what => !total.Counts.ContainsKey(what) && !total.Straddled.ContainsKey(what));
        Assert.True(!missing.Any(), $"never: {string.Join(", ", missing)}; {total}");
    }

    private static Exception? Fault(int seed, BackupTally total)
    {
        try
        {
            var random = new Random(seed);
            var simulation = new EngineSimulation(random) { TakesBackups = true, MayDrop = seed % 2 == 0 };
            simulation.Run(random.Next(2, 7));
            total.Add(simulation.Backups!);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
