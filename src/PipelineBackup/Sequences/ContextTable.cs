using System.Collections.Concurrent;

namespace PipelineBackup.Sequences;

/// <summary>
/// The sessions of a server by their handles: one call at a time in each, and an end to those that are left alone.
/// </summary>
internal sealed class ContextTable : IAsyncDisposable
{
    private static readonly TimeSpan s_shortestLook = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<Guid, SequenceContext> _contexts = [];
    private readonly SequenceServerOptions _options;
    private readonly ITimer _timer;
    private readonly Lock _adding = new();
    private int _looking;
    private bool _isClosed;

    /// <summary>An empty table.</summary>
    /// <param name="options">The clock and the bounds.</param>
    public ContextTable(SequenceServerOptions options)
    {
        _options = options;
        var look = options.AbandonAfter / 4;
        look = look < s_shortestLook ? s_shortestLook : look;
        _timer = options.Time.CreateTimer(
            static state => _ = ((ContextTable)state!).AbortAbandonedAsync(), this, look, look);
    }

    /// <summary>There is room for another session.</summary>
    /// <exception cref="SourceException">−1101: there is none.</exception>
    public void RequireRoom()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (_contexts.Count >= _options.MostSessions)
            throw SequenceRefusal.TooManySessions(_options.MostSessions);
    }

    /// <summary>Adds a session.</summary>
    /// <param name="context">The session; disposed when there is no room for it.</param>
    /// <exception cref="SourceException">−1101: there is no room.</exception>
    public async ValueTask AddAsync(SequenceContext context)
    {
        try
        {
            lock (_adding)
            {
                RequireRoom();
                _contexts[context.Id] = context;
            }
        }
        catch
        {
            await context.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes a call with a session.</summary>
    /// <param name="id">Its handle.</param>
    /// <param name="what">What the call is, for messages.</param>
    /// <param name="call">The call.</param>
    /// <exception cref="BackupException">−520: there is no such session; −1910: it is busy; what the call throws.</exception>
    public async ValueTask<TResult> CallAsync<TContext, TResult>(
        Guid id, string what, Func<TContext, ValueTask<TResult>> call)
        where TContext : SequenceContext
    {
        var context = Find<TContext>(id);
        if (!context.TryEnter())
            throw SequenceRefusal.Busy();
        try
        {
            // It may have been ended while this call came in.
            if (!_contexts.ContainsKey(id))
                throw SequenceRefusal.NoContext();
            return await SequenceRefusal.ToldAsync(what, () => call(context)).ConfigureAwait(false);
        }
        finally
        {
            context.Leave();
        }
    }

    /// <summary>Makes the last call with a session, and ends it however that goes.</summary>
    /// <param name="id">Its handle.</param>
    /// <param name="what">What the call is, for messages.</param>
    /// <param name="call">The call.</param>
    public async ValueTask EndAsync<TContext>(Guid id, string what, Func<TContext, ValueTask> call)
        where TContext : SequenceContext
    {
        await CallAsync<TContext, bool>(id, what, async context =>
        {
            _contexts.TryRemove(id, out _);
            await using (context.ConfigureAwait(false))
                await call(context).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_adding)
            _isClosed = true;
        await _timer.DisposeAsync().ConfigureAwait(false);
        foreach (var context in _contexts.Values)
            await AbortAsync(context).ConfigureAwait(false);
    }

    private TContext Find<TContext>(Guid id)
        where TContext : SequenceContext =>
        _contexts.TryGetValue(id, out var context) && context is TContext found
            ? found
            : throw SequenceRefusal.NoContext();

    private async Task AbortAbandonedAsync()
    {
        if (Interlocked.Exchange(ref _looking, 1) != 0)
            return;
        try
        {
            foreach (var context in _contexts.Values.Where(context => context.IsLeftAlone(_options.AbandonAfter)))
            {
                // Who is in the middle of a call is not gone.
                if (!context.TryEnter())
                    continue;
                try
                {
                    if (context.IsLeftAlone(_options.AbandonAfter) && _contexts.TryRemove(context.Id, out _))
                    {
                        _options.Logger.SessionAbandoned(context.Purpose);
                        await DisposeAsync(context).ConfigureAwait(false);
                    }
                }
                finally
                {
                    context.Leave();
                }
            }
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }

    private async ValueTask AbortAsync(SequenceContext context)
    {
        await context.EnterAsync().ConfigureAwait(false);
        try
        {
            if (_contexts.TryRemove(context.Id, out _))
                await DisposeAsync(context).ConfigureAwait(false);
        }
        finally
        {
            context.Leave();
        }
    }

    // Nobody is left who could be told but the log.
    private async ValueTask DisposeAsync(SequenceContext context)
    {
        try
        {
            await context.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception failure) when (SequenceRefusal.Of(failure, context.Purpose) is { } told)
        {
            _options.Logger.BackupFailed(told.Message);
        }
    }
}
