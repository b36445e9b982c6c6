using System.CommandLine;
using PipelineBackup.Cli.Recovery;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>ese recover</c>: replays logs into databases, in copies or in place.</summary>
internal sealed class EseRecoverCommand : OperationCommand
{
    private readonly Argument<string> _directory = new("directory")
    {
        Description = "The directory with the databases and their logs; of a backup of the engine to a directory, that",
    };

    private readonly Option<string?> _copyTo = Text("--copy-to", "DIR",
        "Copy the files to an empty directory and recover the copies; the originals are only read");

    private readonly Option<bool> _inPlace = Switch("--in-place", "Recover the files where they are");

    private readonly Option<string?> _base = Text("--base", "NAME",
        "Three characters that the names of the logs begin with; found by itself when there is one stream");

    private readonly Option<bool> _hard = Switch("--hard",
        "Restore with the logs of a backup, though no database says it is a copy of one; otherwise found by itself");

    private readonly Option<string[]> _backupLogs = Repeated("--backup-logs", "DIR",
        "More logs of the backup, as of an incremental one, in the order of the backups; may be given several times");

    private readonly Option<string?> _logs = Text("--logs", "DIR",
        "Later logs to roll forward with; of a backup set they are only read");

    private readonly Option<string?> _logPath = Text("--log-path", "DIR",
        "Where the logs of undo go, together with --checkpoint-path");

    private readonly Option<string?> _checkpointPath = Text("--checkpoint-path", "DIR",
        "Where the checkpoint is and goes");

    private readonly Option<string?> _gen = Text("--gen", "LOW:HIGH",
        "The range of the logs of the backup; decimal, or hexadecimal with 0x");

    private readonly Option<string[]> _only = Repeated("--only", "DB",
        "Recover only this database; may be given several times");

    private readonly Option<string[]> _map = Repeated("--map", "OLD=NEW",
        "A database, named by its path in the logs or its file name, goes or is elsewhere; may be given several times");

    private readonly Option<bool> _strictMap = Switch("--strict-map",
        "Fail when a database that is left out is attached at the end of the logs");

    private readonly Option<string?> _stopAt = Text("--stop-at", "GEN|TIME",
        "End replay behind a generation, or before what was logged later than a time (ISO 8601)");

    private readonly Option<bool> _stopOnGap = Switch("--stop-on-gap",
        "End replay at a gap of the logs instead of failing, once the databases have what they need");

    private readonly Option<bool> _ignoreLostLogs = Switch("--ignore-lost-logs",
        "Give up the transactions of logs that are missing or damaged, as long as the databases become consistent");

    private readonly Option<bool> _ignoreMissing = Switch("--ignore-missing-db",
        "Leave out databases that are missing");

    private readonly Option<bool> _noUndo = Switch("--no-undo",
        "Replay only: the databases stay dirty, for a later recovery to go on with");

