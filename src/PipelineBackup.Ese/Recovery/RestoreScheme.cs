namespace PipelineBackup.Ese;

/// <summary>
/// What a hard recovery is going to do: which databases, which logs, from where to where. Making it judges everything
/// that can be judged before anything is changed.
/// </summary>
internal sealed class RestoreScheme
{
    private readonly HardRecoveryOptions _options;
    private readonly LogChain _set, _rollForward;
    private readonly List<string> _remarks = [];
    private LogGeneration _last;
    private LogPosition _cut;

    private RestoreScheme(HardRecoveryOptions options)
    {
        _options = options;
        var merged = new MergedLogs(options.Disk, options.BaseName);
        var later = new MergedLogs(options.Disk, options.BaseName);
        foreach (string directory in options.BackupLogDirectories)
        {
            var files = LogsIn(directory);
            merged.Add(files.Where(file => !file.IsCurrent), EseError.GivenLogFileIsNotContiguous);
            later.Add(files.Where(file => file.IsCurrent), EseError.GivenLogFileIsNotContiguous);
        }

        _set = merged.ToChain();
        if (!_set.Lowest.IsSet)
        {
            throw new EseException(EseError.FileNotFound,
                $"there is no log of the base name '{options.BaseName}' in "
                    + string.Join(", ", options.BackupLogDirectories),
                "name the directories of the logs of the backup, and their base name");
        }

        var stop = options.StopAt?.Generation ?? default;
        foreach (string directory in RollForwardDirectories)
        {
            var files = LogsIn(directory);
            later.Add(
                files.Where(file => !stop.IsSet || file.Generation <= stop), EseError.ExistingLogFileIsNotContiguous);
        }

        if (options.Running is { } running)
        {
            var closed = LogChain.OpenClosed(options.Disk, running.Directory, options.BaseName, running.Last);
            later.Add(closed.Generations.Where(file => !stop.IsSet || file.Generation <= stop),
                EseError.ExistingLogFileIsNotContiguous);
        }

        _rollForward = later.ToChain();
        Set = RestoreSet.Find(options, _set);
        _remarks.AddRange(merged.Remarks.Concat(later.Remarks));
    }

    /// <summary>The databases.</summary>
    public RestoreSet Set { get; }

    /// <summary>The first generation that is replayed.</summary>
    public LogGeneration Low { get; private set; }

    /// <summary>The last generation of the set.</summary>
    public LogGeneration High { get; private set; }

    /// <summary>What a user should know.</summary>
    public IReadOnlyList<string> Remarks => _remarks;

    private string UndoLogDirectory => _options.TargetLogDirectory ?? _options.LogDirectory;

    private IEnumerable<string> RollForwardDirectories => _options.TargetLogDirectory is { } target
        ? [_options.LogDirectory, target]
        : [_options.LogDirectory];

    private IEnumerable<BackupImage> Images =>
        Set.Restored.Select(database => database.Image).Where(image => !image.IsClean);

    private IEnumerable<LogFileEntry> LogsIn(string directory)
    {
        var chain = LogChain.Open(_options.Disk, directory, _options.BaseName);
        // A current log that has the generation of a numbered one stands beside them.
        return chain.Current is { } current ? chain.Generations.Append(current).Distinct() : chain.Generations;
    }

    /// <summary>Makes the plan.</summary>
    /// <param name="options">What the caller asked for.</param>
    /// <param name="cancellationToken">Ends it; nothing was changed.</param>
    /// <exception cref="EseException">It cannot be done; nothing was changed.</exception>
    public static RestoreScheme Make(HardRecoveryOptions options, CancellationToken cancellationToken)
    {
        var plan = new RestoreScheme(options);
        plan.DemandDatabases();
        plan.ChooseRange();
        foreach (var image in plan.Images)
            image.DemandRange(plan.Low, plan.High);
        plan.ChooseStop();
        plan.Scan(cancellationToken);
        plan.DemandLogs();
        plan.DemandAttached();
        plan.DemandUndoPlace();
        return plan;
    }

