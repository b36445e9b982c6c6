namespace PipelineBackup.Shared;

/// <summary>
/// Ends a request that stands still: whose body nothing takes any more, or whose answer does not come once the body is
/// sent. A slow request that goes on is left alone, however long it takes.
/// </summary>
internal sealed class StallLimit : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _stalled;

    /// <summary>Begins to watch.</summary>
    /// <param name="limit">How long the request may stand still.</param>
    /// <param name="cancellationToken">Whatever else ends the request.</param>
    public StallLimit(TimeSpan limit, CancellationToken cancellationToken)
    {
        (_limit, _caller) = (limit, cancellationToken);
        _stalled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Moved();
    }

    /// <summary>Ends the request.</summary>
    public CancellationToken Token => _stalled.Token;

    /// <summary>Whether the request was ended because it stood still.</summary>
    public bool IsOver => _stalled.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>Something was sent.</summary>
    public void Moved() => EndAfter(_limit);

    /// <summary>Ends the request after some time, unless it moves before.</summary>
    /// <param name="time">The time.</param>
    public void EndAfter(TimeSpan time)
    {
        try
        {
            _stalled.CancelAfter(time);
        }
        catch (ObjectDisposedException)
        {
            // The transport still reads behind a request that has ended.
        }
    }

    /// <summary>What to tell the caller of a request that stood still.</summary>
    public TimeoutException ToException() => new($"the request stood still for {_limit}");

    /// <inheritdoc/>
    public void Dispose() => _stalled.Dispose();
}
