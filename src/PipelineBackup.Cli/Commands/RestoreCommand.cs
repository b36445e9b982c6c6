using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Cli.Recovery;
using PipelineBackup.Ese;

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
            "Publish databases that need recovery as they were backed up, with their logs beside them; without it they "
            + "are recovered first, and published clean and without logs",
    };

    private readonly Option<string?> _rollForward = new("--roll-forward")
    {
        Description = "Go on with later logs of the same stream, from this directory, which is only read",
        HelpName = "LOGDIR",
    };

    private readonly Option<string?> _stopAt = new("--stop-at")
    {
        Description = "End replay behind a log generation, or before what was logged later than a time (ISO 8601)",
        HelpName = "GEN|TIME",
    };

    public RestoreCommand()
        : base("restore",
            "Restores a backup and all that it builds on, recovers its databases, and verifies every page before anything is "
            + "published")
    {
        Add(_id);
        _store.AddTo(this);
        foreach (var option in (Option[])[_to, _staging, _database, _map, _rollForward, _stopAt, _noRecover])
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
            "nothing is published: the store is damaged, or the databases cannot be recovered"),
        (ExitCode.NotFound, "the store, backup, database or plugin is not there"),
        (ExitCode.InUse, "another restore into this directory is running"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken)
    {
        var set = _store.SetOf(parsed);
        var map = PathMap.Parse(parsed.GetValue(_map)!);
        var generation = LogGeneration.None;
        var stopTime = parsed.GetValue(_stopAt) is { } stop ? StopPoint.Parse(stop, out generation) : null;
        await using var archive = await _store.OpenAsync(parsed, run, cancellationToken);
        using var progress = run.StartProgress("restore");
        var options = new RestoreOptions
        {
            Target = parsed.GetValue(_to)!,
            Staging = parsed.GetValue(_staging),
            Set = set,
            Databases = parsed.GetValue(_database)!,
            Map = map,
            SkipRecovery = parsed.GetValue(_noRecover),
            RollForward = parsed.GetValue(_rollForward),
            StopGeneration = generation.Value,
            StopTime = stopTime,
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
                ["recovery"] = Recovery(report.Recovery),
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
        if (report.Recovery is { } recovery)
            WriteRecovery(output, recovery);
        if (report.NeedsRecovery)
            output.Write("  note       RECOVERY IS NEEDED: replay the logs beside the databases before use\n");
        BackupText.WriteDamage(output, "bad page", report.BadPages);
    }

    /// <summary>What a recovery did, as JSON; null when there was none.</summary>
    internal static JsonObject? Recovery(RecoverySummary? recovery) => recovery is null ? null : new()
    {
        ["reached"] = recovery.Reached,
        ["reachedTime"] = recovery.ReachedTime?.ToString("O", CultureInfo.InvariantCulture),
        ["records"] = recovery.Records,
        ["logBytes"] = recovery.LogBytes,
        ["pagesRedone"] = recovery.PagesRedone,
        ["rolledBack"] = recovery.RolledBack,
        ["remarks"] = JsonOutput.List(recovery.Remarks),
    };

    /// <summary>Writes what a recovery did for people.</summary>
    internal static void WriteRecovery(TextWriter output, RecoverySummary recovery)
    {
        string time = recovery.ReachedTime?.ToString(", yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) ?? "";
        output.Write($"  recovered  to {recovery.Reached}{time}: {Quantity.Count(recovery.Records, "log record")}, "
            + $"{Quantity.Count(recovery.RolledBack, "transaction")} rolled back\n");
        foreach (string remark in recovery.Remarks)
            output.Write($"  note       {remark}\n");
    }
}
