namespace PipelineBackup.Ese;

/// <summary>Where a database of the logs is now.</summary>
/// <param name="Logged">Its path in the logs, compared as a Windows path on every system, or a file name alone.</param>
/// <param name="Path">Where it is.</param>
public sealed record DatabaseMapping(string Logged, string Path);

/// <summary>Where replay ends before the logs do.</summary>
public sealed record RecoveryStop
{
    /// <summary>The last generation that is replayed, whole; none for no limit.</summary>
    public LogGeneration Generation { get; init; }

    /// <summary>
    /// Replay ends before the first record of the first segment that was begun later; not set for no limit.
    /// </summary>
    public LogTime Time { get; init; }
}

/// <summary>What recovery of any kind is told.</summary>
public record RecoveryOptions
{
    /// <summary>The three characters that the names of the logs begin with.</summary>
    public required string BaseName { get; init; }

    /// <summary>
    /// Where the logs are: all of soft recovery, those to roll forward with of hard recovery; and where undo writes.
    /// </summary>
    public required string LogDirectory { get; init; }

    /// <summary>Where the checkpoint file is; null stands for the directory of the logs.</summary>
    public string? CheckpointDirectory { get; init; }

    /// <summary>Where databases are now, by their path in the logs.</summary>
    public IReadOnlyList<DatabaseMapping> Map { get; init; } = [];

    /// <summary>Whether databases that <see cref="Map"/> does not name are left out.</summary>
    public bool OnlyMapped { get; init; }

    /// <summary>
    /// Where the databases are that <see cref="Map"/> does not name, under the file names of their logged paths; null:
    /// at their logged paths.
    /// </summary>
    public string? DatabaseDirectory { get; init; }

    /// <summary>Where replay ends before the logs do; null to replay all of them.</summary>
    public RecoveryStop? StopAt { get; init; }

    /// <summary>Whether a gap in the logs behind what the databases need ends replay instead of failing it.</summary>
    public bool StopOnGap { get; init; }

    /// <summary>
    /// Whether logs that replay leaves out at its end (<see cref="StopAt"/>, <see cref="StopOnGap"/>, damage with
    /// <see cref="IgnoreLostLogs"/>) may be given other names: undo goes on under their numbers. Without it recovery
    /// refuses to end before such logs, unless <see cref="SkipUndo"/> is set.
    /// </summary>
    public bool LeaveOutLaterLogs { get; init; }

    /// <summary>Whether transactions of lost logs are given up as long as the databases become consistent.</summary>
    public bool IgnoreLostLogs { get; init; }

    /// <summary>Whether databases that are missing are left out.</summary>
    public bool IgnoreMissingDatabases { get; init; }

    /// <summary>Whether the current log may be missing.</summary>
    public bool AllowMissingCurrentLog { get; init; }

    /// <summary>Whether soft recovery takes a streamed copy and makes it whole by its trailer.</summary>
    public bool AllowBackupImages { get; init; }

    /// <summary>Whether undo is left out: the databases stay dirty, for a later recovery to go on with.</summary>
    public bool SkipUndo { get; init; }

    /// <summary>Memory for pages and undo data, in bytes; what is more goes to <see cref="ScratchDirectory"/>.</summary>
    public long MemoryBytes { get; init; } = 128 << 20;

    /// <summary>Where temporary files go; null stands for the directory that undo writes to.</summary>
    public string? ScratchDirectory { get; init; }

    /// <summary>The disk that everything is on.</summary>
    public IDisk Disk { get; init; } = LocalDisk.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Takes progress; null for nobody.</summary>
    public IProgress<RecoveryProgress>? Progress { get; init; }
}

/// <summary>What hard recovery is told besides: the restore of a backup set.</summary>
public sealed record HardRecoveryOptions : RecoveryOptions
{
    /// <summary>Where the logs of the backup set are, those of a full backup first, then of each incremental one.</summary>
    public required IReadOnlyList<string> BackupLogDirectories { get; init; }

    /// <summary>The lowest generation of the set; none for the lowest that is there.</summary>
    public LogGeneration Low { get; init; }

    /// <summary>The highest generation of the set; none for the highest that is there.</summary>
    public LogGeneration High { get; init; }

    /// <summary>
    /// Where undo writes its logs and more logs to roll forward with are; given together with
    /// <see cref="TargetCheckpointDirectory"/> or not at all.
    /// </summary>
    public string? TargetLogDirectory { get; init; }

    /// <summary>Where undo writes its checkpoint.</summary>
    public string? TargetCheckpointDirectory { get; init; }

    /// <summary>Whether a database that the map leaves out fails the recovery (−1216), as the engine has it.</summary>
    public bool StrictMap { get; init; }

    /// <summary>The logs of an engine that goes on, to roll forward with; null for none.</summary>
    internal RunningLogs? Running { get; init; }
}

/// <summary>
/// The logs of an engine that goes on while a restore rolls forward with them. Only those that it has closed are looked
/// at, and nothing in their directory is written; all of them behind the backup set have to be there.
/// </summary>
/// <param name="Directory">Where they are.</param>
/// <param name="Last">The last one that is closed.</param>
internal sealed record RunningLogs(string Directory, LogGeneration Last);
