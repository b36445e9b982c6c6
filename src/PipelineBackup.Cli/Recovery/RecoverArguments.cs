using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Recovery;

/// <summary>What was typed behind <c>ese recover</c>.</summary>
internal sealed record RecoverArguments
{
    /// <summary>The directory.</summary>
    public required string Directory { get; init; }

    /// <summary>Where copies go; null in place.</summary>
    public string? CopyTo { get; init; }

    /// <summary>Base name; null to find it.</summary>
    public string? BaseName { get; init; }

    /// <summary>Whether it is a backup set whatever its databases say.</summary>
    public bool Hard { get; init; }

    /// <summary>More directories with logs of the backup.</summary>
    public IReadOnlyList<string> BackupLogs { get; init; } = [];

    /// <summary>Logs to roll forward with.</summary>
    public string? Logs { get; init; }

    /// <summary>Where undo writes logs.</summary>
    public string? LogPath { get; init; }

    /// <summary>Where the checkpoint goes.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>Range of the logs of the backup.</summary>
    public (LogGeneration Low, LogGeneration High) Range { get; init; }

    /// <summary>Databases that alone are wanted; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Other places of databases.</summary>
    public required IReadOnlyDictionary<string, string> Map { get; init; }

    /// <summary>Where replay ends; null for the end of the logs.</summary>
    public RecoveryStop? StopAt { get; init; }

    /// <summary>Whether a left out database fails a restore.</summary>
    public bool StrictMap { get; init; }

    /// <summary>Whether a gap ends replay.</summary>
    public bool StopOnGap { get; init; }

    /// <summary>Whether lost logs are given up.</summary>
    public bool IgnoreLostLogs { get; init; }

    /// <summary>Whether missing databases are left out.</summary>
    public bool IgnoreMissing { get; init; }

    /// <summary>Whether undo is left out.</summary>
    public bool NoUndo { get; init; }
}
