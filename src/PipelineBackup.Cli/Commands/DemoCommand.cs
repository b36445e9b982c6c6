using System.CommandLine;
using System.Text.Json.Nodes;
using PipelineBackup.Cli.Demo;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>demo</c>: the main job, on a living database whose engine is killed.</summary>
internal sealed class DemoCommand : OperationCommand
{
    private readonly Option<string?> _keep = new("--keep")
    {
        Description =
            "Work in this directory, which must be empty or not there, and leave everything in it; without it a "
            + "temporary directory, which is deleted",
        HelpName = "DIR",
    };

    public DemoCommand()
        : base("demo",
            "Backs up a database while several sessions write to it, kills its engine, restores, and proves row by row "
            + "what must be there") => Add(_keep);

    /// <inheritdoc/>
    public override string Example => "pipelinebackup demo --keep demo-files";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "every step ended as it should, and every row is what it must be"),
        (ExitCode.Failed, "a step did not"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken)
    {
        string? keep = parsed.GetValue(_keep);
        if (keep is not null
            && (File.Exists(keep) || (Directory.Exists(keep) && Directory.EnumerateFileSystemEntries(keep).Any())))
            throw new UsageException($"'{keep}' is not an empty directory", "name one that is empty or not there");
        string folder = keep is null
            ? Directory.CreateTempSubdirectory("pipelinebackup-demo-").FullName
            : Directory.CreateDirectory(keep).FullName;
        try
        {
            var demonstration = new Demonstration(folder, run);
            bool ok = await demonstration.RunAsync(cancellationToken);
            return new()
            {
                Exit = ok ? ExitCode.Done : ExitCode.Failed,
                Failure = ok ? null
                    : new(ExitCode.Failed,
                    $"the demonstration failed at: {demonstration.Steps[^1].Title}: {demonstration.Steps[^1].Detail}",
                    "run it again with --keep DIR and look at the files"),
                Fields = new JsonObject
                {
                    ["folder"] = keep is null ? null : folder,
                    ["steps"] = JsonOutput.List(demonstration.Steps.Select(step => step.ToJson())),
                },
                Text = output => output.Write(ok
                    ? $"\nEvery row is what it must be.{(keep is null ? "" : $" Everything is in {folder}")}\n"
                    : "\nNot everything is as it must be.\n"),
            };
        }
        finally
        {
            if (keep is null)
                Directory.Delete(folder, recursive: true);
        }
    }
}
