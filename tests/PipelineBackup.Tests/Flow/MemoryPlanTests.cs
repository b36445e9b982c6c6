using PipelineBackup.Flow;
using PipelineBackup.Restore;

namespace PipelineBackup.Tests.Flow;

public class MemoryPlanTests
{
    public static TheoryData<long, int> Budgets()
    {
        var data = new TheoryData<long, int>();
        foreach (long mebibytes in new[] { 80L, 81, 95, 96, 104, 112, 127, 128, 160, 200, 256, 1024, 16384 })
        {
            foreach (int workers in new[] { 1, 2, 3, 8, 64, 512 })
                data.Add(mebibytes << 20, workers);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Budgets))]
    public void A_backup_never_plans_more_than_its_budget(long budget, int workers)
    {
        foreach (int puts in new[] { 1, 2, 4, 16, 200 })
        {
            var plan = MemoryPlan.Of(budget, workers, puts);
            long slabs = (long)plan.Runs * MemoryPlan.SlabsPerRun + (long)plan.Packs * MemoryPlan.SlabsPerPack;
            Assert.InRange(slabs * Slab.Bytes, 1, budget);
            // One pack grows while at least one is stored; each worker has a run, and the rooms around have some.
            Assert.InRange(plan.Packs, 2, puts + 1);
            Assert.InRange(plan.Workers, 1, Math.Min(workers, plan.Runs));
            Assert.InRange(plan.Runs, 4, 2 * workers + 6);
        }
    }

    [Theory]
    [MemberData(nameof(Budgets))]
    public void A_restore_never_plans_more_than_its_budget(long budget, int workers)
    {
        using var memory = new UnpackMemory(budget, workers);
        Assert.InRange((long)(memory.Packs.Capacity + memory.Runs.Capacity) * Slab.Bytes, 1, budget);
        Assert.InRange(memory.Workers, 1, Math.Min(workers, memory.Runs.Capacity));
        // However long a hostile index says that packs are: those in flight with their heads still out must fit.
        Assert.True(memory.Fetchers == 1 || (memory.Fetchers + 1) * (Format.PackFormat.MaxBytes / Slab.Bytes) <= memory.Packs.Capacity);
    }

    [Fact]
    public void Less_than_80_mebibytes_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryPlan.Of((80L << 20) - 1, 1, 1));
}
