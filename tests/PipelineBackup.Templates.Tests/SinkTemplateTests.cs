using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PipelineBackup.Testing;

namespace PipelineBackup.Templates.Tests;

/// <summary>What an author does on the first day, from the package of templates to a backup in the new store.</summary>
public partial class SinkTemplateTests(PackedFeed feed)
{
    [Fact]
    public async Task A_generated_sink_builds_keeps_all_laws_and_takes_backups()
    {
        string project = Path.Combine(feed.Folder, "Contoso.Sinks.Box");
        await RunAsync(["new", "pipelinebackup-sink", "-n", "Contoso.Sinks.Box", "--scheme", "big-box", .. feed.Hive]);
        Assert.Equal([], Leftovers(project));
        Assert.True(File.Exists(Path.Combine(project, "Contoso.Sinks.Box", "BoxSink.cs")));

        await RunAsync("build", project, "-c", "Release", "-v", "q", "-nologo", "-warnaserror");
        string tests = await RunAsync(Built(project, "Contoso.Sinks.Box.Tests"), "-noColor");
        var summary = Summary().Match(tests);
        Assert.True(summary.Success, tests);
        Assert.Equal("0", summary.Groups["failed"].Value);
        Assert.True(int.Parse(summary.Groups["total"].Value) > SinkConformance.Laws.Count, tests);

        string plugin = Built(project, "Contoso.Sinks.Box");
        string source = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        string store = $"big-box://{GoldenSets.NewFolder("store")}/box", target = GoldenSets.NewFolder("target");
        var backup = await PipelineBackupAsync("backup", source, "--to", store, "--plugin", plugin);
        await PipelineBackupAsync("verify", (string)backup["id"]!, "--from", store, "--plugin", plugin);
        await PipelineBackupAsync("restore", "latest", "--from", store, "--to", target, "--plugin", plugin);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(source, "db1.edb")), File.ReadAllBytes(Path.Combine(target, "db1.edb")));
    }

    [Theory]
    [InlineData("Contoso.Backup.Tape", "tape", "TapeSink")]
    [InlineData("solo", "solo", "SoloSink")]
    [InlineData("My-Store.2nd", "store2nd", "Store2ndSink")]
    [InlineData("A.B", "bstore", "BstoreSink")]
    public async Task A_name_gives_classes_and_a_scheme(string name, string scheme, string sink)
    {
        string output = GoldenSets.NewFolder("generated");
        await RunAsync(["new", "pipelinebackup-sink", "-n", name, "-o", output, .. feed.Hive]);
        Assert.Equal([], Leftovers(output));
        Assert.Single(Directory.GetFiles(output, sink + ".cs", SearchOption.AllDirectories));
        string path = Directory.GetFiles(output, sink + "Options.cs", SearchOption.AllDirectories).Single();
        string options = File.ReadAllText(path);
        Assert.Contains($"public const string Scheme = \"{scheme}\";", options, StringComparison.Ordinal);
    }

    private static string Built(string project, string name) =>
        Path.Combine(project, name, "bin", "Release", "net10.0", name + ".dll");

    // What the template should have given a name and did not.
    private static IEnumerable<string> Leftovers(string project) =>
        Directory.GetFiles(project, "*", SearchOption.AllDirectories)
            .Where(file => Placeholder().IsMatch(file) || Placeholder().IsMatch(File.ReadAllText(file)));

    private Task<string> RunAsync(params string[] args) => Dotnet.RunAsync(feed.Folder, args);

    private async Task<JsonNode> PipelineBackupAsync(params string[] args)
    {
        string output = await RunAsync([Dotnet.PipelineBackup, .. args, "--json"]);
        return JsonNode.Parse(output.TrimEnd('\n').Split('\n')[^1])!;
    }

    [GeneratedRegex("Company[.]SinkProject|StoreName|store-scheme|PACKAGES-VERSION")]
    private static partial Regex Placeholder();

    [GeneratedRegex("Total: (?<total>[0-9]+), .*Failed: (?<failed>[0-9]+)")]
    private static partial Regex Summary();
}
