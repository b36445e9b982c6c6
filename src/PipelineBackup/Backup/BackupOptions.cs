using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PipelineBackup.Sinks;

namespace PipelineBackup;

/// <summary>What to do with a page that stays bad after it was read again.</summary>
public enum BadPagePolicy
{
    /// <summary>Nothing is published.</summary>
    Fail,

    /// <summary>The database is left out, the others are published.</summary>
    DropDatabase,

    /// <summary>The page is stored as it is, and listed.</summary>
    Record,
}

/// <summary>What to do when log generations that the databases need are missing or damaged.</summary>
public enum LogGapPolicy
{
    /// <summary>Nothing is published.</summary>
    Fail,

    /// <summary>What there is is published as a forensic copy, which can be restored but not recovered.</summary>
    Record,
}

/// <summary>How many of several stores must have the backup for it to count.</summary>
public enum StoreRequirement
{
    /// <summary>Every one: a store that fails fails the backup.</summary>
    All,

    /// <summary>One: a store that fails is dropped while another is left.</summary>
    Any,
}

/// <summary>How a backup is made. All values have working defaults.</summary>
public sealed record BackupOptions
{
    /// <summary>The set to add to. Default: <c>default</c>.</summary>
    public BackupSet Set { get; init; } = BackupSet.Default;

    /// <summary>The kind of backup. Default: full.</summary>
    public BackupKind Kind { get; init; } = BackupKind.Full;

    /// <summary>Names of the databases to take. Default: all.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary>What to do with bad pages. Default: fail.</summary>
    public BadPagePolicy OnBadPage { get; init; } = BadPagePolicy.Fail;

    /// <summary>What to do with log gaps. Default: fail.</summary>
    public LogGapPolicy OnLogGap { get; init; } = LogGapPolicy.Fail;

    /// <summary>How many of several stores must have the backup. Default: all.</summary>
    public StoreRequirement Require { get; init; } = StoreRequirement.All;

    /// <summary>Whether the source may delete logs that are no longer needed, once the backup stands. Default: true.</summary>
    public bool TruncateLogs { get; init; } = true;

    /// <summary>Memory for pages and packs in bytes, whatever the size of the databases; at least 80 MiB. Default: 160 MiB.</summary>
    public long MemoryBudget { get; init; } = 160L << 20;

    /// <summary>Workers that verify and compress; the memory budget may allow fewer. Default: one a processor.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Whether the work of the workers leaves the processors to whoever else wants them, in this process or another.
    /// Default: when the source is in use (<see cref="BackupStamp.IsInUse"/>).
    /// </summary>
    public bool? YieldsProcessors { get; init; }

    /// <summary>How long one store may take for one object before it counts as failed. Default: 10 minutes.</summary>
    public TimeSpan StoreTimeLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long from its beginning every store must refuse to delete the objects of the backup. A store that cannot promise
    /// it counts as failed (<see cref="SinkTraits.SupportsRetention"/>). Default: no such promise.
    /// </summary>
    public TimeSpan? RetainFor { get; init; }

    /// <summary>The meters that count the requests to the stores, retries included; what they count stands in the commit. Default: none.</summary>
    public IReadOnlyList<SinkMeter> Meters { get; init; } = [];

    /// <summary>Told how far the backup is, a few times a second.</summary>
    public IProgress<BackupProgress>? Progress { get; init; }

    /// <summary>Where events are written. Default: nowhere.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
