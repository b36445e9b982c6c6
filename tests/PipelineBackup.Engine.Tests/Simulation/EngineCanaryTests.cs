using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>The simulation finds out when a rule is left out that keeps committed rows safe.</summary>
public sealed class EngineCanaryTests
{
    private const int MostSeeds = 60;

    [Theory]
    [InlineData((int)OmittedRule.WriteAhead)]
    [InlineData((int)OmittedRule.RequiredLogs)]
    [InlineData((int)OmittedRule.OldData)]
    [InlineData((int)OmittedRule.DurableCommit)]
    public void A_rule_that_is_left_out_is_missed(int omitted)
    {
        bool isMissed = false;
        for (int seed = 1; seed <= MostSeeds && !isMissed; seed++)
            isMissed = !Passes(seed, (OmittedRule)omitted) && Passes(seed, OmittedRule.None);
        Assert.True(isMissed, $"{MostSeeds} seeds do not tell that {(OmittedRule)omitted} is left out");
    }

    private static bool Passes(int seed, OmittedRule omitted)
    {
        try
        {
            new EngineSimulation(new(seed)) { Omits = omitted }.Run(4);
            return true;
        }
        catch (Exception e) when (e is not SimulatedCrashException)
        {
            return false;
        }
    }
}
