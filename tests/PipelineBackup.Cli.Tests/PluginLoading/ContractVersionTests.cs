using PipelineBackup.Cli.PluginLoading;

namespace PipelineBackup.Cli.Tests.PluginLoading;

/// <summary>A plugin runs with the contracts it was built for, or is refused before anything of it is loaded.</summary>
public class ContractVersionTests
{
    private static ContractVersion Ours => ContractVersion.Provided;

    [Fact]
    public void The_same_major_and_no_newer_minor_run_together()
    {
        var provided = new ContractVersion(2, 3);
        Assert.True(new ContractVersion(2, 3).RunsWith(provided));
        Assert.True(new ContractVersion(2, 0).RunsWith(provided));
        Assert.False(new ContractVersion(2, 4).RunsWith(provided));
        Assert.False(new ContractVersion(1, 3).RunsWith(provided));
        Assert.False(new ContractVersion(3, 0).RunsWith(provided));
    }

    [Fact]
    public void The_documents_name_the_version_of_the_contracts() => Assert.Contains(
        $"The contracts have version **{Ours}**",
        File.ReadAllText(Path.Combine(GoldenSets.ProjectRoot, "docs", "writing-a-sink.md")), StringComparison.Ordinal);

    [Fact]
    public void A_plugin_for_another_major_is_refused_with_both_versions()
    {
        Refused(Ours.Major + 1, 0, "use a newer version of this program");
        Refused(Ours.Major - 1, 7, $"built with PipelineBackup.Abstractions {Ours.Major}.x");
    }

    [Fact]
    public void A_plugin_for_a_newer_minor_is_refused_and_a_newer_build_is_not()
    {
        Refused(Ours.Major, Ours.Minor + 1, "use a newer version of this program");
        string plugin = Forge.CopyOfTestPlugin();
        Forge.SetReference(plugin, ContractVersion.AssemblyName, new(Ours.Major, Ours.Minor, 77, 7));
        Cli.Json(ExitCode.NotFound, "list", "--from", $"test://{GoldenSets.NewFolder()}/none", "--plugin", plugin);
    }

    [Fact]
    public void A_part_of_a_plugin_for_another_major_is_refused_too()
    {
        string plugin = Forge.CopyOfTestPlugin();
        string part = Path.Combine(Path.GetDirectoryName(plugin)!, "PipelineBackup.Sinks.FileSystem.dll");
        Forge.SetReference(part, ContractVersion.AssemblyName, new(Ours.Major + 4, 0, 0, 0));
        var refused = Cli.Expect(ExitCode.Usage, "list", "--from", "test:///x", "--plugin", plugin);
        Assert.Contains(
            $"'{part}', a part of plugin '{plugin}', is built for version {Ours.Major + 4}.0 of the plugin contracts",
            refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_of_a_refused_plugin_is_loaded()
    {
        string plugin = Forge.CopyOfTestPlugin();
        Forge.SetReference(plugin, ContractVersion.AssemblyName, new(Ours.Major + 1, 0, 0, 0));
        Cli.Expect(ExitCode.Usage, "list", "--from", "test:///x", "--plugin", plugin);
        Assert.DoesNotContain(
            AppDomain.CurrentDomain.GetAssemblies(), assembly => !assembly.IsDynamic && assembly.Location == plugin);
    }

    [Theory]
    [InlineData(".NETCoreApp,Version=v99.0", "is built for .NET 99.0, and this program runs on .NET ")]
    [InlineData(".NETFramework,Version=v4.8", "is built for .NETFramework,Version=v4.8, and this program runs on ")]
    public void A_plugin_for_another_framework_is_refused(string framework, string message)
    {
        var assembly = Forge.Assembly("Foreign", framework: framework);
        Forge.Factory(assembly, "F", Forge.Scheme("foreign"));
        string plugin = Forge.Save(assembly, GoldenSets.NewFolder());
        var refused = Cli.Expect(ExitCode.Usage, "list", "--from", "foreign:///x", "--plugin", plugin);
        Assert.Contains(message, refused.Error, StringComparison.Ordinal);
    }

    private static void Refused(int major, int minor, string hint)
    {
        string plugin = Forge.CopyOfTestPlugin();
        Forge.SetReference(plugin, ContractVersion.AssemblyName, new(major, minor, 0, 0));
        var refused = Cli.Json(ExitCode.Usage, "list", "--from", "test:///x", "--plugin", plugin)["error"]!;
        Assert.Equal(
            $"plugin '{plugin}' is built for version {major}.{minor} of the plugin contracts, and this program has "
            + $"version {Ours}",
            (string?)refused["message"]);
        Assert.Contains(hint, (string?)refused["hint"], StringComparison.Ordinal);
    }
}
