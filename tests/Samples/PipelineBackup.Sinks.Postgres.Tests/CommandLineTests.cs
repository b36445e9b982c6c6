using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PipelineBackup.Sinks.Postgres.Tests;

/// <summary>The sink as its users have it: a plugin of the real command line, in a process of its own.</summary>
public class CommandLineTests
{
    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static string Program => Path.Combine(
        GoldenSets.ProjectRoot, "src", "PipelineBackup.Cli", "bin", Configuration, "net10.0", "pipelinebackup.dll");

    private static string Plugin => Path.Combine(
        GoldenSets.ProjectRoot, "tests", "Samples", "PipelineBackup.Sinks.Postgres", "bin", Configuration, "net10.0",
        "PipelineBackup.Sinks.Postgres.dll");

    [Fact]
    public async Task A_database_goes_there_and_comes_back()
    {
        var store = PostgresServer.NewStore();
        string address = $"{PostgresServer.Address}/{store.Schema}";
        string source = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");
        string target = GoldenSets.NewFolder("target");
        try
        {
            var backup = await RunAsync(0, "backup", source, "--to", address);
            var listed = await RunAsync(0, "list", "--from", address);
            Assert.Contains((string)backup["id"]!, listed.ToJsonString(), StringComparison.Ordinal);
            await RunAsync(0, "verify", "latest", "--from", address);
            await RunAsync(0, "restore", "latest", "--from", address, "--to", target, "--no-recover");
            foreach (string file in Directory.GetFiles(source, "*.edb"))
                Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(target, Path.GetFileName(file))));
            await RunAsync(0, "drill", "latest", "--from", address);
        }
        finally
        {
            await PostgresServer.DropAsync(store);
        }
    }

    [Fact]
    public async Task A_store_that_is_not_there_is_not_found()
    {
        string address = $"{PostgresServer.Address}/{PostgresServer.NewStore().Schema}";
        var missing = await RunAsync((int)ExitCode.NotFound, "list", "--from", address);
        Assert.Contains("there is no store", (string?)missing["error"]!["message"], StringComparison.Ordinal);
    }

    private static async Task<JsonNode> RunAsync(int exit, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. args, "--plugin", Plugin, "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PGPASSWORD"] = PostgresServer.Password;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == exit, $"exit {process.ExitCode}: {output}{await error}");
        Assert.DoesNotContain(PostgresServer.Password, output + await error, StringComparison.Ordinal);
        return JsonNode.Parse(output.TrimEnd('\n').Split('\n')[^1])!;
    }
}
