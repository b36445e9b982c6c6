using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Commands;

public class DemoCommandTests
{
    [Fact]
    public void The_demonstration_proves_the_whole_way()
    {
        string folder = Path.Combine(GoldenSets.NewFolder(), "demo");
        var json = Cli.Json(ExitCode.Done, "demo", "--keep", folder);
        var steps = json["steps"]!.AsArray();
        Assert.Equal(10, steps.Count);
        Assert.All(steps, step => Assert.True((bool)step!["ok"]!));
        Assert.Contains("committed meanwhile; it reaches ", (string?)steps[1]!["detail"], StringComparison.Ordinal);
        Assert.Contains("nothing uncommitted", (string?)steps[7]!["detail"], StringComparison.Ordinal);
        Assert.Contains("rolled back", (string?)steps[8]!["detail"], StringComparison.Ordinal);
        Assert.Equal(folder, (string?)json["folder"]);
        Assert.Equal(["live", "reader", "restored", "store"],
            Directory.GetDirectories(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Cli.Json(ExitCode.Usage, "demo", "--keep", folder);
    }

    [Fact]
    public void An_engine_that_cannot_begin_says_why()
    {
        string folder = GoldenSets.NewFolder();
        File.WriteAllText(Path.Combine(folder, "live"), "in the way");
        Assert.NotNull(Cli.Json(ExitCode.Failed, "demo-engine", folder)["error"]);
    }
}
