using System.CommandLine;
using System.Text.Json.Nodes;
using PipelineBackup.Cli.Demo;

namespace PipelineBackup.Cli.Commands;

/// <summary>
/// <c>demo</c>: the whole way, of a living database and of databases that the engine of Windows wrote.
/// </summary>
internal sealed class DemoCommand : OperationCommand
{
    private readonly Option<string?> _keep = new("--keep")
    {
        Description =
            "Work in this directory, which must be empty or not there, and leave everything in it; without it a "
            + "temporary directory, which is deleted",
        HelpName = "DIR",
    };

    // Not for people: the process with the database, which the demonstration kills.
    private readonly Option<string?> _engineIn = new("--engine-in") { Hidden = true };

    public DemoCommand()
        : base("demo",
            "Backs up a living database while it is written to, kills its engine, restores and recovers it and proves it "
            + "row by row; then the same with files that the engine of Windows wrote, and a flipped bit in a store")
    {
        Add(_keep);
        Add(_engineIn);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup demo --keep demo-files";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "every step ended as it should, and everything compared equal"),
        (ExitCode.Failed, "a step did not"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_engineIn) is { } place)
        {
            await new DemoEngine(place, run).RunAsync(Console.In, cancellationToken);
            return new() { Fields = [], Text = _ => { } };
        }

        string? keep = parsed.GetValue(_keep);
        if (keep is not null
            && (File.Exists(keep) || (Directory.Exists(keep) && Directory.EnumerateFileSystemEntries(keep).Any())))
            throw new UsageException($"'{keep}' is not an empty directory", "name one that is empty or not there");
        string folder = keep is null
            ? Directory.CreateTempSubdirectory("pipelinebackup-demo-").FullName
            : Directory.CreateDirectory(keep).FullName;
        try
        {
            var steps = new List<DemoStep>();
            bool ok = await new LiveDemonstration(folder, run, steps).RunAsync(cancellationToken)
                && await new FilesDemonstration(folder, run, steps).RunAsync(cancellationToken);
            return new()
            {
                Exit = ok ? ExitCode.Done : ExitCode.Failed,
                Failure = ok ? null
                    : new(ExitCode.Failed,
                    $"the demonstration failed at: {steps[^1].Title}: {steps[^1].Detail}",
                    "run it again with --keep DIR and look at the files"),
                Fields = new JsonObject
                {
                    ["folder"] = keep is null ? null : folder,
                    ["steps"] = JsonOutput.List(steps.Select(step => step.ToJson())),
                },
                Text = output => output.Write(ok
                    ? $"\nAll of it came back as it was.{(keep is null ? "" : $" Everything is in {folder}")}\n"
                    : "\nNot everything came back as it was.\n"),
            };
        }
        finally
        {
            if (keep is null)
                Directory.Delete(folder, recursive: true);
        }
    }
}
