using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests;

public class PluginsTests
{
    [Fact]
    public void A_plugin_brings_its_scheme_with_its_own_dependencies()
    {
        string store = GoldenSets.NewFolder("store"), source = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        string[] plugin = ["--plugin", Cli.TestPlugin];
        Cli.Json(ExitCode.Usage, "backup", source, "--to", $"test://{store}");
        Cli.Json(ExitCode.Done, ["backup", source, "--to", $"test://{store}", .. plugin]);
        Cli.Json(ExitCode.Done, ["verify", "latest", "--from", $"test://{store}", .. plugin]);
        string target = GoldenSets.NewFolder("target");
        Cli.Json(ExitCode.Done, ["restore", "latest", "--from", $"test://{store}", "--to", target, .. plugin]);
        Assert.Equal(File.ReadAllBytes(Path.Combine(source, "db1.edb")),
            File.ReadAllBytes(Path.Combine(target, "db1.edb")));
    }

    [Fact]
    public void A_plugin_may_take_the_place_of_a_store_of_the_program()
    {
        string plugin = Path.Combine(Path.GetDirectoryName(Cli.TestPlugin)!, "PipelineBackup.Sinks.FileSystem.dll");
        var (store, _) = Cli.StoreWith("clean-4096");
        Cli.Json(ExitCode.Done, "list", "--from", store, "--plugin", plugin);
        var twice = Cli.Json(ExitCode.Usage, "list", "--from", store, "--plugin", plugin, "--plugin", plugin);
        Assert.Contains("both bring scheme 'file'", (string?)twice["error"]!["message"], StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_plugin_is_refused()
    {
        string folder = GoldenSets.NewFolder();
        string other = Path.Combine(AppContext.BaseDirectory, "System.CommandLine.dll");
        Assert.Contains("does not know PipelineBackup.Abstractions",
            Cli.Expect(ExitCode.Usage, "list", "--from", folder, "--plugin", other).Error, StringComparison.Ordinal);
        Cli.Json(ExitCode.NotFound, "list", "--from", folder, "--plugin", Path.Combine(folder, "none.dll"));
    }

    [Fact]
    public void A_malformed_address_is_a_usage_error_and_a_broken_plugin_is_not()
    {
        var wrong = Cli.Expect(ExitCode.Usage, "list", "--from", "test://malformed/", "--plugin", Cli.TestPlugin);
        Assert.StartsWith("error: a test address has no host\nHINT: ", wrong.Error, StringComparison.Ordinal);
        var broken = Cli.Expect(ExitCode.Failed, "list", "--from", "test://broken/", "--plugin", Cli.TestPlugin);
        Assert.StartsWith("error: unexpected InvalidOperationException: this store is broken\nHINT: ", broken.Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", broken.Error, StringComparison.Ordinal);
        Assert.Contains("   at ",
            Cli.Expect(ExitCode.Failed, "list", "--from", "test://broken/", "--plugin", Cli.TestPlugin,
            "--verbose").Error,
            StringComparison.Ordinal);
    }
}
