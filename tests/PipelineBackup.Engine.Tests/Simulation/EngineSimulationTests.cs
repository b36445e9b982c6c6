using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Whatever happens to an engine and its disk, the next engine has what was promised.</summary>
public sealed class EngineSimulationTests
{
    [Fact]
    public void What_was_committed_is_there_and_nothing_else()
    {
        foreach (int seed in Seeds.Of(100))
            Run(seed, mayDrop: false);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(148)]
    [InlineData(186)]
    public void Tables_are_deleted_meanwhile(int seed) => Run(seed, mayDrop: true);

    private static void Run(int seed, bool mayDrop)
    {
        try
        {
            var random = new Random(seed);
            new EngineSimulation(random) { MayDrop = mayDrop }.Run(random.Next(2, 7));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
        }
    }
}
