namespace PipelineBackup.Ese;

/// <summary>The sessions of the logs and their transactions while logs are replayed.</summary>
internal sealed class RedoTransactions
{
    private readonly Dictionary<ushort, RedoSession> _sessions = [];

    /// <summary>The newest transaction that any record named.</summary>
    public TransactionId Newest { get; private set; }

    /// <summary>All sessions, by number: the order in which undo goes through them.</summary>
    public IReadOnlyList<RedoSession> Sessions => [.. _sessions.Values.OrderBy(session => session.Id)];

    /// <summary>A session, known from now on.</summary>
    /// <param name="id">Its number.</param>
    public RedoSession Session(ushort id)
    {
        if (!_sessions.TryGetValue(id, out var session))
            _sessions.Add(id, session = new() { Id = id });
        return session;
    }

    /// <summary>Replays a record, when it is about transactions.</summary>
    /// <param name="record">Any record.</param>
    /// <returns>Whether it was.</returns>
    /// <exception cref="EseException">-1852: a transaction begins at a level that its session is not on.</exception>
    public bool TryApply(in LogRecordView record)
    {
        switch (record.Type)
        {
            case LogRecordType.Begin:
                Begin(record.Body<InnerBegin>(), record.Position);
                return true;
            case LogRecordType.Begin0 or LogRecordType.BeginDistributed:
                OuterBegin(record.Body<OuterBegin>(), record.Position);
                return true;
            case LogRecordType.Commit:
                Commit(record.Body<InnerCommit>());
                return true;
            case LogRecordType.Commit0:
                See(record.Body<OuterCommit>().Transaction);
                Commit(record.Body<OuterCommit>().Commit);
                return true;
            case LogRecordType.Rollback:
                Rollback(record.Body<TransactionRollback>());
                return true;
            case LogRecordType.Refresh:
                Refresh(record.Body<TransactionRefresh>());
                return true;
            case LogRecordType.CommitContext:
                // What an application said to others with a commit: nobody listens here.
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// Ends all sessions without a trace: an engine started or ended, so what they left open was undone by records.
    /// </summary>
    public void EndAll()
    {
        foreach (var session in _sessions.Values)
            session.RollBackTo(0);
        _sessions.Clear();
    }

    private void OuterBegin(in OuterBegin record, LogPosition position)
    {
        See(record.Transaction);
        var session = Begin(record.Begin, position);
        if (session is null || record.Begin.From != 0)
            return;
        session.Transaction = record.Transaction;
        session.Begin = position;
    }

    /// <summary>The session that a transaction began in; null when it is not looked at yet.</summary>
    private RedoSession? Begin(in InnerBegin begin, LogPosition position)
    {
        var session = Session(begin.Session);
        if (!session.HasBegun && begin.From != 0)
            return null;
        if (begin.From != session.Level)
        {
            throw new EseException(EseError.LogCorrupted, $"at {position} a transaction of session {session.Id} begins "
                + $"from level {begin.From}, the session is on {session.Level}");
        }

        session.Enter(begin.Count);
        session.HasBegun = true;
        return session;
    }

    private void Commit(in InnerCommit commit)
    {
        var session = Session(commit.Session);
        if (!session.HasBegun || commit.LevelAfter >= session.Level)
            return;
        session.CommitTo(commit.LevelAfter);
    }

    private void Rollback(in TransactionRollback rollback)
    {
        var session = Session(rollback.Session);
        if (!session.HasBegun)
            return;

        // Records before this one undid the pages.
        session.RollBackTo(Math.Max(0, session.Level - rollback.Count));
    }

    private void Refresh(in TransactionRefresh refresh)
    {
        var session = Session(refresh.Session);
        if (!session.HasBegun)
            return;
        session.CommitTo(1);
        session.Transaction = refresh.Transaction;
    }

    private void See(TransactionId transaction)
    {
        if (transaction != TransactionId.Max && (Newest == default || transaction.CompareTo(Newest) > 0))
            Newest = transaction;
    }
}
