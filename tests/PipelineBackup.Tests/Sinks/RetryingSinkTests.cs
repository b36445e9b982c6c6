using System.Buffers;
using PipelineBackup.Sinks;
using PipelineBackup.Testing;

namespace PipelineBackup.Tests.Sinks;

public sealed class RetryingSinkTests : IAsyncDisposable
{
    private static readonly ObjectName s_name = ObjectName.Of("set/data/pack");

    private readonly FakeTime _time = new();
    private readonly MemorySink _store = new();
    private readonly List<SinkRetry> _retries = [];

    private RetryOptions Options => new() { Seed = 1, OnRetry = _retries.Add };

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task A_transient_failure_is_tried_again()
    {
        var faulty = Faulty(PlannedFault.Before(SinkCall.Put, 1), PlannedFault.Before(SinkCall.Put, 2));
        await Put(faulty, 10);
        Assert.Equal(Bytes(10), _store.Content(s_name));
        Assert.Equal([1, 2], _retries.Select(retry => retry.Attempt));
        Assert.All(_retries, retry => Assert.Equal("put 'set/data/pack'", retry.Call));
        faulty.VerifyAllHappened();
    }

    [Fact]
    public async Task A_failure_for_good_is_told_at_once()
    {
        var faulty =
            Faulty(PlannedFault.Before(SinkCall.Put, 1) with { Transient = false, Failure = SinkFailure.Full });
        var failure = await Assert.ThrowsAsync<SinkException>(() => Put(faulty, 10));
        Assert.Equal(SinkFailure.Full, failure.Failure);
        Assert.Empty(_retries);
        Assert.Equal(TimeSpan.Zero, _time.Passed);
    }

    [Fact]
    public async Task Pauses_double_up_to_the_longest_and_keep_at_least_half()
    {
        var options = Options with { Attempts = 12, FirstPause = TimeSpan.FromSeconds(1),
            LongestPause = TimeSpan.FromSeconds(20) };
        var faulty = Faulty([.. Enumerable.Range(1, 12).Select(i => PlannedFault.Before(SinkCall.Put, i))]);
        var failure = await Assert.ThrowsAsync<SinkException>(() => Put(faulty, 10, options));
        Assert.True(failure.Transient);
        Assert.Contains("gave up after 12 attempts", failure.Message, StringComparison.Ordinal);
        double[] full = [1, 2, 4, 8, 16, 20, 20, 20, 20, 20, 20];
        Assert.Equal(full.Length, _retries.Count);
        Assert.All(_retries.Zip(full), pair => Assert.InRange(pair.First.Pause.TotalSeconds, pair.Second / 2,
            pair.Second));
        Assert.Equal(_retries.Sum(retry => retry.Pause.Ticks), _time.Passed.Ticks);
        Assert.Equal(0, _store.Count);
        faulty.VerifyAllHappened();
    }

