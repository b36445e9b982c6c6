using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

public sealed class DoublesTests
{
    private static readonly ObjectName s_name = ObjectName.Of("a/b");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fault_before_has_no_effect_and_a_fault_after_has()
    {
        var store = new MemorySink();
        var sink = new FaultySink(
            store, [PlannedFault.Before(SinkCall.Put, 1), PlannedFault.After(SinkCall.Put,
                2) with { Failure = SinkFailure.Full, Transient = false }]);
        var first = await Assert.ThrowsAsync<SinkException>(() => Put(sink));
        Assert.True(first.Transient);
        Assert.Equal(0, store.Count);
        var second = await Assert.ThrowsAsync<SinkException>(() => Put(sink));
        Assert.False(second.Transient);
        Assert.Equal(SinkFailure.Full, second.Failure);
        Assert.Equal(1, store.Count);
        sink.VerifyAllHappened();
    }

    [Fact]
    public async Task A_planned_fault_that_never_happened_is_told()
    {
        var sink = new FaultySink(new MemorySink(), [PlannedFault.Before(SinkCall.Put, 2), PlannedFault.FlipBit(1, 3)]);
        await Put(sink);
        var told = Assert.Throws<ConformanceException>(sink.VerifyAllHappened);
        Assert.Contains("Put 2: FailBefore, Read 1: FlipBit at 3", told.Message, StringComparison.Ordinal);
        Assert.Equal(sink.Script, sink.NotHappened);
    }

    [Fact]
    public async Task A_read_breaks_ends_early_or_lies_at_the_planned_byte()
    {
        byte[] content = new byte[1000];
        var sink = new FaultySink(
            new MemorySink(),
            [PlannedFault.Break(SinkCall.Read, 1, 300), PlannedFault.EndEarly(SinkCall.Read, 2, 999),
                PlannedFault.FlipBit(3, 500)]);
        await sink.PutAsync(s_name, ObjectBody.Of(content), Token);

        await using var breaking = await sink.OpenReadAsync(s_name, ByteRange.All, Token);
        await breaking.ReadExactlyAsync(new byte[300], Token);
        await Assert.ThrowsAsync<SinkException>(() => breaking.ReadAsync(new byte[1], Token).AsTask());

        await using var ending = await sink.OpenReadAsync(s_name, ByteRange.All, Token);
        Assert.Equal(999, await ending.ReadAtLeastAsync(new byte[1000], 1000, throwOnEndOfStream: false, Token));

        await using var lying = await sink.OpenReadAsync(s_name, ByteRange.All, Token);
        byte[] read = new byte[1000];
        await lying.ReadExactlyAsync(read, Token);
        Assert.Equal([500], read.Index().Where(item => item.Item != 0).Select(item => item.Index));
        sink.VerifyAllHappened();
    }

    [Fact]
    public async Task A_listing_breaks_or_ends_early_at_the_planned_name()
    {
        var sink = new FaultySink(
            new MemorySink(), [PlannedFault.Break(SinkCall.List, 1, 2), PlannedFault.EndEarly(SinkCall.List, 2, 0)]);
        foreach (string name in (string[])["a", "b", "c"])
            await sink.PutAsync(ObjectName.Of(name), ObjectBody.Of(default), Token);
        int seen = 0;
        await Assert.ThrowsAsync<SinkException>(async () =>
        {
            await foreach (var item in sink.ListAsync("", Token))
                seen++;
        });
        Assert.Equal(2, seen);
        Assert.Empty(await sink.ListAsync("", Token).ToListAsync(Token));
        Assert.Equal(3, await sink.ListAsync("", Token).CountAsync(Token));
        sink.VerifyAllHappened();
    }

    [Fact]
    public void The_same_seed_plans_the_same_faults()
    {
        var one = FaultySink.Seeded(new MemorySink(), 7, 10, 20);
        var two = FaultySink.Seeded(new MemorySink(), 7, 10, 20);
        Assert.Equal(10, one.Script.Count);
        Assert.Equal(one.Script, two.Script);
        Assert.NotEqual(one.Script, FaultySink.Seeded(new MemorySink(), 8, 10, 20).Script);
        var told = Assert.Throws<ConformanceException>(one.VerifyAllHappened);
        Assert.Contains("seed 7", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_reads_and_listings_have_a_middle() =>
        Assert.Throws<ArgumentException>(() => PlannedFault.Break(SinkCall.Put, 1, 1));

    [Fact]
    public async Task The_recorder_tells_calls_in_order()
    {
        var sink = new RecordingSink(new MemorySink());
        await Put(sink);
        await using (await sink.OpenReadAsync(s_name, new(0, 2), Token))
        {
        }

        Assert.Single(await sink.ListAsync("a", Token).ToListAsync(Token));
        await sink.DeleteAsync(s_name, Token);
        Assert.Equal(
            [new(SinkCall.Put, "a/b", 3), new(SinkCall.Read, "a/b", 2), new(SinkCall.List, "a"), new(SinkCall.Delete,
                "a/b")],
            sink.Calls);
    }

    [Fact]
    public async Task A_tampered_object_reads_as_tampered()
    {
        var store = new MemorySink();
        await Put(store);
        store.Tamper(s_name, bytes => [.. bytes, 9]);
        Assert.Equal([1, 2, 3, 9], store.Content(s_name));
        Assert.Throws<SinkException>(() => store.Content(ObjectName.Of("none")));
    }

    [Theory]
    [InlineData("read-back")]
    [InlineData("list-order")]
    [InlineData("cancelled-before")]
    public Task A_recorded_slow_faulty_sink_without_faults_keeps_the_law(string law)
    {
        var store = new MemorySink();
        return SinkConformance.Law(law).RunAsync(
            () => SinkUnderTest.Of(() => new RecordingSink(new SlowSink(
                new FaultySink(store.Reopen(), []), TimeSpan.FromMilliseconds(1), 1L << 30, TimeProvider.System))),
            Token);
    }

    private static Task Put(IBackupSink sink) => sink.PutAsync(
        s_name, ObjectBody.Of(new byte[] { 1, 2, 3 }), Token).AsTask();
}
