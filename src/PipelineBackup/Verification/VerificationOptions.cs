using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace PipelineBackup;

/// <summary>How a verification is made. All values have working defaults.</summary>
public sealed record VerificationOptions
{
    /// <summary>The set to verify in. Default: <c>default</c>.</summary>
    public BackupSet Set { get; init; } = BackupSet.Default;

    /// <summary>Memory for packs and pages in bytes; at least 80 MiB. Default: 160 MiB.</summary>
    public long MemoryBudget { get; init; } = 160L << 20;

    /// <summary>Workers that decompress and verify. Default: one a processor.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Told how far the verification is, a few times a second.</summary>
    public IProgress<BackupProgress>? Progress { get; init; }

    /// <summary>Where events are written. Default: nowhere.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
