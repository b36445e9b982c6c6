using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>drill</c>: proves that a backup can be restored, by restoring it.</summary>
internal sealed class DrillCommand : OperationCommand
{
    private readonly Argument<string> _id = new("id|latest")
    {
        Description = "Id of a backup; 'latest' is the one that reaches furthest",
    };

    private readonly StoreOptions _store = new();

    private readonly Option<string?> _scratch = new("--scratch")
    {
        Description = "Where the drill makes a directory to restore into, which it deletes; without it the system's for "
            + "temporary files",
        HelpName = "DIR",
    };

    private readonly Option<bool> _noMark = new("--no-mark") { Description = "Write no receipt into the store" };

    public DrillCommand()
        : base("drill",
            "Restores a backup to a scratch directory, recovers it, checks every tree and index, deletes it again, and "
            + "leaves a receipt in the store")
    {
        Add(_id);
        _store.AddTo(this);
        Add(_scratch);
        Add(_noMark);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup drill latest --from /var/backups/dc1 --scratch /scratch";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "the backup can be restored, and what comes out is sound"),
        (ExitCode.Failed,
            "failed for a reason that is not the backup's, such as a full disk; or the receipt could not be written"),
        (ExitCode.Damaged, "it can be restored, with the damage that the backup recorded"),
        (ExitCode.Refused, "it cannot be restored, or what comes out is not sound"),
        (ExitCode.NotFound, "the store, backup or plugin is not there"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(
        ParseResult parsed, Invocation run, CancellationToken cancellationToken)
    {
        var set = _store.SetOf(parsed);
        await using var sink = await _store.OpenToMarkAsync(parsed, run, cancellationToken);
        DrillReport report;
        using (var progress = run.StartProgress("drill"))
        {
            var options = new DrillOptions { Set = set, Progress = progress, Logger = run, Time = run.Terminal.Time };
            if (parsed.GetValue(_scratch) is { } scratch)
                options = options with { Scratch = scratch };
            report = await new RestoreDrill(sink, options).RunAsync(parsed.GetValue(_id)!, cancellationToken);
        }

        var receipt = parsed.GetValue(_noMark)
            ? null : (ObjectName?)await RestoreDrill.WriteReceiptAsync(sink, set, report, cancellationToken);
        return new()
        {
            Exit = report.ExitCode,
            Failure = FailureOf(report),
            Fields = ToJson(report, set, receipt),
            Text = output => Write(output, report, receipt),
        };
    }

    private static CommandFailure? FailureOf(DrillReport report) => report.ExitCode switch
    {
        ExitCode.Done => null,
        ExitCode.Damaged =>
            BackupText.RecordedDamage(report.Restore.Manifest, "restored in the drill", report.Restore.BadPages),
        var exit => new(exit,
            $"the restored database '{report.Databases.First(database => database.Findings.Count > 0).Name}' is not sound: "
            + report.Databases.First(database => database.Findings.Count > 0).Findings[0],
            "restore it and run 'ese check'; drill an older backup, and make a full one soon", JetError.ReadVerifyFailure),
    };

    private static JsonObject ToJson(DrillReport report, BackupSet set, ObjectName? receipt) => new()
    {
        ["id"] = report.Restore.Manifest.Id,
        ["set"] = set.ToString(),
        ["chain"] = JsonOutput.List(report.Restore.Chain),
        ["recovery"] = RestoreCommand.Recovery(report.Restore.Recovery),
        ["databases"] = JsonOutput.List(report.Databases.Select(database => new JsonObject
        {
            ["name"] = database.Name,
            ["pages"] = database.Pages,
            ["rows"] = database.Rows,
            ["indexEntries"] = database.IndexEntries,
            ["longValues"] = database.LongValues,
            ["findings"] = JsonOutput.List(database.Findings),
        })),
        ["badPages"] = BackupText.Pages(report.Restore.BadPages),
        ["plainBytes"] = report.Restore.PlainBytes,
        ["receipt"] = receipt?.ToString(),
        ["restoreSeconds"] = report.Restore.Duration.TotalSeconds,
        ["checkSeconds"] = report.CheckDuration.TotalSeconds,
        ["durationSeconds"] = report.Duration.TotalSeconds,
    };

    private static void Write(TextWriter output, DrillReport report, ObjectName? receipt)
    {
        string verdict = report.ExitCode == ExitCode.Refused ? "comes back, but not as it should be" : "can be restored";
        output.Write($"backup {report.Restore.Manifest.Id} {verdict}\n");
        output.Write($"  chain      {string.Join(" > ", report.Restore.Chain)}\n");
        if (report.Restore.Recovery is { } recovery)
            RestoreCommand.WriteRecovery(output, recovery);
        foreach (var database in report.Databases)
        {
            output.Write(string.Create(CultureInfo.InvariantCulture,
                $"  database   {database.Name}: {Quantity.Count(database.Pages, "page")}, {Quantity.Count(database.Rows, "row")}, "
                + $"{Quantity.Count(database.IndexEntries)} index entries, {Quantity.Count(database.LongValues, "long value")}\n"));
            foreach (string finding in database.Findings)
                output.Write($"  finding    {finding}\n");
        }

        output.Write($"  took       {Quantity.Duration(report.Duration)}: {Quantity.Bytes(report.Restore.PlainBytes)} restored in "
            + $"{Quantity.Duration(report.Restore.Duration)}, checked in {Quantity.Duration(report.CheckDuration)}\n");
        if (receipt is { } name)
            output.Write($"  receipt    {name}\n");
        BackupText.WriteDamage(output, "bad page", report.Restore.BadPages);
    }
}
