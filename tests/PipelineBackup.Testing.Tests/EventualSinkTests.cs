using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

public sealed class EventualSinkTests
{
    private static readonly ObjectName s_name = ObjectName.Of("a/b");
    private static readonly TimeSpan s_lag = TimeSpan.FromSeconds(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_put_and_a_delete_are_seen_when_the_lag_is_over()
    {
        var time = new HandClock();
        var sink = new EventualSink(new MemorySink(), s_lag, s_lag / 2, time);
        await sink.PutAsync(s_name, ObjectBody.Of(new byte[3]), Token);
        Assert.Empty(await sink.ListAsync("", Token).ToListAsync(Token));
        var early = await Assert.ThrowsAsync<SinkException>(() => sink.OpenReadAsync(s_name, ByteRange.All, Token).AsTask());
        Assert.Equal(SinkFailure.NotFound, early.Failure);
        var taken = await Assert.ThrowsAsync<SinkException>(() => sink.PutAsync(s_name, ObjectBody.Of(new byte[1]), Token).AsTask());
        Assert.Equal(SinkFailure.AlreadyExists, taken.Failure);

        time.Advance(s_lag / 2);
        await (await sink.OpenReadAsync(s_name, ByteRange.All, Token)).DisposeAsync();
        Assert.Empty(await sink.ListAsync("", Token).ToListAsync(Token));
        time.Advance(s_lag / 2);
        Assert.Equal([new(s_name, 3)], await sink.ListAsync("a/", Token).ToListAsync(Token));

        await sink.DeleteAsync(s_name, Token);
        Assert.Equal([new(s_name, 3)], await sink.ListAsync("a/", Token).ToListAsync(Token));
        Assert.Empty(await sink.ListAsync("b", Token).ToListAsync(Token));
        await Assert.ThrowsAsync<SinkException>(() => sink.OpenReadAsync(s_name, ByteRange.All, Token).AsTask());
        time.Advance(s_lag);
        Assert.Empty(await sink.ListAsync("", Token).ToListAsync(Token));
    }

    [Fact]
    public async Task Listings_that_lag_break_every_law_that_lists_what_it_did()
    {
        // The clock stands: what was done is never known.
        string[] broken = await BrokenAsync(TimeSpan.FromDays(1), TimeSpan.Zero);
        Assert.Equal(
            "classes wrong-checksums listed-by-others outlives-its-sink first-stays one-winner name-free-again "
            + "names-apart names-dots names-odd names-case names-long list-order list-prefix list-odd-prefix "
            + "list-left list-many list-full-pages list-prefix-many list-beside-writers delete-one cancelled-before "
            + "cancelled-listing cancelled-put cancelled-list side-by-side call-after-failure",
            string.Join(' ', broken));
    }

    [Fact]
    public async Task Readers_that_lag_break_what_reads_its_own_writes()
    {
        string[] broken = await BrokenAsync(TimeSpan.Zero, TimeSpan.FromDays(1));
        Assert.Contains("seen-by-others", broken);
        Assert.Contains("read-back", broken);
        Assert.DoesNotContain("created-once", broken);
        Assert.DoesNotContain("listed-by-others", broken);
        Assert.DoesNotContain("list-many", broken);
    }

    private static async Task<string[]> BrokenAsync(TimeSpan listingLag, TimeSpan readingLag)
    {
        var broken = new List<string>();
        foreach (var law in SinkConformance.Laws.Where(law => law.Needs == LawNeed.Store && law.LongestObject <= 4 << 20))
        {
            var store = new MemorySink();
            var first = new EventualSink(store, listingLag, readingLag, new HandClock());
            var outcome = await law.JudgeAsync(
                () => SinkUnderTest.Of(() => first.Reopen(store.Reopen())), Token, new() { TimeLimit = TimeSpan.FromSeconds(20) });
            if (outcome.Verdict == LawVerdict.Broken)
                broken.Add(law.Name);
        }

        return [.. broken];
    }

    /// <summary>A clock that goes when it is told to.</summary>
    private sealed class HandClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan time) => _now += time.Ticks;
    }
}
