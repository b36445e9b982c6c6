using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Commands;

public class DemoCommandTests
{
    [Fact]
    public void The_demonstration_proves_the_whole_way()
    {
        var json = Cli.Json(ExitCode.Done, "demo");
        var steps = json["steps"]!.AsArray();
        Assert.Equal(23, steps.Count);
        Assert.All(steps, step => Assert.True((bool)step!["ok"]!));
        Assert.Contains("none lost, none half there, none too many", Detail(7), StringComparison.Ordinal);
        Assert.Contains("none lost, none half there, none too many", Detail(8), StringComparison.Ordinal);
        Assert.Contains("644 pages of 2 files compared, 0 differ", Detail(13), StringComparison.Ordinal);
        Assert.Contains("SHA-256", Detail(15), StringComparison.Ordinal);
        Assert.Null(json["folder"]);

        string Detail(int step) => (string)steps[step]!["detail"]!;
    }

    [Fact]
    public void Its_files_stay_where_they_are_kept()
    {
        string folder = Path.Combine(GoldenSets.NewFolder(), "demo");
        var run = Cli.Expect(ExitCode.Done, "demo", "--keep", folder);
        Assert.EndsWith($"\nAll of it came back as it was. Everything is in {folder}\n", run.Output,
            StringComparison.Ordinal);
        Assert.Equal(["clean", "dirty", "live", "live-proof", "live-restored", "recovered", "restored", "restored-dirty", "store", "store-damaged"],
            Directory.GetDirectories(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Cli.Json(ExitCode.Usage, "demo", "--keep", folder);
    }
}
