using PipelineBackup.Ese.Tests.Trees;

namespace PipelineBackup.Ese.Tests.Check;

/// <summary>Databases that nobody wrote on purpose: a report whatever the bytes, within bounds of time and memory.</summary>
public sealed class CheckFuzzTests
{
    // Reads, not seconds: a check that goes round in circles reads the same pages again and again.
    private const int MostReads = 200_000;

    [Theory]
    [InlineData("clean-4096")]
    [InlineData("clean-32768")]
    public void A_mutated_database_is_checked_to_its_end(string set)
    {
        var sound = MemoryPages.Golden(set);
        int found = 0, seeds = SamplePages.Seeds(60);
        for (int seed = 0; seed < seeds; seed++)
        {
            var file = sound.Copy();
            PageMutation.Mutate(file, new Random(seed));
            file.Depth = (seed % 3) switch { 0 => null, 1 => InspectionDepth.Basic, _ => InspectionDepth.Checksum };
            found += Check(file, seed).Findings.Count > 0 ? 1 : 0;
        }

        Assert.True(found > seeds * 3 / 4, $"{found} of {seeds}");
    }

    private static CheckReport Check(MemoryPages file, int seed)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        CheckReport report;
        try
        {
            report = new DatabaseCheck(file, file.Header).Run();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 128 << 20, $"seed {seed}: {allocated} bytes");
        Assert.True(file.Reads < MostReads, $"seed {seed}: {file.Reads} reads");
        Assert.All(report.Findings, finding => Assert.NotEmpty(finding.Message));
        return report;
    }
}
