using System.Diagnostics.CodeAnalysis;

namespace PipelineBackup.Engine;

/// <summary>What is done behind the sessions' back: pages go to their files, the checkpoint moves.</summary>
/// <remarks>
/// One round after the other, on a thread of its own when the engine works in the background; else on the threads of the
/// callers. Whoever makes, attaches, detaches or closes databases holds <see cref="Gate"/> so that no round is under way,
/// and takes it before the engine's latch: a round takes the latch for moments.
/// </remarks>
internal sealed class Upkeep : IDisposable
{
    private readonly EmbeddedEngine _engine;
    private readonly object _orders = new();
    private readonly Thread? _thread;
    private bool _isOrdered, _isForMemory, _isClosed;

    /// <summary>The upkeep of an engine.</summary>
    /// <param name="engine">The engine.</param>
    public Upkeep(EmbeddedEngine engine)
    {
        _engine = engine;
        if (engine.Options.HasBackgroundWork)
            _thread = new(Work) { IsBackground = true, Name = "upkeep" };
    }

    /// <summary>Held as long as a round is under way.</summary>
    public Lock Gate { get; } = new();

    /// <summary>
    /// Does something on a thread of its own that waits for the disk. A thread of the pool, which has few, would be
    /// missing to sessions whose commits are durable and who only want to go on.
    /// </summary>
    /// <param name="work">What.</param>
    public static Task<T> RunAsync<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None,
        TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <summary>Orders a round; it happens soon.</summary>
    /// <param name="forMemory">Whether all changed pages are to be written, so that memory can be given back.</param>
    public void Order(bool forMemory)
    {
        lock (_orders)
        {
            (_isOrdered, _isForMemory) = (true, _isForMemory | forMemory);
            if (_thread is { ThreadState: var state } && state.HasFlag(ThreadState.Unstarted) && !_isClosed)
                _thread.Start();
            Monitor.Pulse(_orders);
        }
    }

    /// <summary>Waits for the round that is under way; without the latch.</summary>
    /// <param name="isNeeded">Whether another one is needed then, here and now.</param>
    public void Wait(Func<bool> isNeeded)
    {
        lock (Gate)
        {
            if (isNeeded())
                _engine.WriteBehind(forMemory: true);
        }
    }

    /// <summary>Takes no more orders. With <see cref="Gate"/> held, so that no round is under way.</summary>
    public void Dispose()
    {
        lock (_orders)
        {
            _isClosed = true;
            Monitor.Pulse(_orders);
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "on a thread of its own")]
    private void Work()
    {
        while (true)
        {
            bool forMemory;
            lock (_orders)
            {
                while (!_isOrdered && !_isClosed)
                    Monitor.Wait(_orders);
                if (_isClosed)
                    return;
                forMemory = _isForMemory;
                _isOrdered = _isForMemory = false;
            }

            lock (Gate)
            {
                try
                {
                    if (_engine.State == EngineState.Running)
                        _engine.WriteBehind(forMemory);
                }
                catch (Exception e)
                {
                    // Whoever calls next is told.
                    _engine.Log.Fail(e);
                }
            }
        }
    }
}
