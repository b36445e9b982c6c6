namespace PipelineBackup.Engine;

/// <summary>
/// A transaction of a session, perhaps within another: it sees what was committed when the outermost one began, and
/// what the session changed since. Disposing of it takes back what was not committed.
/// </summary>
/// <remarks>
/// <code>
/// open ──CommitAsync──► its changes are those of the one around it; of the outermost: for all, for good
///   └────Rollback, Dispose──► its changes are undone
/// </code>
/// </remarks>
public sealed class Transaction : IDisposable, IAsyncDisposable
{
    private readonly EngineSession _session;
    private bool _isOver;

    internal Transaction(EngineSession session, int level) => (_session, Level) = (session, level);

    /// <summary>It is over: committed, or rolled back with one around it.</summary>
    internal void End() => _isOver = true;

    /// <summary>1 of an outermost transaction, 2 of one within it, and so on.</summary>
    public int Level { get; }

    /// <summary>
    /// Where the log has its commit; not set before, nor of one that changed nothing or is within another. What is at
    /// or before the position that a backup reaches is in the backup, what is behind is not.
    /// </summary>
    public LogPosition CommittedAt { get; private set; }

    /// <summary>
    /// Commits it. An outermost one that changed something is then waited for to be on the disk, together with others
    /// that are committed at the time.
    /// </summary>
    /// <param name="mode">Whether to wait.</param>
    /// <param name="cancellationToken">Ends the waiting; committed it is all the same.</param>
    /// <exception cref="InvalidOperationException">It is over, or another one within it is open.</exception>
    /// <exception cref="EseException">
    /// −1090, −510: the log could not be written; recovery tells whether it was committed. −1910: the session is in
    /// use.
    /// </exception>
    public async ValueTask CommitAsync(
        CommitMode mode = CommitMode.Durable, CancellationToken cancellationToken = default)
    {
        LogPosition position;
        using (_session.Enter())
        {
            RequireInnermost();
            CommittedAt = position = _session.Core.Commit();
            _session.End(Level);
            if (position.IsSet)
                _session.Engine.CleanUpBehind();
        }

        if (position.IsSet && mode == CommitMode.Durable)
            await _session.Engine.Log.FlushAsync(position, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Undoes all that was done since it began.</summary>
    /// <exception cref="InvalidOperationException">It is over, or another one within it is open.</exception>
    /// <exception cref="EseException">−1917: a change cannot be undone. −1910: the session is in use.</exception>
    public void Rollback()
    {
        using (_session.Enter(isEnding: true))
        {
            RequireInnermost();
            _session.End(Level);
            _session.Core.RollBack();
        }
    }

    /// <summary>
    /// Undoes it unless it is over, with those within it. When the engine failed nothing is done: recovery undoes it.
    /// </summary>
    public void Dispose()
    {
        if (!_isOver)
            _session.RollBackTo(Level - 1);
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void RequireInnermost()
    {
        if (_isOver)
            throw new InvalidOperationException("the transaction is over");
        if (_session.Core.Level > Level)
            throw new InvalidOperationException("another transaction is open within the transaction");
    }
}
