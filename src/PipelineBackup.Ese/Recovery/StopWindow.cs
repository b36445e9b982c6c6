namespace PipelineBackup.Ese;

/// <summary>The times at which the replay of a backup set can be stopped.</summary>
/// <param name="set">The logs of the set.</param>
/// <param name="rollForward">The logs to roll forward with.</param>
internal sealed class StopWindow(LogChain set, LogChain rollForward)
{
    /// <summary>Refuses a time at which the databases would not be consistent.</summary>
    /// <param name="stop">The time.</param>
    /// <param name="needed">The last generation that the databases need whole.</param>
    /// <param name="high">The last generation of the set.</param>
    /// <param name="last">The last generation that would be replayed.</param>
    /// <exception cref="EseException">−553 the time is too early; the window is told.</exception>
    public void Demand(LogTime stop, LogGeneration needed, LogGeneration high, LogGeneration last)
    {
        var earliest = LastSegment(needed, high);
        if (stop.ToDateTimeOffset() is not { } time || earliest.ToDateTimeOffset() is not { } least || time >= least)
            return;
        throw new EseException(EseError.EndingRestoreLogTooLow,
            $"replay cannot stop at {stop}: the databases need the logs up to the end of generation {needed}, {earliest}",
            $"times from {earliest} to {LastSegment(last, high)} can be reached");
    }

    /// <summary>The log in which the first segment lies that was begun later than a time; null when none was.</summary>
    /// <param name="stop">The time.</param>
    /// <param name="first">The generation to begin with.</param>
    /// <param name="high">The last generation of the set.</param>
    /// <param name="last">The last generation to look at.</param>
    /// <param name="isWhole">Whether it is its very first segment.</param>
    public LogFileEntry? FindLater(
        LogTime stop, LogGeneration first, LogGeneration high, LogGeneration last, out bool isWhole)
    {
        isWhole = false;
        if (stop.ToDateTimeOffset() is not { } time)
            return null;
        for (var generation = first; generation <= last; generation = generation.Next)
        {
            var log = Find(generation, high);
            var segments = Times(log);
            int later = segments.FindIndex(began => began.ToDateTimeOffset() is { } begun && begun > time);
            if (later < 0)
                continue;
            isWhole = later == 0;
            return log;
        }

        return null;
    }

    // When the last segment of a log was begun that holds more than filler.
    private LogTime LastSegment(LogGeneration generation, LogGeneration high) => Times(Find(generation, high))[^1];

    // Of old formats only when the log was made.
    private static List<LogTime> Times(LogFileEntry log)
    {
        List<LogTime> times =
            [.. log.EnsureScan(collectSegments: true)!.Segments.Select(segment => segment.Started).Where(began => began.IsSet)];
        return times.Count > 0 ? times : [log.Header!.Created];
    }

    private LogFileEntry Find(LogGeneration generation, LogGeneration high) =>
        (generation <= high ? set : rollForward).Find(generation)!;
}
