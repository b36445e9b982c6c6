namespace PipelineBackup;

/// <summary>Counts what is done and tells it, at most ten times a second.</summary>
internal sealed class ProgressMeter(IProgress<BackupProgress>? target, TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private long _last;
    private ProgressPhase _phase;
    private string _file = "";
    private long _done, _total, _stored;

    /// <summary>Plain bytes done.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>Begins a phase.</summary>
    /// <param name="phase">The phase.</param>
    /// <param name="moreBytes">Plain bytes that it adds to the total.</param>
    public void Begin(ProgressPhase phase, long moreBytes = 0)
    {
        _phase = phase;
        _file = "";
        Interlocked.Add(ref _total, moreBytes);
        Tell(always: true);
    }

    /// <summary>Begins a file.</summary>
    public void Enter(string file) => _file = file;

    /// <summary>Counts plain bytes.</summary>
    public void Read(long bytes)
    {
        Interlocked.Add(ref _done, bytes);
        Tell(always: false);
    }

    /// <summary>Takes bytes out of the total that will not be done.</summary>
    public void Skip(long bytes) => Interlocked.Add(ref _total, -bytes);

    /// <summary>Counts bytes that went to or came from the store.</summary>
    public void Stored(long bytes) => Interlocked.Add(ref _stored, bytes);

    private void Tell(bool always)
    {
        if (target is null)
            return;
        lock (_lock)
        {
            long now = time.GetTimestamp();
            if (!always && time.GetElapsedTime(_last, now) < s_interval)
                return;
            _last = now;
        }

        target.Report(new(_phase, _file, Done, Interlocked.Read(ref _total), Interlocked.Read(ref _stored)));
    }
}
