namespace PipelineBackup.Ese;

/// <summary>Finds out what soft recovery would do: makes a <see cref="RecoveryPlan"/>.</summary>
internal sealed class RecoveryPlanner
{
    private readonly RecoveryOptions _options;
    private readonly DatabaseMap _map;
    private readonly LogChain _chain;
    private readonly List<LogFinding> _findings = [];

    /// <summary>Reads the headers of the logs.</summary>
    /// <param name="options">On what, and how.</param>
    /// <exception cref="IOException">The directory cannot be read.</exception>
    /// <exception cref="EseException">−1201, −1003: the options contradict themselves.</exception>
    public RecoveryPlanner(RecoveryOptions options)
    {
        if (options.BaseName.Length != 3)
        {
            throw new EseException(EseError.InvalidParameter, $"'{options.BaseName}' is no base name of logs",
                "a base name has three characters, such as edb");
        }

        if (!options.Disk.DirectoryExists(options.LogDirectory))
        {
            throw new EseException(
                EseError.InvalidPath, $"there is no directory '{options.LogDirectory}'", "check the path");
        }

        _options = options;
        _map = new(options);
        _chain = LogChain.Open(options.Disk, options.LogDirectory, options.BaseName);
    }

    /// <summary>Makes the plan.</summary>
    public RecoveryPlan Make()
    {
        string checkpointDirectory = _options.CheckpointDirectory ?? _options.LogDirectory;
        var folder = LogStreamFolder.Open(_options.Disk, _options.LogDirectory, _options.BaseName);
        var start = RecoveryStart.Find(_options.Disk, folder.CheckpointPath(checkpointDirectory), _chain);
        _chain.ScanAll(start.Position.Generation);
        var databases = FindDatabases(start);
        var needs = databases.Where(database => database.Needs.Min.IsSet).Select(database => database.Needs).ToList();
        bool isClean = start.Checkpoint is { } checkpoint && _chain.Current is { Fault: null } current
            && current.Scan is { IsGood: true, CleanShutdown.IsSet: true } scan
            && scan.CleanShutdown == checkpoint.Position && needs.Count == 0;
        var stop = ReplayStop.Find(_options, _chain, start.Position, needs);
        var judge = new SoftRecoveryJudge(_chain, needs, new(
            start.Position.Generation, _options.AllowMissingCurrentLog || _options.LeaveOutLaterLogs,
            _options.IgnoreLostLogs)
        {
            Stop = stop.Generation,
            StopOnGap = _options.StopOnGap,
            StopAtDamage = _options.LeaveOutLaterLogs,
        });
        var refusal = isClean ? null : stop.Refusal ?? judge.Judge();
        if (judge.EndsBefore is { } end)
            _findings.Add(end);
        _findings.AddRange(databases.Where(database => database.Finding is not null).Select(database => database.Finding!));
        refusal ??= isClean ? null : databases.FirstOrDefault(database => database.Finding is not null)?.Finding;
        var later = FindLater(judge.Last);
        refusal ??= isClean ? null : JudgeLater(later, stop.Position);
        refusal ??= isClean ? null : new MissingDatabases(_options, _map, _chain).Find(start, judge.Last);
        if (refusal is not null && !_findings.Contains(refusal))
            _findings.Insert(0, refusal);
        return new(_options, _chain, start)
        {
            Databases = databases,
            Last = judge.Last,
            MinRequired = Lowest(needs),
            MaxRequired = needs.Count == 0 ? default : needs.Max(need => need.Max),
            MaxCommitted = needs.Count == 0 ? default : needs.Max(need => need.Committed),
            Window = stop.Window,
            IsClean = isClean,
            Refusal = refusal,
            Findings = _findings,
            Setup = new()
            {
                Options = _options,
                Logs = new SoftLogSupply(_chain, judge.Last),
                Start = start.Position,
                Checkpoint = start.Checkpoint,
                Stream = _chain.Signature,
                Attached = start.Attached,
                UndoLogDirectory = _options.LogDirectory,
                UndoCheckpointDirectory = checkpointDirectory,
                Stop = stop.Position,
                Later = later,
                AcceptsLoss = _options.StopAt is not null || judge.EndsBefore is not null,
            },
        };
    }

