using PipelineBackup.Flow;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>
/// The memory of a way out of a store: slabs for packs and for plain pages, within a budget. It fixes workers and readers
/// of packs together.
/// </summary>
internal sealed class UnpackMemory : IDisposable
{
    private const int FewestPacks = 2, MostPacks = 4;

    // Beside each worker's chunk: one that waits for it, and some between opening and placing.
    private const int SpareRuns = 6;

    /// <summary>Divides a budget.</summary>
    public UnpackMemory(long budget, int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, MemoryPlan.MinBudget, nameof(RestoreOptions.MemoryBudget));
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1, nameof(RestoreOptions.Workers));
        long slabs = budget / Slab.Bytes;
        int packs = (int)Math.Clamp((slabs - FewestPacks * MemoryPlan.SlabsPerPack) / MemoryPlan.SlabsPerPack + 1, FewestPacks, MostPacks);
        Packs = new(packs * MemoryPlan.SlabsPerPack);
        Runs = new((int)Math.Min(slabs - Packs.Capacity, 2L * workers + SpareRuns));
        Workers = Math.Min(workers, Runs.Capacity);
        // A pack that was read waits for the ones before it: with the one ahead of all still on its way, the others must fit
        // beside it, even where a damaged index says that they are longer than packs are.
        Fetchers = Math.Max(1, Packs.Capacity * Slab.Bytes / PackFormat.MaxBytes - 1);
    }

    /// <summary>Workers that decompress and prove.</summary>
    public int Workers { get; }

    /// <summary>How many packs are read at a time.</summary>
    public int Fetchers { get; }

    /// <summary>For packs.</summary>
    public SlabPool Packs { get; }

    /// <summary>For plain pages.</summary>
    public SlabPool Runs { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Packs.Dispose();
        Runs.Dispose();
    }
}
