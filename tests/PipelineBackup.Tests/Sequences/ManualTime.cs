namespace PipelineBackup.Tests.Sequences;

/// <summary>A clock that stands still until it is told to go on; timers fire on the thread that tells it.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly List<Timer> _timers = [];
    private long _ticks = new DateTime(2026, 11, 20, 12, 0, 0, DateTimeKind.Utc).Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => new(Volatile.Read(ref _ticks), TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass, timer by timer.</summary>
    public void GoOn(TimeSpan time)
    {
        long end = _ticks + time.Ticks;
        while (Next(end) is { } next)
        {
            Volatile.Write(ref _ticks, Math.Max(_ticks, next.Due));
            next.Fire();
        }

        Volatile.Write(ref _ticks, end);
    }

    private Timer? Next(long end)
    {
        lock (_timers)
            return _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
    }

    private sealed class Timer(ManualTime clock, Action callback) : ITimer
    {
        private long _period;

        public long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._timers)
            {
                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                (Due, _period) = (clock._ticks + dueTime.Ticks, period.Ticks);
                clock._timers.Add(this);
            }

            return true;
        }

        public void Fire()
        {
            lock (clock._timers)
            {
                if (_period > 0)
                    Due += _period;
                else
                    clock._timers.Remove(this);
            }

            callback();
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
