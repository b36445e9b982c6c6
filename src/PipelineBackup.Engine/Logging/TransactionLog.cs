namespace PipelineBackup.Engine;

/// <summary>
/// The sessions of an engine as its log knows them: their numbers, which transactions are open, and where they began.
/// Everything under the engine's latch.
/// </summary>
/// <remarks>
/// Only transactions that change something are begun here: those of readers are nobody's business. Nothing may be
/// changed outside of a transaction: replay passes over what a session does before it began one.
/// </remarks>
/// <param name="log">Takes the records.</param>
internal sealed class TransactionLog(LogStream log)
{
    private const uint Step = 4, FirstVersion = 1, VersionStep = 2;

    private readonly SortedDictionary<ushort, RedoSession> _sessions = [];
    private readonly LogRecordWriter _records = new();
    private uint _transaction, _version = FirstVersion;

    /// <summary>The sessions.</summary>
    public IReadOnlyCollection<RedoSession> Sessions => _sessions.Values;

    /// <summary>Called when an outermost transaction begins to change things, and when it ends.</summary>
    public event Action<RedoSession>? Changed;

    /// <summary>Where the oldest open transaction began; not set when none is open.</summary>
    public LogPosition Oldest
    {
        get
        {
            LogPosition oldest = default;
            foreach (var session in _sessions.Values)
            {
                if (session.Level > 0 && (!oldest.IsSet || session.Begin < oldest))
                    oldest = session.Begin;
            }

            return oldest;
        }
    }

    /// <summary>A new session.</summary>
    /// <exception cref="EseException">−1101: there are as many as there are numbers.</exception>
    public RedoSession Open()
    {
        ushort id = 1;
        foreach (ushort taken in _sessions.Keys)
        {
            if (taken != id)
                break;
            id++;
        }

        if (id == ushort.MaxValue)
            throw new EseException(EseError.OutOfSessions, "there are as many sessions as there can be");
        var session = new RedoSession { Id = id };
        _sessions.Add(id, session);
        return session;
    }

    /// <summary>A session ends, with no transaction open.</summary>
    /// <param name="session">The session.</param>
    public void Close(RedoSession session)
    {
        if (session.Level > 0)
            throw new InvalidOperationException($"session {session.Id} ends with {session.Level} transactions open");
        _sessions.Remove(session.Id);
    }

    /// <summary>A number for a transaction, when it begins and when it commits.</summary>
    public TransactionId Next() => new(_transaction += Step);

    /// <summary>A number for a version of a node.</summary>
    public uint NextVersion() => _version += VersionStep;

    /// <summary>Transactions begin, one within the other: what follows is part of the innermost.</summary>
    /// <param name="session">The session.</param>
    /// <param name="count">How many.</param>
    /// <param name="transaction">Number of the outermost, when that is one of them.</param>
    public void Begin(RedoSession session, int count, TransactionId transaction = default)
    {
        bool isOuter = session.Level == 0;
        var begin = new InnerBegin(session.Id, session.Level, count);
        _records.Clear();
        if (isOuter)
            _records.Add<OuterBegin>(LogRecordType.Begin0, new(begin, transaction));
        else
            _records.Add(LogRecordType.Begin, begin);
        var position = log.Append(_records.Written);
        if (isOuter)
            (session.Begin, session.Transaction, session.HasBegun) = (position, transaction, true);
        session.Enter(count);
        if (isOuter)
            Changed?.Invoke(session);
    }

    /// <summary>The innermost transaction is committed: into the one around it, or for good.</summary>
    /// <param name="session">The session.</param>
    /// <param name="end">The number that an outermost one gets; the next unless it was taken already.</param>
    /// <returns>Position of the record.</returns>
    public LogPosition Commit(RedoSession session, TransactionId end = default)
    {
        var commit = new InnerCommit(session.Id, (byte)(session.Level - 1));
        _records.Clear();
        if (session.Level == 1)
            _records.Add<OuterCommit>(LogRecordType.Commit0, new(commit, end == default ? Next() : end));
        else
            _records.Add(LogRecordType.Commit, commit);
        var position = log.Append(_records.Written);
        session.CommitTo(session.Level - 1);
        Ended(session);
        return position;
    }

    /// <summary>Transactions were rolled back: what they changed was undone before, record by record.</summary>
    /// <param name="session">The session.</param>
    /// <param name="count">How many, the innermost first.</param>
    public void RolledBack(RedoSession session, int count)
    {
        _records.Clear();
        _records.Add(LogRecordType.Rollback, new TransactionRollback(session.Id, (byte)count));
        log.Append(_records.Written);
        session.RollBackTo(session.Level - count);
        Ended(session);
    }

    private void Ended(RedoSession session)
    {
        if (session.Level == 0)
            Changed?.Invoke(session);
    }
}