    // A current log that nobody can read, or that is of another time, is in the way of undo as well.
    private List<LogFileEntry> FindLater(LogGeneration last)
    {
        var later = _chain.Generations.Where(file => file.Generation > last).ToList();
        if (_chain.Current is { } current && current != _chain.Find(last) && !later.Contains(current))
            later.Add(current);
        return later;
    }

    // The databases of the list that redo starts with are judged; those of later lists only say what they need.
    private List<PlannedDatabase> FindDatabases(RecoveryStart start)
    {
        var databases = new List<PlannedDatabase>();
        var seen = new HashSet<(string, Signature)>();
        var scene = new AttachScene(_chain.Signature, start.Position,
            _chain.Find(start.Position.Generation)?.Header?.PageSize ?? PageSize.Default, IsHard: false,
            _options.AllowBackupImages);
        foreach (var entry in start.Attached)
        {
            if (seen.Add((DatabaseMap.Normalize(entry.Path).ToUpperInvariant(), entry.Signature)))
                databases.Add(Judge(DatabasePlace.From(entry, _chain.Signature), scene));
        }

        foreach (var file in _chain.Generations.Where(file => file.Generation > start.Position.Generation))
        {
            foreach (var entry in file.Header?.Attached ?? [])
            {
                if (seen.Add((DatabaseMap.Normalize(entry.Path).ToUpperInvariant(), entry.Signature)))
                    databases.Add(Look(DatabasePlace.From(entry, _chain.Signature)));
            }
        }

        return databases;
    }

    private PlannedDatabase Judge(DatabasePlace place, in AttachScene scene)
    {
        if (_map.Find(place.LoggedPath, place.Logged.Database) is not { } path)
            return new(place.LoggedPath, "", place.Logged.Database, default, null, null);
        var head = DatabaseHead.Read(_options.Disk, path);
        var verdict = AttachJudge.Judge(place.Logged, scene, head.Found, head.Pair);
        var finding = verdict.Decision == AttachDecision.Fail
            ? new LogFinding(verdict.Error, default, Path.GetFileName(path),
                $"'{path}' ('{place.LoggedPath}' in the logs): {verdict.Reason}", AttachHints.For(verdict.Error))
            : null;
        return Describe(place, path, head) with { Finding = finding };
    }

    private PlannedDatabase Look(DatabasePlace place) =>
        _map.Find(place.LoggedPath, place.Logged.Database) is { } path
            ? Describe(place, path, DatabaseHead.Read(_options.Disk, path))
            : new(place.LoggedPath, "", place.Logged.Database, default, null, null);

    private PlannedDatabase Describe(DatabasePlace place, string path, DatabaseHead head)
    {
        var header = head.Pair?.Header;
        bool isSame = header is not null && header.LogSignature == _chain.Signature
            && header.Signature == place.Logged.Database;
        return new(place.LoggedPath, path, place.Logged.Database,
            isSame ? RequiredLogs.Of(header!) : default, header?.State, null);
    }

    private LogFinding? JudgeLater(List<LogFileEntry> later, LogPosition stop) =>
        (later.Count == 0 && !stop.IsSet) || _options.LeaveOutLaterLogs || _options.SkipUndo
            ? null
            : new(EseError.InvalidParameter, later.Count == 0 ? stop.Generation : later[0].Generation,
                later.Count == 0 ? "" : later[0].FileName,
                "replay would end before the logs do, and undo would write its own under their numbers",
                "allow the later logs to be left out, or recover a copy of the directory");

    private static LogGeneration Lowest(List<RequiredLogs> needs)
    {
        var lowest = default(LogGeneration);
        foreach (var need in needs)
            lowest = !lowest.IsSet || need.Min < lowest ? need.Min : lowest;
        return lowest;
    }
}
