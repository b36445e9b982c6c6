using System.CommandLine;
using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>restore</c>: brings a backup back into a directory.</summary>
internal sealed class RestoreCommand : OperationCommand
{
    private readonly Argument<string> _id = new("id|latest")
    {
        Description = "Id of a backup; 'latest' is the one that reaches furthest",
    };

    private readonly StoreOptions _store = new();

    private readonly Option<string> _to = new("--to")
    {
        Description = "The directory to restore into; made when it is not there, and nothing in it is overwritten",
        HelpName = "directory",
        Required = true,
    };

    private readonly Option<string?> _staging = new("--staging")
    {
        Description =
            "Where the files are put together before they are published, on the same volume as the target; without "
            + "it a directory inside the target",
        HelpName = "DIR",
    };

    private readonly Option<string[]> _database =
        Repeated("--database", "NAME", "Restore only this database; may be given several times");

    private readonly Option<string[]> _map = Repeated("--map", "OLD=NEW",
        "Put a database, named by its original path or file name, to another path, absolute or relative to the "
        + "target; may be given several times");

    private readonly Option<bool> _noRecover = new("--no-recover")
    {
        Description =
            "Publish databases that need recovery as they were backed up, with their logs beside them; without it "
            + "such a backup is refused",
    };

    public RestoreCommand()
        : base("restore",
            "Restores a backup and all that it builds on; every page is verified again before anything is published")
    {
        Add(_id);
        _store.AddTo(this);
        foreach (var option in (Option[])[_to, _staging, _database, _map, _noRecover])
            Add(option);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup restore latest --from /var/backups/dc1 --to /restored/dc1";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "restored"),
        (ExitCode.Failed, "failed, and nothing is published; also: a file is in the way, as nothing is overwritten"),
        (ExitCode.Damaged, "restored, with the damage that the backup recorded"),
        (ExitCode.Refused,
            "nothing is published: the store is damaged, or the databases need recovery and --no-recover is not given"),
        (ExitCode.NotFound, "the store, backup, database or plugin is not there"),
        (ExitCode.InUse, "another restore into this directory is running"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken)
    {
        var set = _store.SetOf(parsed);
        var map = MapOf(parsed.GetValue(_map)!);
        await using var archive = _store.Open(parsed, run);
        using var progress = run.StartProgress("restore");
        var options = new RestoreOptions
        {
            Target = parsed.GetValue(_to)!,
            Staging = parsed.GetValue(_staging),
            Set = set,
            Databases = parsed.GetValue(_database)!,
            Map = map,
            SkipRecovery = parsed.GetValue(_noRecover),
            Progress = progress,
            Logger = run,
            Time = run.Terminal.Time,
        };
        var report = await new RestorePipeline(archive, options).RunAsync(parsed.GetValue(_id)!, cancellationToken);
        return new()
        {
            Exit = report.ExitCode,
            Failure = report.ExitCode == ExitCode.Done ? null
                : BackupText.RecordedDamage(report.Manifest, "restored", report.BadPages),
            Fields = new JsonObject
            {
                ["id"] = report.Manifest.Id,
                ["set"] = set.ToString(),
                ["chain"] = JsonOutput.List(report.Chain),
                ["target"] = report.Target,
                ["files"] = JsonOutput.List(report.Files),
                ["needsRecovery"] = report.NeedsRecovery,
                ["finishedInterrupted"] = report.FinishedInterrupted,
                ["badPages"] = BackupText.Pages(report.BadPages),
                ["plainBytes"] = report.PlainBytes,
                ["fetchedBytes"] = report.FetchedBytes,
                ["durationSeconds"] = report.Duration.TotalSeconds,
            },
            Text = output => Write(output, report),
        };
    }

    private static void Write(TextWriter output, RestoreReport report)
    {
        output.Write($"backup {report.Manifest.Id} is restored to {report.Target}\n");
        output.Write($"  chain      {string.Join(" > ", report.Chain)}\n");
        foreach (string file in report.Files)
            output.Write($"  file       {file}\n");
        output.Write(
            $"  restored   {Quantity.Bytes(report.PlainBytes)}, read {Quantity.Bytes(report.FetchedBytes)} in "
            + $"{Quantity.Duration(report.Duration)}\n");
        if (report.NeedsRecovery)
            output.Write("  note       RECOVERY IS NEEDED: replay the logs beside the databases before use\n");
        BackupText.WriteDamage(output, "bad page", report.BadPages);
    }

    // Original paths compare as Windows paths do, whatever system this is.
    private static Dictionary<string, string> MapOf(string[] pairs)
    {
        var map = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string pair in pairs)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == pair.Length - 1)
                throw new UsageException($"'{pair}' maps nothing",
                    "write --map OLD=NEW, for instance --map ntds.dit=restored/ntds.dit");
            if (!map.TryAdd(pair[..equals], pair[(equals + 1)..]))
                throw new UsageException($"'{pair[..equals]}' is mapped twice", "name each database once");
        }

        return map;
    }
}
