namespace PipelineBackup.Ese.Tests.Simulation;

/// <summary>A clock that stands.</summary>
/// <param name="now">The time it shows.</param>
internal sealed class FixedTime(DateTimeOffset now) : TimeProvider
{
    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => now;
}
