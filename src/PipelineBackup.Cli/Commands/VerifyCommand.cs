using System.CommandLine;
using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>verify</c>: reads a backup and all that it builds on, and proves every byte.</summary>
internal sealed class VerifyCommand : OperationCommand
{
    private readonly Argument<string> _id = new("id|latest")
    {
        Description = "Id of a backup; 'latest' is the one that reaches furthest",
    };

    private readonly StoreOptions _store = new();

    public VerifyCommand()
        : base("verify",
            "Reads a backup and all that it builds on: digests, checksums, every page, every log, and that it is "
            + "complete")
    {
        Add(_id);
        _store.AddTo(this);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup verify latest --from /var/backups/dc1";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "everything is as it should be"),
        (ExitCode.Damaged, "the only damage is what the backup itself recorded"),
        (ExitCode.Refused, "the store holds damage that the backup does not know of"),
        (ExitCode.NotFound, "the store, backup or plugin is not there"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken)
    {
        var set = _store.SetOf(parsed);
        await using var archive = await _store.OpenAsync(parsed, run, cancellationToken);
        using var progress = run.StartProgress("verify");
        var options =
            new VerificationOptions { Set = set, Progress = progress, Logger = run, Time = run.Terminal.Time };
        var report = await new VerificationPipeline(archive, options)
            .RunAsync(parsed.GetValue(_id)!, cancellationToken);
        return new()
        {
            Exit = report.ExitCode,
            Failure = FailureOf(report),
            Fields = new JsonObject
            {
                ["id"] = report.Manifest.Id,
                ["set"] = set.ToString(),
                ["chain"] = JsonOutput.List(report.Chain),
                ["damage"] = JsonOutput.List(report.Damage),
                ["badPages"] = BackupText.Pages(report.BadPages),
                ["needsRecovery"] = report.NeedsRecovery,
                ["plainBytes"] = report.PlainBytes,
                ["fetchedBytes"] = report.FetchedBytes,
                ["durationSeconds"] = report.Duration.TotalSeconds,
            },
            Text = output => Write(output, report),
        };
    }

    private static CommandFailure? FailureOf(VerificationReport report) => report.ExitCode switch
    {
        ExitCode.Done => null,
        ExitCode.Damaged =>
            BackupText.RecordedDamage(report.Manifest, "sound but for what it recorded:", report.BadPages),
        var exit => new(exit,
            $"the store is damaged: {(report.Damage.Count > 0 ? report.Damage[0] : "see the report")}",
            "restore an older backup or from a second store, and make a full backup soon", JetError.ReadVerifyFailure),
    };

    private static void Write(TextWriter output, VerificationReport report)
    {
        string verdict = report.ExitCode == ExitCode.Done ? "is sound" : "is not as it should be";
        output.Write($"backup {report.Manifest.Id} {verdict}\n");
        output.Write($"  chain      {string.Join(" > ", report.Chain)}\n");
        output.Write(
            $"  verified   {Quantity.Bytes(report.PlainBytes)}, read {Quantity.Bytes(report.FetchedBytes)} in "
            + $"{Quantity.Duration(report.Duration)}\n");
        if (report.NeedsRecovery)
            output.Write("  note       the databases must be recovered with its logs before use\n");
        foreach (string line in report.Damage)
            output.Write($"  damage     {line}\n");
        BackupText.WriteDamage(output, "bad page", report.BadPages);
    }
}
