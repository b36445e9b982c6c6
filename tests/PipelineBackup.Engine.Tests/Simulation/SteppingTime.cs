namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>A clock that only moves when it is told to.</summary>
internal sealed class SteppingTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _now;

    /// <summary>Time passes.</summary>
    public void Pass(int milliseconds) => _now = _now.AddMilliseconds(milliseconds);
}
