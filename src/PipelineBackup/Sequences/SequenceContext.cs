namespace PipelineBackup.Sequences;

/// <summary>A session of a client: what its handle stands for. Disposing it aborts what goes on.</summary>
/// <param name="time">The clock.</param>
internal abstract class SequenceContext(TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private long _used = time.GetTimestamp();

    /// <summary>Its handle. It cannot be guessed, so only who got it can use it.</summary>
    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>What it does, for people.</summary>
    public abstract string Purpose { get; }

    /// <summary>Whether nobody has used it for a time.</summary>
    /// <param name="limit">The time.</param>
    public bool IsLeftAlone(TimeSpan limit) => time.GetElapsedTime(Volatile.Read(ref _used)) >= limit;

    /// <summary>Begins a call, unless one goes on.</summary>
    public bool TryEnter() => _gate.Wait(0);

    /// <summary>Waits until it may be ended.</summary>
    public Task EnterAsync() => _gate.WaitAsync();

    /// <summary>Ends a call.</summary>
    public void Leave()
    {
        Volatile.Write(ref _used, time.GetTimestamp());
        _gate.Release();
    }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
