using System.Diagnostics.Metrics;

namespace PipelineBackup.Sinks;

/// <summary>What was asked of a store so far, as the commit object of a backup tells it.</summary>
/// <remarks>
/// A call of the sink counts once an attempt, whatever requests it makes of it: of an object below the length that goes in
/// parts, one. What a sink asks when it is opened is not counted.
/// </remarks>
/// <param name="Puts">Attempts to put an object.</param>
/// <param name="Reads">Attempts to open an object or a range.</param>
/// <param name="Lists">Listings begun, those that were taken up again after a failure included.</param>
/// <param name="Deletes">Attempts to delete an object.</param>
/// <param name="Failures">
/// Attempts that failed, an object that is not there or a name that is taken included, and those that ran into their time
/// limit. What the caller cancelled is not counted.
/// </param>
/// <param name="Retries">Attempts that were made because one before had failed.</param>
/// <param name="BytesUp">
/// Bytes of the objects that the store has: those whose put succeeded, or turned out to have succeeded when it was repeated.
/// </param>
/// <param name="BytesDown">Bytes that were read.</param>
public readonly record struct SinkTotals(
    long Puts, long Reads, long Lists, long Deletes, long Failures, long Retries, long BytesUp, long BytesDown);

/// <summary>
/// Counts what is asked of one store, for the report of a run and for whoever listens to the meter
/// <c>PipelineBackup</c>.
/// </summary>
/// <remarks>
/// Instruments, each with a tag <c>sink</c>: <c>pipelinebackup.sink.requests</c> (tags <c>call</c>: put, read, list or
/// delete; <c>outcome</c>: ok, cancelled, or the failure), <c>pipelinebackup.sink.duration</c> (seconds, same tags),
/// <c>pipelinebackup.sink.bytes</c> (tag <c>direction</c>: up or down), <c>pipelinebackup.sink.retries</c>.
/// </remarks>
/// <param name="sink">Name of the store among others, as the tag <c>sink</c> shows it; never with credentials.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class SinkMeter(string sink, TimeProvider? time = null)
{
    private static readonly Meter s_meter = new("PipelineBackup");
    private static readonly Counter<long> s_requests =
        s_meter.CreateCounter<long>("pipelinebackup.sink.requests", "{request}");
    private static readonly Counter<long> s_bytes = s_meter.CreateCounter<long>("pipelinebackup.sink.bytes", "By");
    private static readonly Counter<long> s_retries =
        s_meter.CreateCounter<long>("pipelinebackup.sink.retries", "{retry}");
    private static readonly Histogram<double> s_duration =
        s_meter.CreateHistogram<double>("pipelinebackup.sink.duration", "s");

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly KeyValuePair<string, object?> _sink = new("sink", sink);
    private long _puts;
    private long _reads;
    private long _lists;
    private long _deletes;
    private long _failures;
    private long _retries;
    private long _bytesUp;
    private long _bytesDown;

    /// <summary>The counts so far.</summary>
    public SinkTotals Totals => new(
        Volatile.Read(ref _puts), Volatile.Read(ref _reads), Volatile.Read(ref _lists), Volatile.Read(ref _deletes),
        Volatile.Read(ref _failures), Volatile.Read(ref _retries), Volatile.Read(ref _bytesUp),
            Volatile.Read(ref _bytesDown));

    /// <summary>Counts a put.</summary>
    /// <param name="call">The call.</param>
    internal ValueTask<T> PutAsync<T>(Func<ValueTask<T>> call) => MeasureAsync("put", ref _puts, call);

    /// <summary>Counts an open.</summary>
    /// <param name="call">The call.</param>
    internal ValueTask<T> ReadAsync<T>(Func<ValueTask<T>> call) => MeasureAsync("read", ref _reads, call);

    /// <summary>Counts a delete.</summary>
    /// <param name="call">The call.</param>
    internal ValueTask<T> DeleteAsync<T>(Func<ValueTask<T>> call) => MeasureAsync("delete", ref _deletes, call);

    /// <summary>Counts a listing that begins.</summary>
    /// <returns>When it began.</returns>
    internal long BeginList()
    {
        Interlocked.Increment(ref _lists);
        return _time.GetTimestamp();
    }

    /// <summary>Counts a listing that ended.</summary>
    /// <param name="began">When it began.</param>
    /// <param name="failure">Why it failed; null where it did not.</param>
    internal void EndList(long began, Exception? failure) => Ended("list", began, failure);

    /// <summary>Counts bytes sent to the store.</summary>
    /// <param name="bytes">How many.</param>
    internal void CountUp(long bytes)
    {
        Interlocked.Add(ref _bytesUp, bytes);
        s_bytes.Add(bytes, _sink, new("direction", "up"));
    }

    /// <summary>Counts bytes read from the store.</summary>
    /// <param name="bytes">How many.</param>
    internal void CountDown(long bytes)
    {
        Interlocked.Add(ref _bytesDown, bytes);
        s_bytes.Add(bytes, _sink, new("direction", "down"));
    }

    /// <summary>Counts a repetition.</summary>
    internal void CountRetry()
    {
        Interlocked.Increment(ref _retries);
        s_retries.Add(1, _sink);
    }

    /// <summary>Counts a read of an open stream that failed.</summary>
    internal void CountFailure() => Interlocked.Increment(ref _failures);

    private ValueTask<T> MeasureAsync<T>(string call, ref long count, Func<ValueTask<T>> act)
    {
        Interlocked.Increment(ref count);
        return MeasureAsync(call, act);
    }

    private async ValueTask<T> MeasureAsync<T>(string call, Func<ValueTask<T>> act)
    {
        long began = _time.GetTimestamp();
        try
        {
            var result = await act();
            Ended(call, began, null);
            return result;
        }
        catch (Exception failure)
        {
            Ended(call, began, failure);
            throw;
        }
    }

    private void Ended(string call, long began, Exception? failure)
    {
        if (failure is not (null or OperationCanceledException))
            Interlocked.Increment(ref _failures);
        string outcome = failure switch
        {
            null => "ok",
            OperationCanceledException => "cancelled",
            SinkException of => of.Failure.ToString(),
            _ => nameof(SinkFailure.Other),
        };
        s_requests.Add(1, _sink, new("call", call), new("outcome", outcome));
        s_duration.Record(_time.GetElapsedTime(began).TotalSeconds, _sink, new("call", call), new("outcome", outcome));
    }
}
