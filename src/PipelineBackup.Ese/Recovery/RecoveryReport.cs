namespace PipelineBackup.Ese;

/// <summary>Which part of recovery is going on.</summary>
public enum RecoveryPhase
{
    /// <summary>It begins.</summary>
    Begin,

    /// <summary>Logs are replayed.</summary>
    Redo,

    /// <summary>Open transactions are rolled back.</summary>
    Undo,

    /// <summary>It is done.</summary>
    Complete,

    /// <summary>It failed.</summary>
    Fail,
}

/// <summary>How far recovery is.</summary>
/// <param name="Phase">Which part.</param>
/// <param name="Done">Parts in a hundred, 0 to 100.</param>
/// <param name="Generation">The generation that is replayed; none before and after.</param>
public readonly record struct RecoveryProgress(RecoveryPhase Phase, int Done, LogGeneration Generation);

/// <summary>What became of one database.</summary>
public enum RecoveryOutcome
{
    /// <summary>Recovered: clean.</summary>
    Recovered,

    /// <summary>Replayed without undo: still dirty.</summary>
    Replayed,

    /// <summary>It was clean and in no need of the logs.</summary>
    AlreadyClean,

    /// <summary>Left out, because the map does not name it.</summary>
    Skipped,

    /// <summary>Left out, because it is missing or not the one of the logs.</summary>
    Missing,
}

/// <summary>One database of a recovery.</summary>
/// <param name="LoggedPath">Its path in the logs.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">Why it was left out; empty else.</param>
public sealed record RecoveredDatabase(string LoggedPath, string Path, RecoveryOutcome Outcome, string Reason = "");

/// <summary>What a recovery did.</summary>
public sealed record RecoveryReport
{
    /// <summary>
    /// <see cref="EseError.Success"/>; <see cref="EseError.RecoveredWithoutUndo"/> where undo was left out;
    /// <see cref="EseError.TargetInstanceRunning"/> where an engine goes on whose logs were rolled forward with.
    /// </summary>
    public EseError Result { get; init; }

    /// <summary>Each database that the logs know.</summary>
    public required IReadOnlyList<RecoveredDatabase> Databases { get; init; }

    /// <summary>Where replay began; not set when nothing was to do.</summary>
    public LogPosition Start { get; init; }

    /// <summary>Position behind the last record that was replayed.</summary>
    public LogPosition End { get; init; }

    /// <summary>When the last segment that was replayed was begun.</summary>
    public LogTime EndTime { get; init; }

    /// <summary>The generation that undo wrote; none when it wrote none.</summary>
    public LogGeneration Written { get; init; }

    /// <summary>Log records read.</summary>
    public long Records { get; init; }

    /// <summary>Bytes of log files read.</summary>
    public long LogBytes { get; init; }

    /// <summary>Pages changed by redo, counted once a record.</summary>
    public long PagesRedone { get; init; }

    /// <summary>Pages read from databases.</summary>
    public long PagesRead { get; init; }

    /// <summary>Pages written to databases.</summary>
    public long PagesWritten { get; init; }

    /// <summary>Transactions that were open at the end and rolled back.</summary>
    public int RolledBack { get; init; }

    /// <summary>Operations that were undone for them.</summary>
    public long Undone { get; init; }

    /// <summary>What a user should know, in the order in which it was found.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