    [Fact]
    public async Task The_same_seed_pauses_the_same()
    {
        await Put(Faulty(PlannedFault.Before(SinkCall.Put, 1), PlannedFault.Before(SinkCall.Put, 2)), 10);
        var first = _retries.Select(retry => retry.Pause).ToList();
        _retries.Clear();
        await _store.DeleteAsync(s_name, CancellationToken.None);
        await Put(Faulty(PlannedFault.Before(SinkCall.Put, 1), PlannedFault.Before(SinkCall.Put, 2)), 10);
        Assert.Equal(first, _retries.Select(retry => retry.Pause));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70_000)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData(3_000_001)]
    public async Task A_put_whose_answer_was_lost_has_succeeded(int length)
    {
        var faulty = Faulty(PlannedFault.After(SinkCall.Put, 1));
        var recording = new RecordingSink(faulty);
        await Put(recording, length);
        Assert.Equal(Bytes(length), _store.Content(s_name));
        Assert.Equal([SinkCall.Put, SinkCall.Put, SinkCall.Read], recording.Calls.Select(call => call.Call));
        faulty.VerifyAllHappened();
    }

    [Theory]
    [InlineData(1000, 1000, 0)]
    [InlineData(1000, 1000, 999)]
    [InlineData(1000, 999, -1)]
    [InlineData(1000, 1001, -1)]
    [InlineData(0, 1, -1)]
    [InlineData(3_000_000, 3_000_000, 2_999_999)]
    [InlineData(3_000_000, 2_999_999, -1)]
    [InlineData(3_000_000, 3_000_001, -1)]
    [InlineData(3_000_000, 10, -1)]
    public async Task A_name_taken_by_another_is_not_taken_for_ours(int length, int theirs, int differs)
    {
        byte[] other = Bytes(theirs);
        if (differs >= 0)
            other[differs] ^= 1;
        await _store.PutAsync(s_name, ObjectBody.Of(other), CancellationToken.None);
        var faulty = Faulty(PlannedFault.Before(SinkCall.Put, 1));
        var failure = await Assert.ThrowsAsync<SinkException>(() => Put(faulty, length));
        Assert.Equal(SinkFailure.AlreadyExists, failure.Failure);
        Assert.Equal(other, _store.Content(s_name));
        faulty.VerifyAllHappened();
    }

    [Fact]
    public async Task A_name_that_was_taken_before_is_not_ours_even_with_the_same_content()
    {
        await _store.PutAsync(s_name, ObjectBody.Of(Bytes(10)), CancellationToken.None);
        var failure = await Assert.ThrowsAsync<SinkException>(() => Put(_store, 10));
        Assert.Equal(SinkFailure.AlreadyExists, failure.Failure);
    }

    [Fact]
    public async Task A_comparison_that_fails_is_tried_again_too()
    {
        var faulty = Faulty(
            PlannedFault.After(SinkCall.Put, 1), PlannedFault.Before(SinkCall.Read, 1),
                PlannedFault.Break(SinkCall.Read, 2, 5));
        await Put(faulty, 1000);
        Assert.Equal(3, _retries.Count);
        faulty.VerifyAllHappened();
    }

    [Fact]
    public async Task A_put_that_hangs_is_ended_at_its_time_limit_and_tried_again()
    {
        var faulty = Faulty(PlannedFault.Hang(SinkCall.Put, 1));
        await Put(faulty, 10, Options with { PutTimeLimit = TimeSpan.FromMinutes(3) });
        Assert.Equal(TimeSpan.FromMinutes(3) + _retries.Single().Pause, _time.Passed);
        Assert.True(_retries[0].Failure.Transient);
        Assert.Equal(1, _store.Count);
        faulty.VerifyAllHappened();
    }

    [Fact]
    public async Task The_callers_token_ends_attempt_and_pause()
    {
        using var during = new CancellationTokenSource(TimeSpan.FromSeconds(5), _time);
        var hanging = Wrap(Faulty(PlannedFault.Hang(SinkCall.Put, 1)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _time.RunAsync(() => hanging.PutAsync(s_name, ObjectBody.Of(Bytes(1)), during.Token).AsTask()));
        Assert.Equal(TimeSpan.FromSeconds(5), _time.Passed);
        Assert.Empty(_retries);

        using var pausing = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);
        var failing = Wrap(
            Faulty(PlannedFault.Before(SinkCall.Put, 1)), Options with { FirstPause = TimeSpan.FromSeconds(10) });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _time.RunAsync(() => failing.PutAsync(s_name, ObjectBody.Of(Bytes(1)), pausing.Token).AsTask()));
        Assert.Equal(TimeSpan.FromSeconds(6), _time.Passed);
        Assert.Equal(0, _store.Count);
    }

    [Fact]
    public async Task A_stream_that_breaks_goes_on_where_it_broke()
    {
        await _store.PutAsync(s_name, ObjectBody.Of(Bytes(10_000)), CancellationToken.None);
        var faulty = Faulty(
            PlannedFault.Break(SinkCall.Read, 1, 3000), PlannedFault.Before(SinkCall.Read, 2),
                PlannedFault.Break(SinkCall.Read, 3, 0),
            PlannedFault.Break(SinkCall.Read, 4, 1));
        var recording = new RecordingSink(faulty);
        byte[] read = await Read(recording, new(100, 8000));
        Assert.Equal(Bytes(10_000)[100..8100], read);
        Assert.Equal([8000, 5000, 5000, 5000, 4999], recording.Calls.Select(call => call.Length));
        faulty.VerifyAllHappened();
    }

    [Fact]
    public async Task A_stream_that_ends_too_early_goes_on()
    {
        await _store.PutAsync(s_name, ObjectBody.Of(Bytes(10_000)), CancellationToken.None);
        var faulty = Faulty(PlannedFault.EndEarly(SinkCall.Read, 1, 3000));
        Assert.Equal(Bytes(10_000), await Read(faulty, new(0, 10_000)));
        Assert.Single(_retries);
        faulty.VerifyAllHappened();
    }

    [Fact]
    public async Task A_stream_that_breaks_at_every_byte_still_comes_to_its_end()
    {
        await _store.PutAsync(s_name, ObjectBody.Of(Bytes(50)), CancellationToken.None);
        var faulty = Faulty([.. Enumerable.Range(1, 49).Select(i => PlannedFault.Break(SinkCall.Read, i, 1))]);
        Assert.Equal(Bytes(50), await Read(faulty, ByteRange.All));
        faulty.VerifyAllHappened();
    }

    [Fact]
    public async Task An_object_that_is_not_there_is_told_at_once()
    {
        var failure = await Assert.ThrowsAsync<SinkException>(() => Read(_store, ByteRange.All));
        Assert.Equal(SinkFailure.NotFound, failure.Failure);
        Assert.Empty(_retries);
    }

    [Fact]
    public async Task A_listing_that_breaks_goes_on_behind_its_last_name()
    {
        string[] names = [.. Enumerable.Range(10, 30).Select(i => $"n/{i}")];
        foreach (string name in names)
            await _store.PutAsync(ObjectName.Of(name), ObjectBody.Of(default), CancellationToken.None);
        var faulty = Faulty(
            PlannedFault.Break(SinkCall.List, 1, 5), PlannedFault.Before(SinkCall.List, 2),
                PlannedFault.Break(SinkCall.List, 3, 5),
            PlannedFault.Break(SinkCall.List, 4, 29), PlannedFault.After(SinkCall.List, 5));
        var sink = Wrap(faulty);
        var listed = await _time.RunAsync(() => sink.ListAsync("n/", CancellationToken.None).ToListAsync().AsTask());
        Assert.Equal(names, listed.Select(item => item.Name.ToString()));
        faulty.VerifyAllHappened();
    }

    [Fact]
    public async Task A_listing_that_hangs_is_ended_at_its_time_limit()
    {
        await _store.PutAsync(s_name, ObjectBody.Of(default), CancellationToken.None);
        var faulty = Faulty(PlannedFault.Hang(SinkCall.List, 1));
        var sink = Wrap(faulty);
        Assert.Single(await _time.RunAsync(() => sink.ListAsync("", CancellationToken.None).ToListAsync().AsTask()));
        Assert.Equal(Options.StepTimeLimit + _retries.Single().Pause, _time.Passed);
    }

    [Fact]
    public async Task A_delete_is_tried_again()
    {
        await _store.PutAsync(s_name, ObjectBody.Of(default), CancellationToken.None);
        var faulty = Faulty(PlannedFault.Before(SinkCall.Delete, 1), PlannedFault.After(SinkCall.Delete, 2));
        var sink = Wrap(faulty);
        await _time.RunAsync(() => sink.DeleteAsync(s_name, CancellationToken.None).AsTask());
        Assert.Equal(0, _store.Count);
        faulty.VerifyAllHappened();
    }

    [Fact]
    public void All_faults_of_the_options_are_told_together()
    {
        var wrong = new RetryOptions { Attempts = 0, PutTimeLimit = TimeSpan.Zero, CompareWholeUpTo = -1 };
        var failure = Assert.Throws<ArgumentException>(() => new RetryingSink(_store, wrong));
        Assert.Contains("Attempts", failure.Message, StringComparison.Ordinal);
        Assert.Contains("PutTimeLimit", failure.Message, StringComparison.Ordinal);
        Assert.Contains("CompareWholeUpTo", failure.Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length % 10).NextBytes(bytes);
        return bytes;
    }

    private FaultySink Faulty(params PlannedFault[] script) => new(_store, script, _time);

    private RetryingSink Wrap(IBackupSink sink, RetryOptions? options = null) => new(sink, options ?? Options, _time);

    private Task Put(IBackupSink sink, int length, RetryOptions? options = null) => _time.RunAsync(
        () => Wrap(sink, options).PutAsync(s_name, ObjectBody.Of(Bytes(length)), CancellationToken.None).AsTask());

    private Task<byte[]> Read(IBackupSink sink, ByteRange range) => _time.RunAsync(async () =>
    {
        await using var stream = await Wrap(sink).OpenReadAsync(s_name, range, CancellationToken.None);
        var all = new ArrayBufferWriter<byte>();
        for (int read; (read = await stream.ReadAsync(all.GetMemory(700)[..700])) > 0;)
            all.Advance(read);
        return all.WrittenSpan.ToArray();
    });
}
