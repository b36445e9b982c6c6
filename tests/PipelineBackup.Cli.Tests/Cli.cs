using System.Text.Json.Nodes;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests;

/// <summary>What a command line gave.</summary>
internal sealed record CliResult(ExitCode Exit, string Output, string Error);

/// <summary>Runs command lines in this process, through the program's root command.</summary>
internal static class Cli
{
    /// <summary>The plugin of the tests.</summary>
    public static string TestPlugin { get; } =
        Path.Combine(GoldenSets.ProjectRoot, "tests", "PipelineBackup.TestPlugin", "bin",
        new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "PipelineBackup.TestPlugin.dll");

    public static CliResult Run(params string[] args) => Run(args, CancellationToken.None);

    public static CliResult Run(string[] args, CancellationToken cancellationToken)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var exit = CommandLine.RunAsync(args, new Terminal { Output = output, Error = error }, cancellationToken)
            .GetAwaiter().GetResult();
        return new(exit, output.ToString(), error.ToString());
    }

    /// <summary>Runs with <c>--json</c>: every line must be an object, and the last one the result.</summary>
    public static JsonNode Json(ExitCode expected, params string[] args)
    {
        var run = Run([.. args, "--json"]);
        Assert.True(run.Exit == expected, $"exit {run.Exit}: {run.Output}{run.Error}");
        Assert.EndsWith("\n", run.Output, StringComparison.Ordinal);
        var lines = run.Output[..^1].Split('\n').Select(line => Assert.IsType<JsonObject>(JsonNode.Parse(line)))
            .ToList();
        Assert.All(lines[..^1], line => Assert.Contains(Assert.Single(line).Key, (string[])["progress", "plan"]));
        var result = lines[^1];
        Assert.Equal(["ok", "exit", "error"], result.Select(pair => pair.Key).Take(3));
        Assert.Equal((run.Exit == ExitCode.Done, (int)run.Exit), ((bool)result["ok"]!, (int)result["exit"]!));
        if (run.Exit == ExitCode.Done)
        {
            Assert.Null(result["error"]);
            return result;
        }

        var error = Assert.IsType<JsonObject>(result["error"]);
        Assert.Equal(["code", "name", "message", "hint"], error.Select(pair => pair.Key));
        Assert.NotEqual("", (string?)error["message"]);
        Assert.Equal(error["code"] is null, error["name"] is null);
        return result;
    }

    /// <summary>A command that must end in a certain way.</summary>
    public static CliResult Expect(ExitCode expected, params string[] args)
    {
        var run = Run(args);
        Assert.True(run.Exit == expected, $"exit {run.Exit}: {run.Output}{run.Error}");
        if (expected != ExitCode.Done)
            Assert.Contains("error: ", run.Error, StringComparison.Ordinal);
        return run;
    }

    /// <summary>A copy of the files of a small golden set that a test may write to.</summary>
    public static string CopyOf(string set, string inner = "files") => Copy(Path.Combine(GoldenSets.Small(set), inner));

    /// <summary>A copy of a directory's files.</summary>
    public static string Copy(string from)
    {
        string to = GoldenSets.NewFolder("copy");
        foreach (string directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            File.WriteAllBytes(copy, File.ReadAllBytes(file));
        }

        return to;
    }

    /// <summary>Flips bits of one byte of a file.</summary>
    public static void Flip(string path, long offset, byte bits = 1)
    {
        using var file = File.Open(path, FileMode.Open);
        file.Position = offset;
        int value = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(value ^ bits));
    }

    /// <summary>A store with one backup of a small set.</summary>
    public static (string Store, string Id) StoreWith(string set)
    {
        string store = GoldenSets.NewFolder("store");
        var result = Json(ExitCode.Done, "backup", Path.Combine(GoldenSets.Small(set), "files"), "--to", store);
        return (store, (string)result["id"]!);
    }
}
