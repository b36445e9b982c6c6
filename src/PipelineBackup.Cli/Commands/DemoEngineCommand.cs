using System.CommandLine;
using PipelineBackup.Cli.Demo;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>demo-engine</c>: the process that <c>demo</c> starts and kills. No one else needs it.</summary>
internal sealed class DemoEngineCommand : OperationCommand
{
    /// <summary>What it is called.</summary>
    public const string Word = "demo-engine";

    private readonly Argument<string> _folder = new("directory") { Description = "The directory of the demonstration" };

    public DemoEngineCommand()
        : base(Word, "Writes to a database and backs it up until it is killed, or its input ends")
    {
        Hidden = true;
        Add(_folder);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup demo-engine demo-files --json";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits => [(ExitCode.Failed, "it could not go on")];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Whoever started it holds its input: when that one is gone, it is not left behind.
        var input = Task.Run(() =>
        {
            using var stream = Console.OpenStandardInput();
            while (stream.ReadByte() >= 0)
            {
            }

            ending.Cancel();
        }, CancellationToken.None);
        await new DemoEngine(parsed.GetValue(_folder)!, run).RunAsync(ending.Token);
        await input;
        return new() { Fields = [], Text = _ => { } };
    }
}
