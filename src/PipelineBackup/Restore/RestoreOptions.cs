using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace PipelineBackup;

/// <summary>How a restore is made. All values but the target have working defaults.</summary>
public sealed record RestoreOptions
{
    /// <summary>The directory to restore into. Made when it is not there; nothing in it is ever overwritten.</summary>
    public required string Target { get; init; }

    /// <summary>Where the files are put together before they are published; on the same volume as the target. Default: a directory inside the target.</summary>
    public string? Staging { get; init; }

    /// <summary>The set to restore from. Default: <c>default</c>.</summary>
    public BackupSet Set { get; init; } = BackupSet.Default;

    /// <summary>Names of the databases to restore. Default: all.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary>
    /// Other places for databases: from the original path or the file name to a path, absolute or relative to the target.
    /// Original paths compare as Windows paths do, whatever system this is.
    /// </summary>
    public IReadOnlyDictionary<string, string> Map { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Whether databases are published as they were backed up, with their logs, even though they must be recovered before
    /// use. Default: false, then they are recovered first, and published without logs.
    /// </summary>
    public bool SkipRecovery { get; init; }

    /// <summary>What recovers databases that need it. Default: this library itself.</summary>
    public IDatabaseRecovery Recovery { get; init; } = new ManagedRecovery();

    /// <summary>
    /// A directory of later logs of the same stream to roll forward with; only read. Default: none, and the databases come
    /// to the state of the backup.
    /// </summary>
    public string? RollForward { get; init; }

    /// <summary>The last log generation to replay. Default: 0, all there are.</summary>
    public int StopGeneration { get; init; }

    /// <summary>The time up to which logs are replayed. Default: no limit.</summary>
    public DateTimeOffset? StopTime { get; init; }

    /// <summary>Memory for packs and pages in bytes; at least 80 MiB. Default: 160 MiB.</summary>
    public long MemoryBudget { get; init; } = 160L << 20;

    /// <summary>Workers that decompress and verify. Default: one a processor.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Told how far the restore is, a few times a second.</summary>
    public IProgress<BackupProgress>? Progress { get; init; }

    /// <summary>Where events are written. Default: nowhere.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
