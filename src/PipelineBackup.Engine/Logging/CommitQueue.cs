using System.Diagnostics.CodeAnalysis;

namespace PipelineBackup.Engine;

/// <summary>Those who wait for the log to become durable, and who flushes it for them.</summary>
/// <remarks>
/// <code>
/// nobody flushes ──► whoever comes flushes, at once
/// somebody does  ──► wait; that flush is for all whom it served, for the others the next one begins
/// held up        ──► wait; the flush comes when that is over
/// </code>
/// The flushes for others follow one another on a thread of their own. One that had to come from the pool, which others
/// may have filled with work, would let everybody wait between two flushes.
/// </remarks>
/// <param name="log">The log.</param>
internal sealed class CommitQueue(LogStream log) : IDisposable
{
    private readonly object _gate = new();
    private readonly List<Waiter> _waiters = [];
    private Thread? _thread;
    private bool _isFlushing, _isHandedOn, _isHeld, _isClosed;

    /// <summary>Waits until a record is durable, and all before it.</summary>
    /// <param name="position">Its position.</param>
    /// <param name="cancellationToken">Ends the waiting; the record may become durable all the same.</param>
    /// <exception cref="EseException">−510, −1090: the log failed.</exception>
    public ValueTask WaitAsync(LogPosition position, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (position < log.Durable)
                return default;
            if (_isClosed)
                throw Closed();
            if (_isFlushing || _isHeld)
            {
                var waiter = new Waiter(position);
                _waiters.Add(waiter);
                return new(waiter.Task.WaitAsync(cancellationToken));
            }

            _isFlushing = true;
        }

        try
        {
            log.Flush();
            return default;
        }
        finally
        {
            HandOn();
        }
    }

    /// <summary>Flushes nothing from now on: waits for the flush that is under way.</summary>
    public void Hold()
    {
        lock (_gate)
        {
            _isHeld = true;
            while (_isFlushing)
                Monitor.Wait(_gate);
        }
    }

    /// <summary>What was written otherwise is durable; nobody has to wait for it any longer.</summary>
    public void ServeDurable()
    {
        lock (_gate)
            Serve(null);
    }

    /// <summary>Flushes again, for those first who came meanwhile.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _isHeld = false;
            GoOn(null);
        }
    }

    /// <summary>Ends its thread, once nobody waits; who comes later is told that the log is closed.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            while (_isFlushing)
                Monitor.Wait(_gate);
            _isClosed = true;
            Serve(Closed());
            Monitor.PulseAll(_gate);
        }

        _thread?.Join();
    }

    // Whoever flushed does not have to go on for those who came meanwhile.
    private void HandOn()
    {
        lock (_gate)
            GoOn(null);
    }

    // A flush is over, or flushing is allowed again. With the gate held.
    private void GoOn(Exception? failure)
    {
        Serve(failure);
        _isFlushing = _isHandedOn = _waiters.Count > 0 && !_isHeld;
        if (_isHandedOn && _thread is null)
        {
            _thread = new(FlushForOthers) { IsBackground = true, Name = "log" };
            _thread.Start();
        }

        Monitor.PulseAll(_gate);
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "on a thread of its own")]
    private void FlushForOthers()
    {
        while (true)
        {
            lock (_gate)
            {
                while (!_isHandedOn)
                {
                    if (_isClosed)
                        return;
                    Monitor.Wait(_gate);
                }
            }

            Exception? failure = null;
            try
            {
                log.Flush();
            }
            catch (Exception e)
            {
                failure = e;
                log.Fail(e);
            }

            lock (_gate)
                GoOn(failure);
        }
    }

    private EseException Closed() => log.Failure is { } failure
        ? new(EseError.InstanceUnavailable, $"the engine stopped: {failure.Message}", failure.Hint)
        : new(EseError.NotInitialized, "the engine was closed");

    private void Serve(Exception? failure)
    {
        int left = 0;
        for (int i = 0; i < _waiters.Count; i++)
        {
            var waiter = _waiters[i];
            if (waiter.Position < log.Durable)
                waiter.SetResult();
            else if (failure is not null)
                waiter.SetException(failure);
            else
                _waiters[left++] = waiter;
        }

        _waiters.RemoveRange(left, _waiters.Count - left);
    }

    private sealed class Waiter(LogPosition position)
        : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public LogPosition Position => position;
    }
}
