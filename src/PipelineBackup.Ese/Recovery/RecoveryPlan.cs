namespace PipelineBackup.Ese;

/// <summary>A database that a plan found in the logs.</summary>
/// <param name="LoggedPath">Its path in the logs.</param>
/// <param name="Path">Where it is; empty when the map leaves it out.</param>
/// <param name="Signature">Its identity in the logs.</param>
/// <param name="Needs">The logs that it needs, as its header says; empty when there is no header to read.</param>
/// <param name="State">Its state; null when there is no header to read.</param>
/// <param name="Finding">What is wrong with it; null for nothing.</param>
public sealed record PlannedDatabase(
    string LoggedPath, string Path, Signature Signature, RequiredLogs Needs, DatabaseState? State, LogFinding? Finding);

/// <summary>
/// What soft recovery of a directory would do, found out without changing anything: where it starts, which logs it
/// needs and has, which databases are attached, and why it would refuse.
/// </summary>
public sealed class RecoveryPlan
{
    internal RecoveryPlan(RecoveryOptions options, LogChain chain, RecoveryStart start) =>
        (Options, Chain, Begin) = (options, chain, start);

    /// <summary>What was asked for.</summary>
    public RecoveryOptions Options { get; }

    /// <summary>The logs.</summary>
    public LogChain Chain { get; }

    /// <summary>Where redo would start.</summary>
    public LogPosition Start => Begin.Position;

    /// <summary>Whether the start comes from the checkpoint.</summary>
    public bool HasCheckpoint => Begin.Checkpoint is not null;

    /// <summary>Why the checkpoint is not used; empty when it is.</summary>
    public string CheckpointFault => Begin.CheckpointFault;

    /// <summary>The last generation that would be replayed; none when there is no log.</summary>
    public LogGeneration Last { get; internal init; }

    /// <summary>The lowest generation that a database needs; none when all are clean.</summary>
    public LogGeneration MinRequired { get; internal init; }

    /// <summary>The highest generation that a database needs to become consistent.</summary>
    public LogGeneration MaxRequired { get; internal init; }

    /// <summary>The highest generation that may hold committed transactions.</summary>
    public LogGeneration MaxCommitted { get; internal init; }

    /// <summary>Where replay may be made to end.</summary>
    public RecoveryWindow Window { get; internal init; }

    /// <summary>Signature of the log stream.</summary>
    public Signature Stream => Chain.Signature;

    /// <summary>The databases that the logs name.</summary>
    public required IReadOnlyList<PlannedDatabase> Databases { get; init; }

    /// <summary>Whether everything was closed in order, so that there is nothing to recover.</summary>
    public bool IsClean { get; internal init; }

    /// <summary>Why recovery would refuse; null when nothing speaks against it.</summary>
    public LogFinding? Refusal { get; internal init; }

    /// <summary>Everything that is wrong, the <see cref="Refusal"/> included.</summary>
    public IReadOnlyList<LogFinding> Findings { get; internal init; } = [];

    internal RecoverySetup Setup { get; init; } = null!;

    internal RecoveryStart Begin { get; }

    /// <summary>Makes a plan.</summary>
    /// <param name="options">On what, and how.</param>
    /// <exception cref="IOException">The directory or a file in it cannot be read.</exception>
    /// <exception cref="EseException">−1201, −1003: the options contradict themselves.</exception>
    public static RecoveryPlan Find(RecoveryOptions options) => new RecoveryPlanner(options).Make();
}
