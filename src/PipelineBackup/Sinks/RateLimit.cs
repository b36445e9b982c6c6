namespace PipelineBackup.Sinks;

/// <summary>
/// A rate that transfers keep to together: each may begin at once if the ones before it are paid for by the time that
/// passed, and waits otherwise. Over any longer time the rate holds; a single transfer goes at full speed.
/// </summary>
public sealed class RateLimit
{
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly double _ticksPerByte;
    private long _paidUntil;

    /// <summary>A limit for as many sinks as share it.</summary>
    /// <param name="bytesPerSecond">The rate, at least 1.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public RateLimit(long bytesPerSecond, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerSecond, 1);
        _time = time ?? TimeProvider.System;
        BytesPerSecond = bytesPerSecond;
        _ticksPerByte = (double)_time.TimestampFrequency / bytesPerSecond;
        _paidUntil = _time.GetTimestamp();
    }

    /// <summary>The rate.</summary>
    public long BytesPerSecond { get; }

    /// <summary>Waits until earlier transfers are paid for, and takes the time of this one.</summary>
    /// <param name="bytes">Length of the transfer; 0 waits for the ones before.</param>
    /// <param name="cancellationToken">Ends the wait; the time stays taken.</param>
    public ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        long wait;
        lock (_lock)
        {
            // Time that nobody used is lost: a pause must not be made up for by a burst.
            long now = _time.GetTimestamp();
            _paidUntil = Math.Max(_paidUntil, now);
            wait = _paidUntil - now;
            _paidUntil += (long)(bytes * _ticksPerByte);
        }

        return wait > 0 ? new(WaitAsync(_time.GetElapsedTime(0, wait), cancellationToken))
            : cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled(cancellationToken) : default;
    }

    // A delay lasts 49 days at most; a large pack at a tiny rate takes longer.
    private async Task WaitAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        for (var step = TimeSpan.FromDays(30); wait > step; wait -= step)
            await Task.Delay(step, _time, cancellationToken);
        await Task.Delay(wait, _time, cancellationToken);
    }
}
