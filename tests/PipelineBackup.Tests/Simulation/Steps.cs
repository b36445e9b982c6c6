using System.Runtime.CompilerServices;

namespace PipelineBackup.Tests.Simulation;

/// <summary>Counts what a run does to its source and its stores, and strikes at a step that was chosen beforehand.</summary>
internal sealed class Steps : IDisposable
{
    private int _count, _crashed;

    /// <summary>At which step the process dies, from 1; 0 for never.</summary>
    public int CrashAt { get; init; }

    /// <summary>Whether the call at which the process dies still takes effect.</summary>
    public bool LastTakesEffect { get; init; }

    /// <summary>At which step the run is cancelled, from 1; 0 for never.</summary>
    public int CancelAt { get; init; }

    public CancellationTokenSource Cancellation { get; } = new();

    public bool Crashed => Volatile.Read(ref _crashed) != 0;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Notes a step.</summary>
    /// <returns>Whether it is the last one, which takes effect all the same.</returns>
    /// <exception cref="SinkException">The process is dead.</exception>
    public bool Reach(string what)
    {
        int step = Interlocked.Increment(ref _count);
        if (step == CancelAt)
            Cancellation.Cancel();
        if (CrashAt == 0 || step < CrashAt)
            return false;
        bool first = Interlocked.Exchange(ref _crashed, 1) == 0;
        return first && LastTakesEffect ? true : throw Dead(what);
    }

    public void Dispose() => Cancellation.Dispose();

    public static SinkException Dead(string what) => new($"planned: the process is dead at {what}");
}

/// <summary>A store as a process sees it that may die at any call: from then on nothing it does takes effect.</summary>
internal sealed class SteppedSink(IBackupSink inner, Steps steps) : IBackupSink
{
    public SinkTraits Traits => inner.Traits;

    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        bool last = steps.Reach($"put {name}");
        await inner.PutAsync(name, body, cancellationToken);
        if (last)
            throw Steps.Dead($"put {name}");
    }

    public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        if (steps.Reach($"read {name}"))
            throw Steps.Dead($"read {name}");
        return await inner.OpenReadAsync(name, range, cancellationToken);
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (steps.Reach($"list {prefix}"))
            throw Steps.Dead($"list {prefix}");
        await foreach (var item in inner.ListAsync(prefix, cancellationToken))
            yield return item;
    }

    public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        bool last = steps.Reach($"delete {name}");
        await inner.DeleteAsync(name, cancellationToken);
        if (last)
            throw Steps.Dead($"delete {name}");
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
