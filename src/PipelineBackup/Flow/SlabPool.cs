using System.Collections.Concurrent;

namespace PipelineBackup.Flow;

/// <summary>
/// The memory of one run of a pipeline: a fixed number of native slabs of 1 MiB, handed out and taken back. Whoever rents
/// when none is left waits. The pool belongs to the run: after a clean one nothing is outstanding.
/// </summary>
/// <remarks>Slabs are allocated when first needed and freed together. Native, because megabyte arrays would live on the
/// large-object heap, be zeroed at every rent and move the garbage collector to full collections.</remarks>
internal sealed class SlabPool : IDisposable
{
    private readonly ConcurrentStack<Slab> _free = new();
    private readonly SemaphoreSlim _available;
    private readonly Lock _lock = new();
    private int _allocated;
    private int _outstanding;
    private bool _disposed;

    /// <summary>A pool of at most so many slabs.</summary>
    public SlabPool(int slabs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slabs);
        Capacity = slabs;
        _available = new(slabs, slabs);
    }

    /// <summary>How many slabs there can be.</summary>
    public int Capacity { get; }

    /// <summary>How many slabs are rented now.</summary>
    public int Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>Rents a slab, waiting until one is free.</summary>
    public async ValueTask<Slab> RentAsync(CancellationToken cancellationToken)
    {
        await _available.WaitAsync(cancellationToken).ConfigureAwait(false);
        return Take();
    }

    /// <summary>Frees the memory. Slabs that are still rented free theirs when they come back.</summary>
    public void Dispose()
    {
        lock (_lock)
            _disposed = true;
        while (_free.TryPop(out var slab))
            slab.Free();
    }

    internal void Return(Slab slab)
    {
        Interlocked.Decrement(ref _outstanding);
        lock (_lock)
        {
            if (!_disposed)
            {
                _free.Push(slab);
                _available.Release();
                return;
            }
        }

        slab.Free();
    }

    private Slab Take()
    {
        Interlocked.Increment(ref _outstanding);
        if (!_free.TryPop(out var slab))
        {
            Interlocked.Increment(ref _allocated);
            slab = new(this);
        }

        slab.Rented();
        return slab;
    }
}
