using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Whatever happens while an engine is backed up: what was published is the state at its log roll.</summary>
public sealed class BackupSimulationTests
{
    private const int Usual = 100;

    // What must have happened for the run to mean anything.
    private static readonly string[] s_all =
    [
        .. Enum.GetValues<BackupKind>().Select(kind => $"done: {kind}"),
        "given up: Databases", "given up: Logs", "given up: Truncation", "killed: Databases", "killed: Roll",
        "killed: Logs", "killed: Truncation", "killed: End", "split forwards", "split backwards", "merge forwards",
        "merge backwards", "grown",
    ];

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
        var missing = s_all.Where(what => !total.Counts.ContainsKey(what) && !total.Straddled.ContainsKey(what));
        Assert.True(Seeds.Of(Usual).Count() < Usual || !missing.Any(), $"never: {string.Join(", ", missing)}; {total}");
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
