using PipelineBackup.Sinks;
using PipelineBackup.Testing;

namespace PipelineBackup.Tests.Sinks;

/// <summary>A store that asks to be left alone for a while is left alone, within reason.</summary>
public sealed class RetryAfterTests
{
    private static readonly ObjectName s_name = ObjectName.Of("set/data/pack");

    private readonly FakeTime _time = new();
    private readonly List<SinkRetry> _retries = [];

    private RetryOptions Options => new()
    {
        Seed = 1, FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(20), OnRetry = _retries.Add,
    };

    [Fact]
    public async Task A_pause_is_as_long_as_the_store_asked()
    {
        await PutAsync(TimeSpan.FromSeconds(7), times: 1);
        Assert.Equal(TimeSpan.FromSeconds(7), Assert.Single(_retries).Pause);
        Assert.Equal(TimeSpan.FromSeconds(7), _time.Passed);
    }

    [Fact]
    public async Task Who_asks_for_less_than_the_pause_that_is_due_gets_that()
    {
        await PutAsync(TimeSpan.Zero, times: 3);
        double[] full = [1, 2, 4];
        Assert.Equal(full.Length, _retries.Count);
        Assert.All(_retries.Zip(full), pair => Assert.InRange(pair.First.Pause.TotalSeconds, pair.Second / 2, pair.Second));
    }

    [Theory]
    [InlineData(21)]
    [InlineData(24 * 3600)]
    [InlineData(1e11)]
    public async Task A_store_that_asks_for_a_day_is_not_waited_for(double seconds)
    {
        await PutAsync(TimeSpan.FromSeconds(seconds), times: 2);
        Assert.Equal([20, 20], _retries.Select(retry => retry.Pause.TotalSeconds));
        Assert.Equal(TimeSpan.FromSeconds(40), _time.Passed);
    }

    [Fact]
    public async Task A_time_that_has_passed_already_is_no_pause_backwards()
    {
        await PutAsync(TimeSpan.FromSeconds(-30), times: 1);
        Assert.InRange(Assert.Single(_retries).Pause.TotalSeconds, 0.5, 1);
    }

    [Fact]
    public async Task What_is_given_up_still_tells_when_to_come_again()
    {
        var failure = await Assert.ThrowsAsync<SinkException>(() => PutAsync(TimeSpan.FromSeconds(7), times: 100));
        Assert.Equal((TimeSpan.FromSeconds(7), true), (failure.RetryAfter!.Value, failure.Transient));
        Assert.Equal(Options.Attempts - 1, _retries.Count);
        Assert.All(_retries, retry => Assert.InRange(retry.Pause.TotalSeconds, 7, 20));
    }

    [Fact]
    public async Task Cancellation_ends_the_pause()
    {
        using var cancellation = new CancellationTokenSource();
        var options = Options with
        {
            OnRetry = retry =>
            {
                _retries.Add(retry);
                cancellation.CancelAfter(TimeSpan.Zero);
            },
        };
        // This clock never moves: nothing but the cancellation ends the pause.
        var throttling = new ThrottlingSink(TimeSpan.FromSeconds(15), 100);
        var put = new RetryingSink(throttling, options, _time).PutAsync(s_name, ObjectBody.Of(new byte[1]), cancellation.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put.AsTask().WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal((1, 1), (throttling.Asked, _retries.Count));
        Assert.Equal(TimeSpan.Zero, _time.Passed);
    }

    private Task PutAsync(TimeSpan asks, int times) => _time.RunAsync(async () =>
    {
        var throttling = new ThrottlingSink(asks, times);
        await new RetryingSink(throttling, Options, _time).PutAsync(s_name, ObjectBody.Of(new byte[10]), CancellationToken.None);
        Assert.Equal(times + 1, throttling.Asked);
    });

    /// <summary>A store that is busy some times.</summary>
    private sealed class ThrottlingSink(TimeSpan asks, int times) : IBackupSink
    {
        private readonly MemorySink _store = new();

        public int Asked { get; private set; }

        public SinkTraits Traits => _store.Traits;

        public ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken) => ++Asked <= times
            ? throw new SinkException("busy") { Transient = true, RetryAfter = asks }
            : _store.PutAsync(name, body, cancellationToken);

        public ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
            _store.OpenReadAsync(name, range, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
            _store.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken) => _store.DeleteAsync(name, cancellationToken);

        public ValueTask DisposeAsync() => _store.DisposeAsync();
    }
}
