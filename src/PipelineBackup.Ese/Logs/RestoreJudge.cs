namespace PipelineBackup.Ese;

/// <summary>How far a restore goes beyond its backup set.</summary>
/// <param name="Stop">The last generation that is replayed; none for no limit.</param>
/// <param name="StopOnGap">Whether a gap ends the roll forward instead of failing the restore.</param>
/// <param name="IgnoreLostLogs">Whether damage or a foreign log ends the roll forward too.</param>
internal readonly record struct RollForwardRules(
    LogGeneration Stop = default, bool StopOnGap = false, bool IgnoreLostLogs = false);

/// <summary>
/// Finds the error that the engine's restore of a backup set would meet, as far as names, headers and scans of logs
/// decide it: the logs of the set, all of them mandatory, then the logs that the restore rolls forward with.
/// </summary>
internal sealed class RestoreJudge(
    LogChain backup, LogChain? rollForward, IReadOnlyList<RequiredLogs> databases, RollForwardRules rules = default)
{
    /// <summary>The last generation that is replayed; set by judging.</summary>
    public LogGeneration Last { get; private set; }

    /// <summary>Why the roll forward ends before the logs do; null when it does not.</summary>
    public LogFinding? EndsBefore { get; private set; }

    /// <summary>The error; null when there is none.</summary>
    /// <param name="low">Lowest generation of the set.</param>
    /// <param name="high">Highest generation of the set.</param>
    public LogFinding? Judge(LogGeneration low, LogGeneration high)
    {
        if (databases.Any(database => database.Min.IsSet && database.Min < low))
            return Missing($"the set starts with generation {low}, a database needs earlier ones");
        Last = high;
        if (JudgeSet(low, high) is { } fault)
            return fault;
        if (rollForward is not null && backup.Find(high) is { } end && JudgeRollForward(end) is { } later)
            return later;
        // The engine forgets to look at the trailer page here and leaves a corrupt database.
        return databases.Any(database => database.Max > Last)
            ? Missing($"the logs end with generation {Last}, a database needs {databases.Max(d => d.Max)}")
            : null;
    }

    private LogFinding? JudgeSet(LogGeneration low, LogGeneration high)
    {
        LogFileEntry? previous = null;
        for (var generation = low; generation <= high && high.IsSet; generation = generation.Next)
        {
            if (backup.Find(generation) is not { } file)
            {
                return new(EseError.FileNotFound, generation, backup.NameOf(generation),
                    $"generation {generation} of the backup set is missing",
                    "the set is not complete; restore another one");
            }

            if (file.Fault is { } fault)
                return fault with { Error = Hard(fault.Error, EseError.LogCorruptDuringHardRestore) };
            if (previous is not null && LogChain.JudgeLink(previous, file) is { } broken)
            {
                return broken with
                {
                    Error = broken.Error switch
                    {
                        EseError.BadLogSignature => EseError.GivenLogFileHasBadSignature,
                        EseError.InvalidLogSequence => EseError.GivenLogFileIsNotContiguous,
                        var error => error,
                    },
                };
            }

            if (file.JudgeScan(LogScanPurpose.HardRestore) is { } damage)
                return damage;
            if (SoftRecoveryJudge.JudgeTime(file, databases) is { } foreign)
                return foreign;
            previous = file;
        }

        return null;
    }

    private LogFinding? JudgeRollForward(LogFileEntry end)
    {
        if (JudgeOverlap(end) is { } mismatch)
            return mismatch;
        var previous = end;
        foreach (var file in rollForward!.Generations.Where(file => file.Generation > end.Generation))
        {
            if (rules.Stop.IsSet && file.Generation > rules.Stop)
                break;
            if (JudgeNext(previous, file, end) is { } finding)
            {
                bool isGap = finding.Error == EseError.MissingCurrentLogFiles;
                if (!(isGap ? rules.StopOnGap : rules.IgnoreLostLogs))
                    return finding;
                EndsBefore = finding;
                break;
            }

            (previous, Last) = (file, file.Generation);
        }

        return null;
    }

    private LogFinding? JudgeNext(LogFileEntry previous, LogFileEntry file, LogFileEntry end)
    {
        if (file.Generation != previous.Generation.Next)
        {
            var missing = previous.Generation.Next;
            return new(EseError.MissingCurrentLogFiles, missing, rollForward!.NameOf(missing),
                $"generation {missing} is missing although later logs are there",
                "add it, or leave the later logs out to restore up to the gap");
        }

        if (file.Fault is { } fault)
            return fault with { Error = Hard(fault.Error, EseError.LogCorruptDuringHardRecovery) };
        if (LogChain.JudgeLink(previous, file) is { } broken)
        {
            bool atSeam = previous == end && broken.Error == EseError.InvalidLogSequence;
            return atSeam ? broken with { Error = EseError.ExistingLogFileIsNotContiguous } : broken;
        }

        return file.JudgeScan(LogScanPurpose.HardRecovery) ?? SoftRecoveryJudge.JudgeTime(file, databases);
    }

    // Logs of the set that are in the live directory too must be the same ones, and all must be of its stream.
    private LogFinding? JudgeOverlap(LogFileEntry end)
    {
        // A foreign current log may carry the number of another one, and then stands beside the generations.
        foreach (var file in rollForward!.Generations.Append(rollForward.Current))
        {
            if (file?.Header is not { } header)
                continue;
            if (header.Signature != end.Header!.Signature)
                return LogChain.Foreign(file) with { Error = EseError.ExistingLogFileHasBadSignature };
            if (file.Generation <= end.Generation && backup.Find(file.Generation)?.Header is { } same
                && same.Created != header.Created)
            {
                return new(EseError.ExistingLogFileIsNotContiguous, file.Generation, file.FileName,
                    "the log is not the one of the backup set",
                    "the stream was started again after the backup: restore without these logs");
            }
        }

        return null;
    }

    private static EseError Hard(EseError error, EseError corrupt) =>
        error == EseError.LogFileCorrupt ? corrupt : error;

    private static LogFinding Missing(string message) =>
        new(EseError.RequiredLogFilesMissing, default, "", message, "add the missing logs to the restore");
}
