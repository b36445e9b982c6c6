namespace PipelineBackup.Tests.Simulation;

/// <summary>
/// A clock for simulations: short waits are over at once, long ones, which are limits that should not be reached, only
/// when a test lets them elapse. Every look at it is a millisecond later than the one before.
/// </summary>
internal sealed class HurriedTime : TimeProvider
{
    private static readonly TimeSpan s_short = TimeSpan.FromSeconds(5);

    private readonly List<Wait> _long = [];
    private long _ticks = new DateTime(2026, 11, 20, 12, 0, 0, DateTimeKind.Utc).Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Add(ref _ticks, TimeSpan.TicksPerMillisecond);

    public override DateTimeOffset GetUtcNow() => new(GetTimestamp(), TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var wait = new Wait(this, () => callback(state));
        wait.Change(dueTime, period);
        return wait;
    }

    /// <summary>Moves the clock.</summary>
    public void Pass(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);

    /// <summary>Ends all long waits that have begun.</summary>
    public void Elapse()
    {
        Wait[] due;
        lock (_long)
        {
            due = [.. _long];
            _long.Clear();
        }

        foreach (var wait in due)
            wait.Fire();
    }

    private sealed class Wait(HurriedTime clock, Action callback) : ITimer
    {
        private int _round;

        public void Fire() => callback();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            int round = Interlocked.Increment(ref _round);
            lock (clock._long)
                clock._long.Remove(this);
            if (dueTime == Timeout.InfiniteTimeSpan)
                return true;
            if (dueTime > s_short)
            {
                lock (clock._long)
                    clock._long.Add(this);
                return true;
            }

            ThreadPool.UnsafeQueueUserWorkItem(_ =>
            {
                if (Volatile.Read(ref _round) != round)
                    return;
                Interlocked.Add(ref clock._ticks, dueTime.Ticks);
                callback();
            }, null);
            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
