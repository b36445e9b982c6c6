using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Whatever happens to an engine and its disk, the next engine has what was promised.</summary>
public sealed class EngineSimulationTests
{
    private const int Usual = 100;

    [Fact]
    public void What_was_committed_is_there_and_nothing_else()
    {
        var failures = new List<string>();
        (int AtWork, int InRecovery, int Failed) ends = default;
        int gifts = 0, losses = 0;
        foreach (int seed in Seeds.Of(Usual))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            var random = new Random(seed);
            var simulation = new EngineSimulation(random) { MayDrop = seed % 2 == 0 };
            try
            {
                simulation.Run(random.Next(2, 7));
            }
            catch (Exception failure)
            {
                failures.Add($"seed {seed}: {failure}");
            }

            var (atWork, inRecovery, failed) = simulation.Ends;
            ends = (ends.AtWork + atWork, ends.InRecovery + inRecovery, ends.Failed + failed);
            (gifts, losses) = (gifts + simulation.Model.Gifts, losses + simulation.Model.Losses);
        }

        string what = $"ended at work {ends.AtWork}, in recovery {ends.InRecovery}, by the disk {ends.Failed}; "
            + $"commits that were not promised: {gifts} there, {losses} lost";
        TestContext.Current.SendDiagnosticMessage(what);
        Assert.True(failures.Count == 0, string.Join('\n', failures));

        // What must have happened for the run to mean anything.
        bool isAll = ends is { AtWork: > 0, InRecovery: > 0, Failed: > 0 } && gifts > 0 && losses > 0;
        Assert.True(isAll || Seeds.Of(Usual).Count() < Usual, what);
    }
}
