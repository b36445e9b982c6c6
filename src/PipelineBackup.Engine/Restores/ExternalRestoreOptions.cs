namespace PipelineBackup.Engine;

/// <summary>What is restored, where to, and with the logs of which engine it goes on.</summary>
public sealed record ExternalRestoreOptions
{
    /// <summary>How many databases the map can name.</summary>
    public const int MostMapped = 2 * EmbeddedEngine.MostDatabases;

    /// <summary>Where the logs of the backup are; only read.</summary>
    public required string BackupLogDirectory { get; init; }

    /// <summary>
    /// Where undo writes its logs, and where logs to roll forward with may be. It may be the one with the logs of the
    /// backup. No engine of the host has its logs there.
    /// </summary>
    public required string LogDirectory { get; init; }

    /// <summary>Where undo writes its checkpoint; null stands for the directory of the logs.</summary>
    public string? CheckpointDirectory { get; init; }

    /// <summary>The three characters that the names of the logs begin with.</summary>
    public string BaseName { get; init; } = "edb";

    /// <summary>
    /// Where databases of the backup are now, <see cref="MostMapped"/> at most; those that it does not name are left
    /// out. Empty: all of them, where they were.
    /// </summary>
    public IReadOnlyList<DatabaseMapping> Map { get; init; } = [];

    /// <summary>
    /// The lowest log that is replayed from the directory of the backup; none for the lowest that is there. Lower ones
    /// must not be there.
    /// </summary>
    public LogGeneration Low { get; init; }

    /// <summary>
    /// The highest log that is replayed from the directory of the backup; none for the highest that is there. Higher
    /// ones must not be there.
    /// </summary>
    public LogGeneration High { get; init; }

    /// <summary>
    /// Name of a running engine of the host whose logs the restore rolls forward with; null for none, or where
    /// <see cref="TargetLogDirectory"/> tells it.
    /// </summary>
    public string? TargetInstance { get; init; }

    /// <summary>Where the logs of that engine are; given together with its checkpoint's directory or not at all.</summary>
    public string? TargetLogDirectory { get; init; }

    /// <summary>Where the checkpoint of that engine is.</summary>
    public string? TargetCheckpointDirectory { get; init; }

    /// <summary>
    /// Whether no engine at all may run in the directories of the target: then their logs are rolled forward with, and
    /// undo goes on behind them in the same directories. Off, −577 unless told otherwise.
    /// </summary>
    public bool TargetMayBeStopped { get; init; }

    /// <summary>Whether directories that are missing are made: of the logs and of the checkpoint.</summary>
    public bool CreatePathIfNotExist { get; init; }

    /// <summary>Memory for pages and undo data, in bytes; what is more goes to the directory of the logs.</summary>
    public long MemoryBytes { get; init; } = 128 << 20;

    /// <summary>Takes the progress; null for nobody.</summary>
    public IProgress<RecoveryProgress>? Progress { get; init; }

    /// <summary>Is told what happens; null for nobody.</summary>
    public IProgress<EngineEvent>? Events { get; init; }

    /// <summary>The disk that everything is on, the target's too.</summary>
    public IDisk Disk { get; init; } = LocalDisk.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether a target was named, in whatever way.</summary>
    internal bool HasTarget => TargetInstance is not null || TargetLogDirectory is not null;

    /// <summary>Makes sure that each option makes sense, and that they do together.</summary>
    /// <exception cref="EseException">−1003: they do not.</exception>
    internal void Require()
    {
        Require(BaseName.Length == 3 && !BaseName.AsSpan().ContainsAny("./\\: "),
            $"'{BaseName}' is no base name of logs: those have three characters");
        Require(TargetLogDirectory is null == TargetCheckpointDirectory is null,
            "of the directories of the target one was given, and one was not");
        Require(TargetInstance is null || TargetLogDirectory is null,
            "the target was told by its name and by its directories");
        Require(Low.Value >= 0 && High.Value >= 0, "logs have positive numbers");
        Require(!Low.IsSet || !High.IsSet || Low <= High, $"the lowest log, {Low}, is above the highest, {High}");
        Require(Map.Count <= MostMapped, $"the map has {Map.Count} databases, more than {MostMapped}");
    }

    private static void Require(bool isSo, string message)
    {
        if (!isSo)
            throw new EseException(EseError.InvalidParameter, message);
    }
}