    public EseRecoverCommand()
        : base("recover",
            "Replays logs into databases that were not shut down cleanly, or restores a backup set, and rolls back what "
            + "was not committed")
    {
        Add(_directory);
        Option[] options =
        [
            _copyTo, _inPlace, _base, _hard, _backupLogs, _logs, _logPath, _checkpointPath, _gen, _only, _map,
            _strictMap, _stopAt, _stopOnGap, _ignoreLostLogs, _ignoreMissing, _noUndo,
        ];
        foreach (var option in options)
            Add(option);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup ese recover /evidence/ntds --copy-to /recovered/ntds";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "recovered"),
        (ExitCode.Damaged, "recovered, but databases are missing"),
        (ExitCode.Refused, "logs or databases are damaged or missing, or do not belong together"),
        (ExitCode.NotFound, "the directory is not there, or holds nothing to recover"),
        (ExitCode.InUse, "a file is open elsewhere"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(
        ParseResult parsed, Invocation run, CancellationToken cancellationToken)
    {
        var arguments = Read(parsed);
        var job = RecoveryJob.Plan(arguments);
        if (run.Json)
            JsonOutput.Write(run.Terminal.Output, RecoveryText.PlanJson(job));
        else
            RecoveryText.WritePlan(run.Terminal.Output, job, arguments);
        long started = run.Terminal.Time.GetTimestamp();
        try
        {
            var report = arguments.CopyTo is null
                ? await RecoverAsync(job, run, cancellationToken)
                : await RecoverCopyAsync(job, run, cancellationToken);
            return Result(job, report, run.Terminal.Time.GetElapsedTime(started));
        }
        catch (EseException wrong) when (wrong.Error == EseError.InvalidParameter)
        {
            throw new BackupException(wrong.Message, wrong)
            {
                Hint = wrong.Hint,
                Error = CommandFailure.Jet(wrong.Error),
                ExitCode = ExitCode.Usage,
            };
        }
    }

    private static CommandResult Result(RecoveryJob job, RecoveryReport report, TimeSpan took)
    {
        var missing = report.Databases.FirstOrDefault(database => database.Outcome == RecoveryOutcome.Missing);
        return new()
        {
            Exit = missing is null ? ExitCode.Done : ExitCode.Damaged,
            Failure = missing is null ? null : CommandFailure.Of(ExitCode.Damaged, EseError.AttachedDatabaseMismatch,
                $"'{missing.LoggedPath}' was left out: {missing.Reason}",
                "map it to the place where it is, or name those that are wanted with --only"),
            Fields = RecoveryText.Fields(job, report, took),
            Text = output => RecoveryText.Write(output, report, took),
        };
    }

    private static async Task<RecoveryReport> RecoverCopyAsync(
        RecoveryJob job, Invocation run, CancellationToken cancellationToken)
    {
        using var copy = RecoveryCopy.Claim(job.Target, job.BaseName);
        copy.Begin(job.Copies);
        foreach (var (from, to) in job.Copies)
            await RecoveryCopy.CopyAsync(from, to, cancellationToken);
        var report = await RecoverAsync(job, run, cancellationToken);
        copy.Finish();
        return report;
    }

    private static async Task<RecoveryReport> RecoverAsync(
        RecoveryJob job, Invocation run, CancellationToken cancellationToken)
    {
        using var progress = run.StartProgress("recover");
        var time = run.Terminal.Time;
        return await Task.Run(
            () => job.IsHard
                ? new HardRecovery(job.ToHard() with { Progress = progress, Time = time }).Run(cancellationToken)
                : new SoftRecovery(job.ToSoft() with { Progress = progress, Time = time }).Run(cancellationToken),
            cancellationToken);
    }

    private RecoverArguments Read(ParseResult parsed)
    {
        string? copyTo = parsed.GetValue(_copyTo);
        if (copyTo is null != parsed.GetValue(_inPlace))
        {
            throw new UsageException("either --copy-to DIR or --in-place is needed, and not both",
                "--copy-to leaves the files as they are");
        }

        if (parsed.GetValue(_base) is { Length: not 3 } wrong)
            throw new UsageException($"'{wrong}' is no base name", "a base name has three characters, such as edb or E00");
        var stop = parsed.GetValue(_stopAt) is { } text
            ? StopPoint.Parse(text, out var generation) is { } time
                ? new RecoveryStop { Time = LogTime.From(time) }
                : new RecoveryStop { Generation = generation }
            : null;
        return new()
        {
            Directory = parsed.GetValue(_directory)!,
            CopyTo = copyTo,
            BaseName = parsed.GetValue(_base),
            Hard = parsed.GetValue(_hard),
            BackupLogs = parsed.GetValue(_backupLogs)!,
            Logs = parsed.GetValue(_logs),
            LogPath = parsed.GetValue(_logPath),
            CheckpointPath = parsed.GetValue(_checkpointPath),
            Range = parsed.GetValue(_gen) is { } range ? StopPoint.ParseRange(range) : default,
            Only = parsed.GetValue(_only)!,
            Map = PathMap.Parse(parsed.GetValue(_map)!),
            StrictMap = parsed.GetValue(_strictMap),
            StopAt = stop,
            StopOnGap = parsed.GetValue(_stopOnGap),
            IgnoreLostLogs = parsed.GetValue(_ignoreLostLogs),
            IgnoreMissing = parsed.GetValue(_ignoreMissing),
            NoUndo = parsed.GetValue(_noUndo),
        };
    }

    private static Option<string?> Text(string name, string helpName, string description) =>
        new(name) { Description = description, HelpName = helpName };

    private static Option<bool> Switch(string name, string description) => new(name) { Description = description };
}
