using PipelineBackup.Flow;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Flow;

public class SlabPoolTests
{
    [Fact]
    public async Task Whoever_rents_when_none_is_left_waits_until_one_comes_back()
    {
        using var pool = new SlabPool(2);
        var first = await pool.RentAsync(default);
        var second = await pool.RentAsync(default);
        var third = pool.RentAsync(default).AsTask();
        Assert.False(third.IsCompleted);
        Assert.Equal(2, pool.Outstanding);
        first.Return();
        var again = await third.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Same(first, again);
        again.Return();
        second.Return();
        Assert.Equal(0, pool.Outstanding);
    }

    [Fact]
    public async Task A_wait_can_be_cancelled_and_takes_nothing()
    {
        using var pool = new SlabPool(1);
        using var cancel = new CancellationTokenSource();
        var only = await pool.RentAsync(default);
        var wait = pool.RentAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        only.Return();
        (await pool.RentAsync(default)).Return();
        Assert.Equal(0, pool.Outstanding);
    }

    [Fact]
    public async Task A_slab_is_a_mebibyte_aligned_to_4096_bytes()
    {
        using var pool = new SlabPool(1);
        var slab = await pool.RentAsync(default);
        Assert.Equal(1 << 20, slab.Memory.Length);
        Assert.Equal(0, Address(slab) % 4096);
        slab.Return();

        static unsafe long Address(Slab slab)
        {
            using var pin = slab.Pin();
            return (long)pin.Pointer;
        }
    }

    [Fact]
    public async Task A_slab_that_was_given_back_cannot_be_used_and_giving_it_back_again_does_nothing()
    {
        using var pool = new SlabPool(1);
        var slab = await pool.RentAsync(default);
        var memory = slab.Memory;
        slab.Return();
        slab.Return();
        Assert.Throws<ObjectDisposedException>(() => memory.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => slab.Pin());
        Assert.Equal(0, pool.Outstanding);
        await pool.RentAsync(default);
        Assert.Equal(1, pool.Outstanding);
        Assert.False(pool.RentAsync(default).AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_slab_may_come_back_after_the_pool_is_gone()
    {
        var pool = new SlabPool(1);
        var slab = await pool.RentAsync(default);
        pool.Dispose();
        slab.Return();
        Assert.Equal(0, pool.Outstanding);
    }

    [Fact]
    public Task Many_who_rent_at_once_never_share_a_slab() => Seeds.EachAsync(20, async (_, random) =>
    {
        int slabs = random.Next(1, 6);
        using var pool = new SlabPool(slabs);
        await Task.WhenAll(Enumerable.Range(1, 8).Select(worker => Task.Run(async () =>
        {
            for (int i = 0; i < 50; i++)
            {
                var slab = await pool.RentAsync(default);
                Assert.InRange(pool.Outstanding, 1, slabs);
                slab.GetSpan()[..64].Fill((byte)worker);
                await Task.Yield();
                Assert.False(slab.GetSpan()[..64].ContainsAnyExcept((byte)worker));
                slab.Return();
            }
        })));
        Assert.Equal(0, pool.Outstanding);
    });
}
