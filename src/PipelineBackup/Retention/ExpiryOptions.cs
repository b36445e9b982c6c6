using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace PipelineBackup;

/// <summary>How old backups are removed.</summary>
public sealed record ExpiryOptions
{
    /// <summary>What stays.</summary>
    public required RetentionPolicy Policy { get; init; }

    /// <summary>The set. Default: <c>default</c>.</summary>
    public BackupSet Set { get; init; } = BackupSet.Default;

    /// <summary>
    /// How long a run without a commit counts as one that may still be under way; what it stored stays so long. Longer than
    /// the longest backup takes. The time ends at the beginning of the newest run, or now, whichever is earlier. Default: 7 days.
    /// </summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Where events are written. Default: nowhere.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Fails with all that is wrong.</summary>
    /// <exception cref="ArgumentException">Some of the options make no sense.</exception>
    internal void Validate()
    {
        Policy.Validate();
        if (Grace < TimeSpan.FromHours(1))
            throw new ArgumentException($"{nameof(Grace)} is {Grace}, and must be at least an hour");
    }
}