    /// <summary>What redo and undo start from.</summary>
    public RecoverySetup ToSetup()
    {
        var first = _set.Find(Low)!.Header!;
        var map = Set.Restored.Select(database => new DatabaseMapping(database.Logged, database.Image.Path));
        return new()
        {
            Options = _options with { Map = [.. map], OnlyMapped = true, IgnoreMissingDatabases = true },
            Logs = new HardLogSupply(_options.Disk, _set, _rollForward, High, _last),
            Start = new(Low, first.HeaderSectors, 0),
            Stop = _cut,
            Stream = _set.Signature,
            Attached = first.Attached,
            RestoreHigh = High,
            RestoreLow = Low,
            UndoLogDirectory = UndoLogDirectory,
            UndoCheckpointDirectory = _options.TargetCheckpointDirectory ?? _options.CheckpointDirectory
                ?? _options.LogDirectory,
        };
    }

    /// <summary>The databases of the report: what the run says, and of the others what was planned.</summary>
    /// <param name="ran">The databases as the run reports them.</param>
    public IReadOnlyList<RecoveredDatabase> Report(IReadOnlyList<RecoveredDatabase> ran)
    {
        var clean = Set.Restored.Where(database => database.Image.IsClean)
            .Select(database => new RecoveredDatabase(database.Logged, database.Image.Path,
                RecoveryOutcome.AlreadyClean, "an earlier recovery made it clean"));
        List<RecoveredDatabase> planned = [.. clean, .. Set.LeftOut];
        bool IsPlanned(RecoveredDatabase one) =>
            planned.Exists(other => RestoreSet.IsSame(one.LoggedPath, other.LoggedPath));
        return [.. ran.Where(one => !IsPlanned(one)), .. planned];
    }

    private void DemandDatabases()
    {
        if (Set.Restored.Count == 0)
        {
            var missing = Set.LeftOut.Count > 0 ? Set.LeftOut[0] : null;
            throw new EseException(EseError.FileNotFound, missing is null
                ? "the logs of the backup name no database, and none was given"
                : $"none of the databases of the backup is there: '{missing.LoggedPath}' was looked for as "
                    + $"'{missing.Path}'",
                "map each database to the place where it is");
        }

        // Whatever recovery left clean it need not do again; a database that never was a copy is a mistake.
        foreach (var (_, image) in Set.Restored.Where(database => database.Image.IsClean))
        {
            if (!IsOurWork(image))
            {
                throw new EseException(EseError.RestoreOfNonBackupDatabase,
                    $"'{image.Path}' is no copy of a streaming backup: it was shut down cleanly at {image.Consistent}",
                    "take the file from the backup again");
            }
        }
    }

    // Made clean by the undo of an earlier attempt: its log stands where this one would write.
    private bool IsOurWork(BackupImage image)
    {
        var log = LogsIn(UndoLogDirectory).FirstOrDefault(file => file.Fault is null
            && file.Generation == image.Consistent.Generation && file.Header!.Signature == image.LogSignature);
        return log is not null && log.EnsureScan()!.IsGood && AttachTrail.HasUndo(log);
    }

    private void ChooseRange()
    {
        var needed = Images.Select(image => image.Low).Where(low => low.IsSet).DefaultIfEmpty(_set.Lowest).Min();
        // Logs that are older than what the databases need may lie there, with gaps; they are not touched.
        Low = _options.Low.IsSet ? _options.Low : needed < _set.Lowest ? _set.Lowest : needed;
        High = _options.High.IsSet ? _options.High : _set.Highest;
    }

    // What a stop leaves of the set is all that has to be there.
    private void ChooseStop()
    {
        if (_options.StopAt is not { Generation: { IsSet: true } stop })
            return;
        var least = Images.Select(image => image.High).DefaultIfEmpty(Low).Max();
        if (stop < least)
        {
            var reachable = _rollForward.Highest > High ? _rollForward.Highest : High;
            throw new EseException(EseError.EndingRestoreLogTooLow,
                $"replay cannot stop behind generation {stop}: the databases need the logs up to generation {least}",
                $"generations {least} to {reachable} can be reached");
        }

        if (stop < High)
            High = stop;
    }

    private void Scan(CancellationToken cancellationToken)
    {
        var stop = _options.StopAt?.Generation ?? default;
        var later = _rollForward.Generations
            .Where(log => log.Generation > High && (!stop.IsSet || log.Generation <= stop));
        var logs = _set.Generations.Where(log => log.Generation >= Low && log.Generation <= High).Concat(later);
        foreach (var log in logs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            log.EnsureScan();
        }
    }

