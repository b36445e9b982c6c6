namespace PipelineBackup.Ese;

/// <summary>
/// Which logs one database needs, as its header says; of a streamed copy, header and trailer page together.
/// </summary>
/// <param name="Min">The lowest generation needed to make it consistent; none for a clean database.</param>
/// <param name="Max">The highest generation needed to make it consistent.</param>
/// <param name="Committed">The highest generation that may hold committed transactions of it.</param>
/// <param name="MaxCreated">Creation time of the log <paramref name="Max"/>; not set when not known.</param>
/// <param name="CommittedCreated">Creation time of the log <paramref name="Committed"/>; not set when not
/// known.</param>
public readonly record struct RequiredLogs(
    LogGeneration Min, LogGeneration Max, LogGeneration Committed,
    LogTime MaxCreated = default, LogTime CommittedCreated = default)
{
    /// <summary>The creation time that the log <see cref="Max"/> must have; not set when not known.</summary>
    internal LogTime ExpectedCreated => MaxCreated.IsSet || Max != Committed ? MaxCreated : CommittedCreated;

    /// <summary>What a header says that its database needs.</summary>
    /// <param name="header">The header.</param>
    internal static RequiredLogs Of(DatabaseHeader header) => new(
        header.MinRequired, header.MaxRequired, header.MaxCommitted, header.MaxRequiredTime, header.MaxCommittedTime);
}

/// <summary>How soft recovery would be run.</summary>
/// <param name="Start">Generation of the checkpoint; none to start with the lowest that a database needs.</param>
/// <param name="AllowMissingCurrentLog">Whether the current log may be missing.</param>
/// <param name="IgnoreLostLogs">Whether lost transactions are accepted as long as the databases become
/// consistent.</param>
public readonly record struct SoftRecoveryOptions(
    LogGeneration Start = default, bool AllowMissingCurrentLog = false, bool IgnoreLostLogs = false)
{
    /// <summary>The last generation that is replayed; none for no limit.</summary>
    public LogGeneration Stop { get; init; }

    /// <summary>Whether a gap behind what the databases need ends replay instead of failing it.</summary>
    public bool StopOnGap { get; init; }

    /// <summary>
    /// Whether, with <see cref="IgnoreLostLogs"/>, a damaged log that no database needs ends replay too: it and the
    /// later ones are then given up.
    /// </summary>
    public bool StopAtDamage { get; init; }
}
