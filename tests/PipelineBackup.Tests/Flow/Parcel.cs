using PipelineBackup.Flow;

namespace PipelineBackup.Tests.Flow;

/// <summary>An item of a pipeline that owns a slab, or some parcels, and keeps count of itself.</summary>
internal sealed class Parcel(int number, Slab? slab, ParcelLedger ledger, params Parcel[] inside) : IDisposable
{
    private int _disposed;

    public int Number => number;

    public IReadOnlyList<Parcel> Inside => inside;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        slab?.Return();
        foreach (var one in inside)
            one.Dispose();
        ledger.Gone();
    }
}

/// <summary>How many parcels there are.</summary>
internal sealed class ParcelLedger
{
    private int _made, _gone, _most;

    public int Made => Volatile.Read(ref _made);

    public int Alive => Made - Volatile.Read(ref _gone);

    /// <summary>The most that were alive at a time.</summary>
    public int Most => Volatile.Read(ref _most);

    public Parcel Make(int number, Slab? slab = null, params Parcel[] inside)
    {
        Interlocked.Increment(ref _made);
        int alive = Alive;
        for (int most = Most; alive > most && Interlocked.CompareExchange(ref _most, alive, most) != most; most = Most)
        {
        }

        return new(number, slab, this, inside);
    }

    public void Gone() => Interlocked.Increment(ref _gone);
}
