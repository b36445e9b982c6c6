using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>pin</c>: keeps a backup from every expiry; without a backup, shows the pins.</summary>
internal sealed class PinCommand : OperationCommand
{
    private readonly Argument<string?> _id = new("id|latest")
    {
        Description = "Id of a backup; 'latest' is the one that reaches furthest. Without it the pins of the set are shown",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly StoreOptions _store = new();

    private readonly Option<string> _note = new("--note")
    {
        Description = "Why; it is shown with the pin",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "",
    };

    public PinCommand()
        : base("pin", "Keeps a backup, and all that it builds on, from every expiry, until it is unpinned")
    {
        Add(_id);
        _store.AddTo(this);
        Add(_note);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup pin latest --from /var/backups/dc1 --note upgrade";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "pinned, or the pins are shown"),
        (ExitCode.Refused, "the commit is damaged or of a newer format"),
        (ExitCode.NotFound, "the store, backup or plugin is not there"),
        (ExitCode.InUse, "an expiry is about to remove the backup"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(
        ParseResult parsed, Invocation run, CancellationToken cancellationToken)
    {
        var set = _store.SetOf(parsed);
        string note = parsed.GetValue(_note)!;
        if (note.Length > BackupPins.MaxNoteLength)
        {
            throw new UsageException("the note is too long",
                string.Create(CultureInfo.InvariantCulture, $"it may have {BackupPins.MaxNoteLength} characters"));
        }

        await using var sink = await _store.OpenToMarkAsync(parsed, run, cancellationToken);
        var pins = new BackupPins(sink, set, run.Terminal.Time);
        if (parsed.GetValue(_id) is { } id)
            return Result(set, [await pins.PinAsync(id, note, cancellationToken)], pin => $"backup {pin.Backup} is pinned\n");
        var all = await pins.ListAsync(cancellationToken);
        return Result(set, all, Line, $"no backup of the set '{set}' is pinned\n");
    }

    /// <summary>Pins as a command tells them.</summary>
    /// <param name="set">The set.</param>
    /// <param name="pins">The pins.</param>
    /// <param name="line">One of them for people.</param>
    /// <param name="none">What is told when there is none.</param>
    public static CommandResult Result(
        BackupSet set, IReadOnlyList<BackupPin> pins, Func<BackupPin, string> line, string none = "") => new()
        {
            Fields = new JsonObject
            {
                ["set"] = set.ToString(),
                ["pins"] = JsonOutput.List(pins.Select(pin => new JsonObject
                {
                    ["id"] = pin.Backup,
                    ["time"] = pin.Time.UtcDateTime,
                    ["note"] = pin.Note,
                    ["object"] = pin.Name.ToString(),
                })),
            },
            Text = output => output.Write(pins.Count == 0 ? none : string.Concat(pins.Select(line))),
        };

    private static string Line(BackupPin pin) => string.Create(CultureInfo.InvariantCulture,
        $"{pin.Backup}  {pin.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss}  {pin.Note}").TrimEnd() + "\n";
}
