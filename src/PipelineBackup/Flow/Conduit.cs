using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Dataflow;

namespace PipelineBackup.Flow;

/// <summary>What leaves one room of a <see cref="Conduit"/> and enters the next.</summary>
/// <typeparam name="T">The items. They own buffers and give them back when disposed; disposing twice is harmless.</typeparam>
internal sealed class Lane<T>(ISourceBlock<T?> block)
    where T : class, IDisposable
{
    internal ISourceBlock<T?> Block { get; } = block;
}

/// <summary>
/// A pipeline of rooms. The one place that knows Dataflow: it makes the blocks bounded, links them, measures them, and owns
/// completion and failure.
/// </summary>
/// <remarks>
/// A Dataflow block that faults drops its queue, and with it the buffers that the queued items own; the blocks before it
/// wait for ever. So here no block ever faults. A room that throws tells the conduit; the conduit keeps the first failure,
/// cancels <see cref="Stopping"/>, and from then on every room gives back what it holds and what still arrives, until the
/// source ends and completion runs through. <see cref="RunAsync"/> rethrows that first failure as it was thrown.
/// <para>Ownership: a room owns the item it is given and hands on or disposes it; when the room throws, the conduit disposes
/// it.</para>
/// </remarks>
internal sealed class Conduit : IDisposable
{
    private readonly CancellationTokenSource _stopping;
    private readonly CancellationToken _caller;
    private readonly TaskScheduler _threads;
    private readonly List<Func<Task>> _sources = [];
    private readonly List<Task> _ends = [];
    private readonly ConcurrentDictionary<string, long> _busy = new();
    private ExceptionDispatchInfo? _failure;

