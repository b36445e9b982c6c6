using PipelineBackup.Format;

namespace PipelineBackup.Flow;

/// <summary>
/// How a memory budget is spent: it fixes workers, runs and packs together, so that the peak does not depend on the size of
/// the databases or the number of processors.
/// </summary>
/// <param name="Workers">Workers that verify and compress.</param>
/// <param name="Runs">Runs of 2 MiB that can be under way.</param>
/// <param name="Packs">Packs of 32 MiB: one that grows, the others on their way into the store.</param>
internal readonly record struct MemoryPlan(int Workers, int Runs, int Packs)
{
    public const long MinBudget = 80L << 20;
    public const int SlabsPerRun = 2;
    public const int SlabsPerPack = PackFormat.TargetBytes / Slab.Bytes;

    private const int FewestRuns = 4;

    // Beside each worker's run: one that waits for it, and some between reading, packing and the workers.
    private const int SpareRuns = 6;

    /// <summary>Divides a budget.</summary>
    public static MemoryPlan Of(long budget, int workers, int putConcurrency)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, MinBudget, nameof(BackupOptions.MemoryBudget));
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1, nameof(BackupOptions.Workers));
        long slabs = budget / Slab.Bytes;
        int packs = (int)Math.Clamp((slabs - FewestRuns * SlabsPerRun) / SlabsPerPack, 2, putConcurrency + 1);
        int runs = (int)Math.Min((slabs - (long)packs * SlabsPerPack) / SlabsPerRun, 2L * workers + SpareRuns);
        return new(Math.Max(1, Math.Min(workers, runs - FewestRuns + 1)), Math.Max(FewestRuns, runs), packs);
    }
}
