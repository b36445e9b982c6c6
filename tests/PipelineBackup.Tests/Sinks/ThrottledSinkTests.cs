using PipelineBackup.Sinks;
using PipelineBackup.Testing;

namespace PipelineBackup.Tests.Sinks;

public sealed class ThrottledSinkTests : IAsyncDisposable
{
    private readonly FakeTime _time = new();
    private readonly MemorySink _store = new();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Puts_keep_to_the_rate()
    {
        var sink = new ThrottledSink(_store, new RateLimit(1000, _time));
        await _time.RunAsync(async () =>
        {
            foreach (string name in (string[])["a", "b", "c", "d"])
                await sink.PutAsync(ObjectName.Of(name), ObjectBody.Of(new byte[2500]), CancellationToken.None);
        });
        // Each waits for those before it; nobody waits for the last.
        Assert.Equal(TimeSpan.FromSeconds(7.5), _time.Passed);
        Assert.Equal(4, _store.Count);
    }

    [Fact]
    public async Task A_pause_is_not_made_up_for()
    {
        var limit = new RateLimit(1000, _time);
        _time.Pass(TimeSpan.FromHours(1));
        await _time.RunAsync(async () =>
        {
            await limit.TakeAsync(1000, CancellationToken.None);
            await limit.TakeAsync(1000, CancellationToken.None);
        });
        Assert.Equal(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1), _time.Passed);
    }

    [Fact]
    public async Task Sinks_that_share_a_limit_keep_to_it_together()
    {
        var limit = new RateLimit(1000, _time);
        var one = new ThrottledSink(_store, limit);
        var two = new ThrottledSink(_store.Reopen(), limit);
        await _time.RunAsync(() => Task.WhenAll(
            one.PutAsync(ObjectName.Of("a"), ObjectBody.Of(new byte[1000]), CancellationToken.None).AsTask(),
            two.PutAsync(ObjectName.Of("b"), ObjectBody.Of(new byte[1000]), CancellationToken.None).AsTask(),
            one.PutAsync(ObjectName.Of("c"), ObjectBody.Of(new byte[1000]), CancellationToken.None).AsTask()));
        Assert.Equal(TimeSpan.FromSeconds(2), _time.Passed);
    }

    [Fact]
    public async Task Reads_keep_to_the_rate()
    {
        byte[] content = new byte[1_000_000];
        new Random(1).NextBytes(content);
        await _store.PutAsync(ObjectName.Of("a"), ObjectBody.Of(content), CancellationToken.None);
        await using var archive = new ThrottledArchive(_store, new RateLimit(100_000, _time));
        byte[] read = new byte[content.Length];
        await _time.RunAsync(async () =>
        {
            await using var stream =
                await archive.OpenReadAsync(ObjectName.Of("a"), ByteRange.All, CancellationToken.None);
            await stream.ReadExactlyAsync(read);
            Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        });
        Assert.Equal(content, read);
        Assert.Equal(TimeSpan.FromSeconds(10), _time.Passed);
    }

    [Fact]
    public async Task A_wait_may_be_longer_than_a_delay_can_be()
    {
        var limit = new RateLimit(1, _time);
        await _time.RunAsync(async () =>
        {
            await limit.TakeAsync(32 << 20, CancellationToken.None);
            await limit.TakeAsync(1, CancellationToken.None);
        });
        Assert.Equal(TimeSpan.FromSeconds(32 << 20), _time.Passed);
    }

    [Fact]
    public async Task A_wait_can_be_cancelled()
    {
        var limit = new RateLimit(1, _time);
        using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(3), _time);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _time.RunAsync(async () =>
        {
            await limit.TakeAsync(100, cancel.Token);
            await limit.TakeAsync(100, cancel.Token);
        }));
        Assert.Equal(TimeSpan.FromSeconds(3), _time.Passed);
    }
}
