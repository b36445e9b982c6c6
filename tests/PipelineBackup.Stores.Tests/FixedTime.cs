namespace PipelineBackup.Stores.Tests;

/// <summary>The system's clock with another time of day: one that stands, so that two runs write the same; or one that is ahead.</summary>
internal sealed class FixedTime : TimeProvider
{
    private static readonly DateTimeOffset s_noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly TimeSpan? _ahead;

    private FixedTime(TimeSpan? ahead) => _ahead = ahead;

    /// <summary>One that stands.</summary>
    public static FixedTime Standing { get; } = new(null);

    /// <summary>One that is ahead.</summary>
    public static FixedTime Ahead(TimeSpan time) => new(time);

    public override DateTimeOffset GetUtcNow() => _ahead is { } ahead ? base.GetUtcNow() + ahead : s_noon;
}
