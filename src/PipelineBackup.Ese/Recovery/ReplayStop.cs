namespace PipelineBackup.Ese;

/// <summary>Between which points replay may end and leave databases that are consistent.</summary>
/// <param name="Lowest">The lowest generation that it may end with.</param>
/// <param name="LowestTime">When the first segment behind that was begun; not set when there is none.</param>
/// <param name="Highest">The highest generation.</param>
/// <param name="HighestTime">When the last segment was begun; not set when nobody knows.</param>
public readonly record struct RecoveryWindow(
    LogGeneration Lowest, LogTime LowestTime, LogGeneration Highest, LogTime HighestTime)
{
    /// <summary>The window in words.</summary>
    public override string ToString() => $"generation {Lowest} to {Highest}"
        + (LowestTime.IsSet ? $", or a time from {LowestTime}" : "")
        + (HighestTime.IsSet ? $" to {HighestTime}" : "");
}

/// <summary>Where replay ends before the logs do.</summary>
/// <param name="Generation">The last generation that is replayed; none when there is no stop.</param>
/// <param name="Position">The first position in it that is not replayed; not set when it is replayed whole.</param>
/// <param name="Window">What would be possible.</param>
/// <param name="Refusal">Why it is not possible; null when it is.</param>
internal readonly record struct ReplayStop(
    LogGeneration Generation, LogPosition Position, RecoveryWindow Window, LogFinding? Refusal)
{
    /// <summary>Finds it.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="chain">The logs, scanned.</param>
    /// <param name="start">Where redo starts.</param>
    /// <param name="needs">What the databases need.</param>
    public static ReplayStop Find(
        RecoveryOptions options, LogChain chain, LogPosition start, IReadOnlyList<RequiredLogs> needs)
    {
        var lowest = start.Generation;
        foreach (var need in needs)
            lowest = need.Max > lowest ? need.Max : lowest;
        if (options.StopAt is not { } asked)
            return new(default, default, new(lowest, default, chain.Highest, default), null);
        var window = new RecoveryWindow(lowest, FirstBehind(chain, lowest), chain.Highest, LastTime(chain));
        var position = default(LogPosition);
        var generation = asked.Generation;
        bool stops = generation.IsSet;
        if (asked.Time.IsSet && FirstLater(chain, start, asked) is { } found)
        {
            stops = true;
            // A stop at the start of a log is one at the end of the log before.
            bool isStart = found.Sector <= 1;
            generation = isStart ? new(found.Generation.Value - 1) : found.Generation;
            position = isStart ? default : found;
        }

        if (asked.Generation.IsSet && asked.Generation > chain.Highest)
        {
            return new(generation, position, window, new(EseError.MissingLogFile, asked.Generation, "",
                $"replay cannot end with generation {asked.Generation}, the logs end before", Reachable(window)));
        }

        // What a needed log holds may be in the databases already, so such a log is replayed whole.
        // A stop before the first log of all has no generation.
        bool isTooEarly = stops && (position.IsSet ? generation <= lowest && needs.Count > 0 : generation < lowest);
        return new(generation, position, window, isTooEarly
            ? new(EseError.RequiredLogFilesMissing, lowest, "",
                $"a database needs the logs up to generation {lowest}, whole, to become consistent", Reachable(window))
            : null);
    }

    private static string Reachable(RecoveryWindow window) => $"possible is {window}";

    private static LogPosition? FirstLater(LogChain chain, LogPosition start, RecoveryStop asked)
    {
        var limit = Moment(asked.Time);
        foreach (var file in chain.Generations.Where(file => file.Generation >= start.Generation
            && (!asked.Generation.IsSet || file.Generation <= asked.Generation)))
        {
            // In version 7 nothing but the log itself has a time.
            if (file.Header is { Version.IsLegacy: true } header && Moment(header.Created) > limit)
                return new(file.Generation, 0, 0);
            foreach (var segment in file.EnsureScan(collectSegments: true)?.Segments ?? [])
            {
                if (segment.Started.IsSet && Moment(segment.Started) > limit)
                    return new(file.Generation, segment.Index, 0);
            }
        }

        return null;
    }

    private static LogTime FirstBehind(LogChain chain, LogGeneration generation) =>
        chain.Find(generation.Next)?.EnsureScan(collectSegments: true)?.Segments
            .FirstOrDefault(segment => segment.Started.IsSet).Started ?? default;

    private static LogTime LastTime(LogChain chain) =>
        chain.Find(chain.Highest)?.EnsureScan(collectSegments: true)?.Segments
            .LastOrDefault(segment => segment.Started.IsSet).Started ?? default;

    private static DateTimeOffset Moment(LogTime time) => time.ToDateTimeOffset() ?? default;
}
