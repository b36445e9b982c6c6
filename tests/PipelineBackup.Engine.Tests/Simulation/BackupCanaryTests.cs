using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>The simulation finds out when a rule is left out that makes backups what they promise to be.</summary>
public sealed class BackupCanaryTests
{
    private const int MostSeeds = 100, Lives = 4;

    [Theory]
    [InlineData((int)OmittedRule.FirstBackupLog)]
    [InlineData((int)OmittedRule.LastBackupLog)]
    [InlineData((int)OmittedRule.PatchData)]
    [InlineData((int)OmittedRule.KeptLogs)]
    [InlineData((int)OmittedRule.TruncationLimit)]
    public void A_rule_that_is_left_out_is_missed(int omitted)
    {
        string told = "";
        int seed = 0;
        while (told.Length == 0 && seed < MostSeeds)
        {
            told = Fault(++seed, (OmittedRule)omitted);
            Assert.True(told.Length == 0 || Fault(seed, OmittedRule.None).Length == 0, $"seed {seed} fails anyway");
        }

        Assert.True(told.Length > 0, $"{MostSeeds} seeds do not tell that {(OmittedRule)omitted} is left out");
        TestContext.Current.SendDiagnosticMessage($"{(OmittedRule)omitted}: seed {seed}: {told}");
    }

    private static string Fault(int seed, OmittedRule omitted)
    {
        try
        {
            new EngineSimulation(new(seed)) { TakesBackups = true, Omits = omitted }.Run(Lives);
            return "";
        }
        catch (Exception e) when (e is not SimulatedCrashException)
        {
            return e.Message;
        }
    }
}
