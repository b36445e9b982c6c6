namespace PipelineBackup.Ese;

/// <summary>
/// Finds the error that the engine's soft recovery would meet, as far as names, headers and scans of logs decide it.
/// </summary>
internal sealed class SoftRecoveryJudge(
    LogChain chain, IReadOnlyList<RequiredLogs> databases, SoftRecoveryOptions options)
{
    /// <summary>The last generation that is replayed; set by judging, none when there is nothing to replay.</summary>
    public LogGeneration Last { get; private set; }

    /// <summary>Why replay ends before the logs do; null when it does not, or was asked to.</summary>
    public LogFinding? EndsBefore { get; private set; }

    /// <summary>The error; null when there is none.</summary>
    public LogFinding? Judge()
    {
        bool anyNeeds = databases.Any(database => database.Max.IsSet);
        if (chain.Generations.Count == 0 && chain.Current is null)
            return anyNeeds ? Missing(EseError.RequiredLogFilesMissing, Start(), "there is no log at all") : null;
        if (JudgeCurrent() is { } current)
            return current;
        var start = Start();
        if (databases.Any(database => database.Min.IsSet && database.Min < start))
        {
            var min = databases.Where(database => database.Min.IsSet).Min(database => database.Min);
            return new(EseError.RequiredLogFilesMissing, min, chain.NameOf(min),
                $"recovery would start at generation {start}, a database needs them from {min} on",
                $"add the logs from generation {min} on; where they are there, remove the checkpoint that lies behind them");
        }

        return chain.Find(start) is { } first ? Walk(first) : new(EseError.MissingLogFile, start, chain.NameOf(start),
            $"generation {start}, which recovery starts with, is missing", "take it from a backup");
    }

    // The engine opens the current log before all others.
    private LogFinding? JudgeCurrent()
    {
        // Replay that ends before it needs none, and may find it moved aside by an earlier attempt.
        if (options.Stop.IsSet && chain.FindNumbered(options.Stop) is not null)
            return null;
        if (chain.Current is { } current)
            return current.Fault ?? (current.Header!.Signature == chain.Signature ? null : LogChain.Foreign(current));
        // With a temporary log the crash came between the two renames that start a new generation.
        return chain.Temporary is null && !options.AllowMissingCurrentLog
            ? chain.MissingCurrent()
            : null;
    }

    private LogGeneration Start()
    {
        if (options.Start.IsSet)
            return options.Start;
        var needed = databases.Where(database => database.Min.IsSet).Select(database => database.Min).ToList();
        return needed.Count == 0 ? chain.Lowest : needed.Min();
    }

    private LogFinding? Walk(LogFileEntry file)
    {
        LogFileEntry? previous = null;
        while (true)
        {
            if (JudgeFile(previous, file) is { } fault)
                return JudgeLoss(previous, file, fault);
            Last = file.Generation;
            if (file.IsCurrent || (options.Stop.IsSet && file.Generation >= options.Stop))
                return JudgeEnd(Last, databases, options with
                {
                    IgnoreLostLogs = options.IgnoreLostLogs || options.Stop.IsSet,
                });
            var next = file.Generation.Next;
            previous = file;
            // Behind the last numbered log comes the current one; if it is not the next, its header says so.
            if ((chain.FindNumbered(next) ?? chain.Current) is { } found)
                file = found;
            else if (chain.Highest > next || options.Stop.IsSet)
                return JudgeLoss(previous, null, new(EseError.MissingLogFile, next, chain.NameOf(next),
                    $"generation {next} is missing", "take it from a backup"));
            else
                return JudgeEnd(Last, databases, options);
        }
    }

    // A gap or damage that no database is in need of may end replay, where that was asked for.
    private LogFinding? JudgeLoss(LogFileEntry? previous, LogFileEntry? file, LogFinding fault)
    {
        bool isGap = file is null || (previous is not null && file.IsCurrent
            && file.Generation > previous.Generation.Next && fault.Error == EseError.InvalidLogSequence);
        bool mayEnd = previous is not null && !databases.Any(database => database.Max > previous.Generation)
            && (isGap ? options.StopOnGap : options is { IgnoreLostLogs: true, StopAtDamage: true });
        if (!mayEnd)
            return AcceptLoss(fault, previous is null ? file!.Generation : previous.Generation.Next);
        EndsBefore = fault;
        return JudgeEnd(Last, databases, options with { IgnoreLostLogs = true });
    }

    private LogFinding? JudgeFile(LogFileEntry? previous, LogFileEntry file)
    {
        if (file.Fault is { } fault)
            return fault;
        if (file.Header!.Signature != chain.Signature)
            return LogChain.Foreign(file);
        if (previous is not null && LogChain.JudgeLink(previous, file) is { } broken)
            return broken;
        return file.JudgeScan(LogScanPurpose.SoftRecovery)
            ?? (options.IgnoreLostLogs ? null : JudgeTime(file, databases));
    }

    /// <summary>Whether a log is the very one that databases name as the highest they need: null, or −543.</summary>
    /// <param name="file">The log, with a header.</param>
    /// <param name="databases">What the databases need.</param>
    public static LogFinding? JudgeTime(LogFileEntry file, IReadOnlyList<RequiredLogs> databases)
    {
        foreach (var database in databases)
        {
            var expected = database.ExpectedCreated;
            if (database.Max == file.Generation && expected.IsSet && expected != file.Header!.Created)
            {
                return new(EseError.RequiredLogFilesMissing, file.Generation, file.FileName,
                    $"the log was made at {file.Header.Created}, a database needs one made at {expected}",
                    "the stream was started again; take the log that was there before from a backup");
            }
        }

        return null;
    }

    // Damage behind what the databases need to be consistent has an error of its own, since they could do without.
    private LogFinding AcceptLoss(LogFinding fault, LogGeneration bad)
    {
        bool needed = databases.Any(database => database.Max >= bad);
        bool committed = databases.Any(database => database.Committed >= bad);
        bool lossy = fault.Error
            is EseError.LogFileCorrupt or EseError.InvalidLogSequence or EseError.LogSequenceChecksumMismatch;
        if (needed || !committed || !lossy)
            return fault;
        return fault with
        {
            Error = fault.Error == EseError.LogFileCorrupt
                ? EseError.CommittedLogFileCorrupt
                : EseError.CommittedLogFilesMissing,
            Hint = "the databases can be made consistent without it, with the loss of transactions",
        };
    }

    /// <summary>Whether logs that end with a generation are enough: null, or −543, −582.</summary>
    /// <param name="last">The last generation.</param>
    /// <param name="databases">What the databases need.</param>
    /// <param name="options">What may be ignored.</param>
    public static LogFinding? JudgeEnd(
        LogGeneration last, IReadOnlyList<RequiredLogs> databases, SoftRecoveryOptions options)
    {
        if (databases.Any(database => database.Max > last))
        {
            return Missing(EseError.RequiredLogFilesMissing, last.Next,
                $"the logs end with generation {last}, a database needs {databases.Max(d => d.Max)}");
        }

        if (databases.Any(database => database.Committed > last) && !options.IgnoreLostLogs)
        {
            return Missing(EseError.CommittedLogFilesMissing, last.Next,
                $"the logs end with generation {last}, transactions stand up to {databases.Max(d => d.Committed)}");
        }

        return null;
    }

    private static LogFinding Missing(EseError error, LogGeneration first, string message) =>
        new(error, first, "", message, $"take the logs from generation {first} on from a backup");
}
