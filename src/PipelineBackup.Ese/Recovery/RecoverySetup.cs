namespace PipelineBackup.Ese;

/// <summary>What a run of redo and undo starts from; soft and hard recovery each find it their way.</summary>
internal sealed record RecoverySetup
{
    /// <summary>What the caller asked for.</summary>
    public required RecoveryOptions Options { get; init; }

    /// <summary>The logs.</summary>
    public required LogSupply Logs { get; init; }

    /// <summary>Where redo starts.</summary>
    public required LogPosition Start { get; init; }

    /// <summary>Signature of the log stream.</summary>
    public required Signature Stream { get; init; }

    /// <summary>The checkpoint that was found; null for none.</summary>
    public Checkpoint? Checkpoint { get; init; }

    /// <summary>The databases attached at the start.</summary>
    public required IReadOnlyList<AttachedDatabase> Attached { get; init; }

    /// <summary>The highest generation of a backup set that is restored; none in soft recovery.</summary>
    public LogGeneration RestoreHigh { get; init; }

    /// <summary>The lowest generation of a backup set that is restored; none in soft recovery.</summary>
    public LogGeneration RestoreLow { get; init; }

    /// <summary>Where undo writes its log.</summary>
    public required string UndoLogDirectory { get; init; }

    /// <summary>Where undo writes the checkpoint.</summary>
    public required string UndoCheckpointDirectory { get; init; }

    /// <summary>
    /// The first position that is not replayed, the start of a segment; not set to replay whole logs. Records that end
    /// behind it are left out.
    /// </summary>
    public LogPosition Stop { get; init; }

    /// <summary>
    /// The logs in the folder of undo that replay leaves out at the end, by ascending generation: undo writes its own
    /// under their numbers, so they are given other names before.
    /// </summary>
    public IReadOnlyList<LogFileEntry> Later { get; init; } = [];

    /// <summary>Whether transactions of logs that are not replayed are given up.</summary>
    public bool AcceptsLoss { get; init; }

    /// <summary>Whether this restores a backup set.</summary>
    public bool IsHard => RestoreLow.IsSet;
}
