using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>list</c>: the backups of a set.</summary>
internal sealed class ListCommand : OperationCommand
{
    private readonly StoreOptions _store = new();

    public ListCommand()
        : base("list", "Lists the backups of a set, oldest first") => _store.AddTo(this);

    /// <inheritdoc/>
    public override string Example => "pipelinebackup list --from /var/backups/dc1";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "listed; the set may be empty"),
        (ExitCode.Refused, "a commit is damaged, or of a newer format; the others are listed"),
        (ExitCode.NotFound, "the store or plugin is not there"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken)
    {
        var set = _store.SetOf(parsed);
        await using var archive = await _store.OpenAsync(parsed, run, cancellationToken);
        var unreadable = new List<(BackupId Id, BackupException Failure)>();
        var backups = await new BackupCatalog(archive, set)
            .ListAsync((id, failure) => unreadable.Add((id, failure)), cancellationToken);
        var first = unreadable.Count > 0 ? CommandFailure.Of(unreadable[0].Failure, isCancelled: false) : null;
        return new()
        {
            Exit = first?.Exit ?? ExitCode.Done,
            Failure = first,
            Fields = new JsonObject
            {
                ["set"] = set.ToString(),
                ["backups"] = JsonOutput.List(backups.Select(Row)),
                ["unreadable"] = JsonOutput.List(unreadable.Select(
                    commit => new JsonObject { ["id"] = commit.Id.ToString(), ["message"] = commit.Failure.Message })),
            },
            Text = output =>
            {
                if (backups.Count > 0)
                    Table(backups).Write(output);
                else if (unreadable.Count == 0)
                    output.Write($"the set '{set}' has no backups\n");
                foreach (var (id, failure) in unreadable)
                    output.Write($"{id}  UNREADABLE: {failure.Message}\n");
            },
        };
    }

    private static TextTable Table(IReadOnlyList<BackupManifest> backups)
    {
        var table = new TextTable("ID", "KIND", "TIME (UTC)", "DATABASES", "STATE", "LOGS", ">STORED", "PARENT");
        foreach (var backup in backups)
        {
            table.Add(backup.Id, JsonOutput.Name(backup.Kind),
                backup.Started.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                backup.Databases.Count == 0 ? "-"
                    : string.Join(",", backup.Databases.Select(database => database.Name)),
                BackupText.State(backup),
                backup.Logs.Count == 0 ? "-"
                    : string.Create(CultureInfo.InvariantCulture, $"{backup.Logs.First}–{backup.Logs.Last}"),
                Quantity.Bytes(backup.Totals.StoredBytes), backup.Parent ?? "-");
        }

        return table;
    }

    private static JsonNode Row(BackupManifest backup) => new JsonObject
    {
        ["id"] = backup.Id,
        ["kind"] = JsonOutput.Name(backup.Kind),
        ["started"] = backup.Started.UtcDateTime,
        ["databases"] = JsonOutput.List(backup.Databases.Select(database => database.Name)),
        ["state"] = BackupText.State(backup),
        ["firstLog"] = backup.Logs.First,
        ["lastLog"] = backup.Logs.Last,
        ["plainBytes"] = backup.Totals.PlainBytes,
        ["storedBytes"] = backup.Totals.StoredBytes,
        ["parent"] = backup.Parent,
    };
}
