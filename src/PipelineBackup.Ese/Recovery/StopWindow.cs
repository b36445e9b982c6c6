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
            $"replay cannot stop at {stop}: the databases need the logs up to the end of generation {needed}, "
                + $"{earliest}",
            $"times from {earliest} to {LastSegment(last, high)} can be reached");
    }

    /// <summary>Where the first segment lies that was begun later than a time; null when none was.</summary>
    /// <param name="stop">The time.</param>
    /// <param name="first">The generation to begin with.</param>
    /// <param name="high">The last generation of the set.</param>
    /// <param name="last">The last generation to look at.</param>
    public LogPosition? FindLater(LogTime stop, LogGeneration first, LogGeneration high, LogGeneration last)
    {
        if (stop.ToDateTimeOffset() is not { } time)
            return null;
        for (var generation = first; generation <= last; generation = generation.Next)
        {
            // In version 7 nothing but the log itself has a time.
            if (Find(generation, high).Header is { Version.IsLegacy: true } header
                && header.Created.ToDateTimeOffset() is { } made && made > time)
                return new(generation, 0, 0);
            foreach (var segment in Segments(generation, high))
            {
                if (segment.Started.ToDateTimeOffset() is { } began && began > time)
                    return new(generation, segment.Index, 0);
            }
        }

        return null;
    }

    // When the last segment of a log was begun that holds more than filler; of old formats when the log was made.
    private LogTime LastSegment(LogGeneration generation, LogGeneration high) =>
        Segments(generation, high).LastOrDefault(segment => segment.Started.IsSet) is { Started.IsSet: true } last
            ? last.Started
            : Find(generation, high).Header!.Created;

    private IReadOnlyList<LogSegment> Segments(LogGeneration generation, LogGeneration high) =>
        Find(generation, high).EnsureScan(collectSegments: true)!.Segments;

    private LogFileEntry Find(LogGeneration generation, LogGeneration high) =>
        (generation <= high ? set : rollForward).Find(generation)!;
}
