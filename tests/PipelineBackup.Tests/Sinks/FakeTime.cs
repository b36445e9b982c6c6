namespace PipelineBackup.Tests.Sinks;

/// <summary>
/// A clock that goes on only when everything waits for it: <see cref="RunAsync"/> goes from one due timer to the next.
/// </summary>
internal sealed class FakeTime : TimeProvider
{
    private readonly List<FakeTimer> _timers = [];
    private long _ticks = new DateTime(2026, 11, 20, 12, 0, 0, DateTimeKind.Utc).Ticks;

    /// <summary>What has passed since the clock was made.</summary>
    public TimeSpan Passed => new(_ticks - new DateTime(2026, 11, 20, 12, 0, 0, DateTimeKind.Utc).Ticks);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => new(Volatile.Read(ref _ticks), TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass without waking anybody.</summary>
    public void Pass(TimeSpan time) => Volatile.Write(ref _ticks, _ticks + time.Ticks);

    /// <summary>
    /// Runs something to its end. Everything beneath must complete at once or wait for this clock, so that it stands
    /// still, on this thread, whenever the clock goes on; then a run is the same every time.
    /// </summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> act)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            var task = act();
            while (!task.IsCompleted)
            {
                if (Next() is not { } next)
                {
                    // A cancelled delay hands its news to the thread pool.
                    if (!SpinWait.SpinUntil(() => task.IsCompleted || Next() is not null, TimeSpan.FromSeconds(30)))
                        throw new InvalidOperationException("waits, but not for the clock");
                    continue;
                }

                Volatile.Write(ref _ticks, Math.Max(_ticks, next.Due));
                next.Fire();
            }

            return await task;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    public Task RunAsync(Func<Task> act) => RunAsync(async () =>
    {
        await act();
        return true;
    });

    private FakeTimer? Next()
    {
        lock (_timers)
            return _timers.MinBy(timer => timer.Due);
    }

    private sealed class FakeTimer(FakeTime clock, Action callback) : ITimer
    {
        public long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._timers)
            {
                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                Due = clock._ticks + dueTime.Ticks;
                clock._timers.Add(this);
            }

            return true;
        }

        public void Fire()
        {
            lock (clock._timers)
                clock._timers.Remove(this);
            callback();
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
