using PipelineBackup.Cli.Demo;
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
        Assert.Matches("^[1-9][0-9,]* pages verified", (string?)steps[1]!["detail"]);
        Assert.Contains("committed meanwhile; it reaches ", (string?)steps[1]!["detail"], StringComparison.Ordinal);
        Assert.Contains("nothing uncommitted", (string?)steps[7]!["detail"], StringComparison.Ordinal);
        Assert.Contains("rolled back", (string?)steps[8]!["detail"], StringComparison.Ordinal);
        Assert.Equal(folder, (string?)json["folder"]);
        Assert.Equal(["live", "reader", "restored", "store"],
            Directory.GetDirectories(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Cli.Json(ExitCode.Usage, "demo", "--keep", folder);
    }

    [Fact]
    public async Task An_engine_that_cannot_begin_says_why()
    {
        string folder = GoldenSets.NewFolder();
        File.WriteAllText(Path.Combine(folder, "live"), "in the way");
        using var child = DemoChild.Start(folder);
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => child.NextAsync(TestContext.Current.CancellationToken));
        Assert.Contains("live", failure.Message, StringComparison.Ordinal);
    }
}