    /// <summary>An empty pipeline.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="threads">Where rooms work, those that store left out; null for the pool.</param>
    public Conduit(CancellationToken cancellationToken, TaskScheduler? threads = null)
    {
        (_caller, _threads) = (cancellationToken, threads ?? TaskScheduler.Default);
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>Cancelled by the caller or by the first failure: what every wait inside a room takes.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Time that each room's workers were busy, summed over the workers.</summary>
    public IEnumerable<KeyValuePair<string, TimeSpan>> Busy =>
        _busy.Select(room => KeyValuePair.Create(room.Key, TimeSpan.FromSeconds((double)room.Value / Stopwatch.Frequency)));

    private bool Failed => Volatile.Read(ref _failure) is not null || _stopping.IsCancellationRequested;

    /// <summary>The first room: makes items.</summary>
    /// <param name="room">Its name.</param>
    /// <param name="capacity">How many items may wait for the next room.</param>
    /// <param name="body">Makes items and emits them, in order; emitting waits while the next room is full.</param>
    public Lane<T> Source<T>(string room, int capacity, Func<Func<T, ValueTask>, Task> body)
        where T : class, IDisposable
    {
        var queue = new BufferBlock<T?>(new DataflowBlockOptions { BoundedCapacity = capacity });
        _sources.Add(async () =>
        {
            await GuardAsync(async () => await body(item => EmitAsync(queue, item)).ConfigureAwait(false)).ConfigureAwait(false);
            queue.Complete();
        });
        return new(queue);
    }

    /// <summary>A room that makes one item of another, on several workers, keeping the order.</summary>
    /// <param name="input">What enters.</param>
    /// <param name="room">Its name.</param>
    /// <param name="workers">How many items at a time.</param>
    /// <param name="body">Does the work; with null nothing goes on.</param>
    public Lane<TOut> Transform<TIn, TOut>(Lane<TIn> input, string room, int workers, Func<TIn, ValueTask<TOut?>> body)
        where TIn : class, IDisposable
        where TOut : class, IDisposable
    {
        var block = new TransformBlock<TIn?, TOut?>(item => WorkAsync(room, item, body), Bounded(workers, _threads));
        Link(input, block);
        return new(block);
    }

    /// <summary>A room with one worker that makes any number of items of those that enter: collects them or takes them apart.</summary>
    /// <param name="input">What enters.</param>
    /// <param name="room">Its name.</param>
    /// <param name="body">Takes an item and emits what it makes.</param>
    /// <param name="end">Emits what is left after the last item; not called after a failure.</param>
    public Lane<TOut> Regroup<TIn, TOut>(
        Lane<TIn> input, string room, Func<TIn, Func<TOut, ValueTask>, ValueTask> body, Func<Func<TOut, ValueTask>, ValueTask>? end = null)
        where TIn : class, IDisposable
        where TOut : class, IDisposable
    {
        var queue = new BufferBlock<TOut?>(new DataflowBlockOptions { BoundedCapacity = 1 });
        var block = new ActionBlock<TIn?>(
            item => WorkAsync<TIn, TOut>(room, item, async own =>
            {
                await body(own, HandOnAsync).ConfigureAwait(false);
                return null;
            }),
            Bounded(1, _threads));
        Link(input, block);
        _ends.Add(FinishAsync());
        return new(queue);

        // Waiting for the next room is not this room's work.
        async ValueTask HandOnAsync(TOut made)
        {
            long started = Stopwatch.GetTimestamp();
            await EmitAsync(queue, made).ConfigureAwait(false);
            Measure(room, started - Stopwatch.GetTimestamp());
        }

        async Task FinishAsync()
        {
            await block.Completion.ConfigureAwait(false);
            if (end is not null)
                await GuardAsync(() => end(made => EmitAsync(queue, made)).AsTask()).ConfigureAwait(false);
            queue.Complete();
        }
    }

    /// <summary>The last room: uses items up.</summary>
    /// <param name="input">What enters.</param>
    /// <param name="room">Its name.</param>
    /// <param name="workers">How many items at a time.</param>
    /// <param name="body">Does the work and disposes the item.</param>
    public void Sink<T>(Lane<T> input, string room, int workers, Func<T, ValueTask> body)
        where T : class, IDisposable
    {
        var block = new ActionBlock<T?>(
            item => WorkAsync<T, T>(room, item, async own =>
            {
                await body(own).ConfigureAwait(false);
                return null;
            }),
            Bounded(workers, TaskScheduler.Default));
        Link(input, block);
        _ends.Add(block.Completion);
    }

    /// <summary>Runs the pipeline to its end.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    /// <remarks>Any other failure is the first one of a room, as that room threw it.</remarks>
    public async Task RunAsync()
    {
        await Task.WhenAll(_sources.Select(source => Task.Run(source)).Concat(_ends)).ConfigureAwait(false);
        // A caller who cancels gets the cancellation, whatever broke because of it.
        _caller.ThrowIfCancellationRequested();
        _failure?.Throw();
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private static ExecutionDataflowBlockOptions Bounded(int workers, TaskScheduler threads) => new()
    {
        TaskScheduler = threads,
        // One item waiting beside each one at work keeps the workers fed without holding more buffers than that.
        BoundedCapacity = workers + 1,
        MaxDegreeOfParallelism = workers,
        EnsureOrdered = true,
        SingleProducerConstrained = true,
    };

    private static void Link<T>(Lane<T> input, ITargetBlock<T?> target)
        where T : class, IDisposable =>
        input.Block.LinkTo(target, new DataflowLinkOptions { PropagateCompletion = true });

    private async ValueTask EmitAsync<T>(ITargetBlock<T?> target, T item)
        where T : class, IDisposable
    {
        // Never cancelled: the rooms behind take what comes until the very end, if only to give it back.
        if (Failed || !await target.SendAsync(item).ConfigureAwait(false))
            item.Dispose();
        Stopping.ThrowIfCancellationRequested();
    }

    private async Task<TOut?> WorkAsync<TIn, TOut>(string room, TIn? item, Func<TIn, ValueTask<TOut?>> body)
        where TIn : class, IDisposable
        where TOut : class, IDisposable
    {
        if (item is null)
            return null;
        if (Failed)
        {
            item.Dispose();
            return null;
        }

        long started = Stopwatch.GetTimestamp();
        try
        {
            return await body(item).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            item.Dispose();
            Fail(failure);
            return null;
        }
        finally
        {
            Measure(room, Stopwatch.GetTimestamp() - started);
        }
    }

    private void Measure(string room, long ticks) => _busy.AddOrUpdate(room, ticks, (_, sum) => sum + ticks);

    private async Task GuardAsync(Func<Task> body)
    {
        if (Failed)
            return;
        try
        {
            await body().ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            Fail(failure);
        }
    }

    private void Fail(Exception failure)
    {
        // Cancellation that follows a failure is its echo, not a failure of its own.
        if (failure is OperationCanceledException && _stopping.IsCancellationRequested)
            return;
        Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
        _stopping.Cancel();
    }
}
