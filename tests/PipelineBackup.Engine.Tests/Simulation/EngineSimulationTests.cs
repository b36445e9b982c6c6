using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Whatever happens to an engine and its disk, the next engine has what was promised.</summary>
public sealed class EngineSimulationTests
{
    [Fact]
    public void What_was_committed_is_there_and_nothing_else() =>
        Seeds.Each(200, random => new EngineSimulation(random).Run(random.Next(2, 7)));
}
