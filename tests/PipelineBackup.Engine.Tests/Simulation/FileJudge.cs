using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Judges what an engine that was closed leaves on its disk.</summary>
internal static class FileJudge
{
    /// <summary>The logs follow each other without a fault, and there is nothing to recover.</summary>
    public static void RequireSoundLogs(SimulatedDisk disk, string directory)
    {
        var chain = LogChain.Open(disk, directory, "edb");
        chain.ScanAll();
        Assert.True(chain.Findings.Count == 0, string.Join('\n', chain.Findings));
        var plan = RecoveryPlan.Find(new() { BaseName = "edb", LogDirectory = directory, Disk = disk });
        Assert.True(plan.Refusal is null, $"{plan.Refusal}");
        Assert.True(plan.IsClean, $"recovery would begin at {plan.Start}");
    }

    /// <summary>The database was closed in order, and nothing is wrong with it; pages may be lost.</summary>
    public static void RequireSound(SimulatedDisk disk, string path)
    {
        using var file = disk.Open(path, DiskAccess.Read);
        var headers = HeaderPair.Read(file);
        var header = headers.Require(path);
        Assert.True(header.State == DatabaseState.CleanShutdown, $"{path}: {header.State}");
        Assert.True(headers.Copies == HeaderCopies.Identical, $"{path}: {headers.Copies}");
        using var pages = new PageCache(file, headers.PageSize, 1L << 30, () => throw new InvalidOperationException());
        var report = new DatabaseCheck(pages, header).Run(TestContext.Current.CancellationToken);
        Assert.True(report.Findings.Count == 0, $"{path}: {string.Join('\n', report.Findings)}");
    }
}