    private void DemandLogs()
    {
        var rules = new RollForwardRules(
            _options.StopAt?.Generation ?? default, _options.StopOnGap, _options.IgnoreLostLogs);
        var judge = new RestoreJudge(_set, _rollForward, [.. Images.Select(image => image.Required)], rules);
        if (judge.Judge(Low, High) is { } finding)
        {
            string file = finding.File.Length > 0 ? $"{finding.File}: " : "";
            throw new EseException(finding.Error, file + finding.Message, finding.Hint);
        }

        _last = judge.Last;
        if (rules.Stop > _last)
        {
            throw new EseException(EseError.MissingLogFile,
                $"replay cannot end with generation {rules.Stop}: the logs end with generation {_last}",
                "add the logs up to there, or stop earlier");
        }

        DemandRunning(judge);
        if (judge.EndsBefore is { } end)
            _remarks.Add($"replay ends with generation {_last}: {end.Message}");
        if (_options.StopAt is { Time.IsSet: true } stop)
            StopAt(stop.Time);
    }

    // Where none at all are left there is no gap to find.
    private void DemandRunning(RestoreJudge judge)
    {
        if (_options.Running is { } running && !(_options.StopAt?.Generation.IsSet ?? false) && judge.EndsBefore is null
            && _last < running.Last)
        {
            throw new EseException(EseError.MissingCurrentLogFiles,
                $"generation {_last.Next}, the first behind the backup, is not among the logs of the running engine in "
                    + $"'{running.Directory}'",
                "add the logs in between to those of the backup");
        }
    }

    private void StopAt(LogTime time)
    {
        var window = new StopWindow(_set, _rollForward);
        var needed = Images.Select(image => image.High).DefaultIfEmpty(Low).Max();
        window.Demand(time, needed, High, _last);
        if (window.FindLater(time, needed, High, _last) is not { } later)
            return;
        // A stop at the start of a log is one at the end of the log before.
        bool isWhole = later.Sector <= 1;
        _last = isWhole ? new(later.Generation.Value - 1) : later.Generation;
        _cut = isWhole ? default : later;
        if (_last < High)
            High = _last;
    }

    private void DemandAttached()
    {
        if (Set.LeftOut.Count == 0)
            return;
        if (Set.MissingFrom(AttachTrail.AtEnd(_set.Find(High)!)) is
            { Outcome: RecoveryOutcome.Missing } missing && !_options.IgnoreMissingDatabases)
        {
            throw new EseException(EseError.FileNotFound,
                $"the database '{missing.LoggedPath}' is missing: it was looked for as '{missing.Path}'",
                "map it to the place where it is, or leave it out of the restore");
        }

        var last = (_last > High ? _rollForward : _set).Find(_last)!;
        if (_options.StrictMap && Set.MissingFrom(AttachTrail.AtEnd(last)) is { } skipped)
        {
            throw new EseException(EseError.AttachedDatabaseMismatch,
                $"'{skipped.LoggedPath}' is attached at the end of the logs and not restored: {skipped.Reason}",
                "map it too, or allow a part of the databases to be restored");
        }
    }

    // Undo writes the generation behind the last one that is replayed, as the log that is written to. What stands there
    // already is not touched; nor may a log stay before it that holds more than was replayed.
    private void DemandUndoPlace()
    {
        if (_options.SkipUndo)
            return;
        var end = (_last > High ? _rollForward : _set).Find(_last)!;
        foreach (var log in LogsIn(UndoLogDirectory))
        {
            bool isLeftOver = log.IsCurrent && Path.GetFullPath(log.Path!) != Path.GetFullPath(end.Path!);
            bool isBehind = log.Generation > _last || (_cut.IsSet && log.Generation == _last);
            if (!(isLeftOver || isBehind))
                continue;
            throw new EseException(EseError.InvalidParameter,
                $"'{log.Path}', generation {log.Generation}, is in the directory that undo writes to, and replay ends "
                    + $"with generation {_last}{(_cut.IsSet ? ", before its end" : "")}",
                "name an empty directory for the logs of undo, and one for its checkpoint");
        }
    }
}
