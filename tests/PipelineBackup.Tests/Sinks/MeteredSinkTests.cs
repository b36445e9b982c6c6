using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using PipelineBackup.Sinks;
using PipelineBackup.Testing;

namespace PipelineBackup.Tests.Sinks;

public sealed class MeteredSinkTests
{
    private static readonly ObjectName s_name = ObjectName.Of("a");

    [Fact]
    public async Task Requests_bytes_failures_and_retries_are_counted()
    {
        var time = new FakeTime();
        var faulty = new FaultySink(
            new MemorySink(),
            [PlannedFault.Before(SinkCall.Put, 1), PlannedFault.Break(SinkCall.Read, 1, 40),
                PlannedFault.Break(SinkCall.List, 1, 0)], time);
        var meter = new SinkMeter("memory", time);
        var metered = new MeteredSink(faulty, meter);
        var sink = new RetryingSink(metered, new() { Seed = 1 }, time, meter);
        await time.RunAsync(async () =>
        {
            await sink.PutAsync(s_name, ObjectBody.Of(new byte[100]), CancellationToken.None);
            await using (var stream = await sink.OpenReadAsync(s_name, new(10), CancellationToken.None))
                await stream.ReadExactlyAsync(new byte[90]);
            Assert.Single(await sink.ListAsync("", CancellationToken.None).ToListAsync());
            await sink.DeleteAsync(s_name, CancellationToken.None);
        });
        Assert.Equal(new(2, 2, 2, 1, Failures: 3, Retries: 3, BytesUp: 100, BytesDown: 90), metered.Totals);
        faulty.VerifyAllHappened();
    }

    [Fact]
    public async Task An_object_whose_answer_was_lost_counts_as_put_once()
    {
        var time = new FakeTime();
        var faulty = new FaultySink(new MemorySink(), [PlannedFault.After(SinkCall.Put, 1)], time);
        var meter = new SinkMeter("memory", time);
        var sink = new RetryingSink(new MeteredSink(faulty, meter), new() { Seed = 1 }, time, meter);
        await time.RunAsync(() => sink.PutAsync(s_name, ObjectBody.Of(new byte[100]), CancellationToken.None).AsTask());
        // The second attempt finds the name taken, and the third call that it is ours.
        Assert.Equal(new(2, 1, 0, 0, Failures: 2, Retries: 1, BytesUp: 100, BytesDown: 100), meter.Totals);
        faulty.VerifyAllHappened();
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_a_failure()
    {
        var time = new FakeTime();
        var slow = new SlowSink(new MemorySink(), TimeSpan.FromMinutes(1), 0, time);
        var meter = new SinkMeter("memory", time);
        var options = new RetryOptions { Seed = 1, Attempts = 3, PutTimeLimit = TimeSpan.FromSeconds(5) };
        var sink = new RetryingSink(new MeteredSink(slow, meter), options, time, meter);
        await Assert.ThrowsAsync<SinkException>(
            () => time.RunAsync(() => sink.PutAsync(s_name, ObjectBody.Of(new byte[100]), CancellationToken.None).AsTask()));
        Assert.Equal(new(3, 0, 0, 0, Failures: 3, Retries: 2, BytesUp: 0, BytesDown: 0), meter.Totals);
    }

    [Fact]
    public async Task A_cancelled_call_is_no_failure()
    {
        var meter = new SinkMeter("memory");
        var sink = new MeteredSink(new MemorySink(), meter);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => sink.PutAsync(s_name, ObjectBody.Of(default), new CancellationToken(true)).AsTask());
        Assert.Equal(new SinkTotals { Puts = 1 }, meter.Totals);
    }

    [Fact]
    public async Task A_listener_to_the_meter_sees_them_too()
    {
        string sinkName = Guid.NewGuid().ToString();
        var seen = new ConcurrentQueue<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "PipelineBackup")
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => See(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => See(instrument, value, tags));
        listener.Start();

        var time = new FakeTime();
        var sink = new MeteredSink(
            new SlowSink(new MemorySink(), TimeSpan.FromSeconds(2), 0, time), new SinkMeter(sinkName, time));
        await time.RunAsync(async () =>
        {
            await sink.PutAsync(s_name, ObjectBody.Of(new byte[7]), CancellationToken.None);
            await Assert.ThrowsAsync<SinkException>(
                () => sink.PutAsync(s_name, ObjectBody.Of(new byte[7]), CancellationToken.None).AsTask());
        });
        Assert.Equal(
            [
                "pipelinebackup.sink.requests 1 put ok", "pipelinebackup.sink.duration 2 put ok",
                "pipelinebackup.sink.bytes 7 up",
                "pipelinebackup.sink.requests 1 put AlreadyExists", "pipelinebackup.sink.duration 2 put AlreadyExists",
            ],
            seen);

        void See<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (Equals(tags[0].Value, sinkName))
                seen.Enqueue($"{instrument.Name} {value} {string.Join(' ', tags[1..].ToArray().Select(tag => tag.Value))}");
        }
    }
}
