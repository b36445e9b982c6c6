using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace PipelineBackup;

/// <summary>How a restore drill is made.</summary>
public sealed record DrillOptions
{
    /// <summary>
    /// A directory in which the drill makes one of its own, restores into it and deletes it. Default: the system's for
    /// temporary files.
    /// </summary>
    public string Scratch { get; init; } = Path.GetTempPath();

    /// <summary>The set to restore from. Default: <c>default</c>.</summary>
    public BackupSet Set { get; init; } = BackupSet.Default;

    /// <summary>What recovers databases that need it. Default: this library itself.</summary>
    public IDatabaseRecovery Recovery { get; init; } = new ManagedRecovery();

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
