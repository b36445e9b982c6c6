namespace PipelineBackup.Testing;

/// <summary>Counts the steps of one call, and cancels it at a chosen one.</summary>
/// <remarks>
/// A step is whatever happens in the call that can be seen from outside: it goes on after an await, or it looks at its
/// body. The first is seen because the call's execution context comes back to some thread then, and a value in it tells so.
/// Step 0 is before the call begins. How many steps a call has may differ from time to time.
/// </remarks>
internal sealed class Steps : IDisposable
{
    private static readonly AsyncLocal<Steps?> s_current = new(args =>
    {
        if (args.ThreadContextChanged)
            args.CurrentValue?.Step();
    });

    private readonly CancellationTokenSource _cancel;
    private int _count;
    private int _running;

    /// <param name="at">At which step to cancel.</param>
    /// <param name="token">Ends the call too.</param>
    public Steps(int at, CancellationToken token)
    {
        At = at;
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(token);
    }

    /// <summary>At which step the call is cancelled.</summary>
    public int At { get; }

    /// <summary>How many steps the call made.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>What a callback threw that somebody had hung on the token.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Runs the call.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> call)
    {
        Volatile.Write(ref _running, 1);
        try
        {
            if (At == 0)
                Cancel();
            s_current.Value = this;
            await call(_cancel.Token);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    /// <summary>The call has made a step.</summary>
    public void Step()
    {
        if (Volatile.Read(ref _running) == 1 && Interlocked.Increment(ref _count) == At)
            Cancel();
    }

    public void Dispose() => _cancel.Dispose();

    // Nothing may be thrown from where the context changes.
    private void Cancel()
    {
        try
        {
            _cancel.Cancel();
        }
        catch (AggregateException failure)
        {
            Failure = failure;
        }
    }
}
