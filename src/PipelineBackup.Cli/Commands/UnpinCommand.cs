using System.CommandLine;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>unpin</c>: leaves a backup to the rules again.</summary>
internal sealed class UnpinCommand : OperationCommand
{
    private readonly Argument<string> _id = new("id|latest")
    {
        Description = "Id of a backup; 'latest' is the one that reaches furthest",
    };

    private readonly StoreOptions _store = new();

    public UnpinCommand()
        : base("unpin", "Takes all pins off a backup")
    {
        Add(_id);
        _store.AddTo(this);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup unpin 20261120T120000Z-F-1a2b3c4d --from /var/backups/dc1";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "it has no pin, or none any more"),
        (ExitCode.Refused, "the commit is damaged or of a newer format"),
        (ExitCode.NotFound, "the store, backup or plugin is not there"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(
        ParseResult parsed, Invocation run, CancellationToken cancellationToken)
    {
        var set = _store.SetOf(parsed);
        string id = parsed.GetValue(_id)!;
        await using var sink = await _store.OpenToMarkAsync(parsed, run, cancellationToken);
        var taken = await new BackupPins(sink, set, run.Terminal.Time).UnpinAsync(id, cancellationToken);
        return PinCommand.Result(set, taken,
            pin => $"a pin of {pin.Backup} is taken away{(pin.Note.Length > 0 ? $": {pin.Note}" : "")}\n", $"backup {id} was not pinned\n");
    }
}
