using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Demo;

/// <summary>Does the steps of a demonstration, most of them the very command lines that a user would type.</summary>
/// <param name="folder">The directory to work in.</param>
/// <param name="run">Where to tell.</param>
/// <param name="steps">Takes the steps that were done.</param>
internal abstract class DemoSteps(string folder, Invocation run, List<DemoStep> steps)
{
    /// <summary>Where to tell.</summary>
    protected Invocation Run => run;

    /// <summary>Runs a command line of the program.</summary>
    /// <param name="title">What the step does.</param>
    /// <param name="args">The command line.</param>
    /// <param name="expected">How it must end.</param>
    /// <param name="describe">Tells what it did.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether it ended so.</returns>
    protected async Task<bool> CommandAsync(
        string title, string[] args, ExitCode expected, Func<JsonNode, string> describe,
        CancellationToken cancellationToken)
    {
        using var output = new StringWriter();
        long started = run.Terminal.Time.GetTimestamp();
        var terminal = new Terminal { Output = output, Error = TextWriter.Null, Time = run.Terminal.Time };
        var exit = await CommandLine.RunAsync([.. args, "--json"], terminal, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var result = JsonNode.Parse(output.ToString().TrimEnd('\n').Split('\n')[^1])!;
        bool ok = exit == expected;
        string command = "pipelinebackup "
            + string.Join(' ', args.Select(arg => arg.Contains(' ', StringComparison.Ordinal) ? $"\"{arg}\"" : arg));
        return Note(new(title, command, ok,
            ok ? describe(result) : $"exit {(int)exit}, not {(int)expected}: {(string?)result["error"]?["message"]}",
            Since(started)));
    }

    /// <summary>Does a step that is no command line.</summary>
    protected bool Do(string title, Func<(bool Ok, string Detail)> action)
    {
        long started = run.Terminal.Time.GetTimestamp();
        var (ok, detail) = action();
        return Note(new(title, "", ok, detail, Since(started)));
    }

    /// <summary>Does a step that is no command line, and waits.</summary>
    protected async Task<bool> DoAsync(string title, Func<Task<(bool Ok, string Detail)>> action)
    {
        long started = run.Terminal.Time.GetTimestamp();
        var (ok, detail) = await action();
        return Note(new(title, "", ok, detail, Since(started)));
    }

    private bool Note(DemoStep step)
    {
        steps.Add(step);
        Tell($"\n{steps.Count}. {char.ToUpperInvariant(step.Title[0])}{step.Title[1..]}");
        if (!run.Json)
            step.Write(run.Terminal.Output);
        return step.Ok;
    }

    /// <summary>Writes a line for people.</summary>
    protected void Tell(string text)
    {
        if (!run.Json)
            run.Terminal.Output.Write(text + "\n");
    }

    private TimeSpan Since(long started) => run.Terminal.Time.GetElapsedTime(started);

    /// <summary>A place in the directory.</summary>
    protected string In(string name) => Path.Combine(folder, name);

    /// <summary>Tells what a command did.</summary>
    protected static string Backup(JsonNode result)
    {
        var totals = result["manifest"]!["totals"]!;
        long pages = result["manifest"]!["databases"]!.AsArray().Sum(database => (long)database!["verifiedPages"]!);
        string logs = (int)result["manifest"]!["logs"]!["count"]! is > 0 and var count
            ? $", {Quantity.Count(count, "log")}"
            : "";
        return $"{Quantity.Count(pages, "page")} verified{logs}; {Bytes(totals, "plainBytes")} stored in "
            + $"{Bytes(totals, "storedBytes")}";
    }

    /// <summary>Tells what a command did.</summary>
    protected static string Restore(JsonNode result)
    {
        string recovery = (bool)result["needsRecovery"]! ? "; RECOVERY IS NEEDED before use"
            : result["recovery"] is { } done ? $"; recovered with {Quantity.Count((long)done["records"]!, "log record")}" : "";
        return $"{Quantity.Count(result["files"]!.AsArray().Count, "file")}, {Bytes(result, "plainBytes")}{recovery}";
    }

    /// <summary>Tells what a command did.</summary>
    protected static string Check(JsonNode result) =>
        $"{Quantity.Count((long)result["pages"]!, "page")}, {Quantity.Count((long)result["rows"]!, "row")}, nothing is wrong";

    /// <summary>Tells what a command did.</summary>
    protected static string Refused(JsonNode result) =>
        $"refused as it should be: {(string?)result["error"]?["message"]}";

    /// <summary>Tells what a command did.</summary>
    protected static string Bytes(JsonNode node, string name) => Quantity.Bytes((long)node[name]!);
}
