namespace PipelineBackup.Engine;

/// <summary>The transactions of an engine: their numbers, who sees what, and what is to be done when nobody does.</summary>
/// <remarks>
/// <code>
///  Begin ──► open ──► committed, its changes in chains ──► nobody began before its end ──► changes forgotten
///              │                                            (CleanUp)                       deleted nodes taken out
///              └────► rolled back: changes undone, nodes that it inserted taken out by CleanUp
/// </code>
/// All of it is used within the engine's latch.
/// </remarks>
/// <param name="engine">The engine.</param>
internal sealed class EngineTransactions(EmbeddedEngine engine)
{
    private readonly LinkedList<OuterTransaction> _open = [];
    private readonly Queue<OuterTransaction> _committed = new();
    private readonly Queue<NodeVersions> _emptied = new();
    private readonly Queue<Action<SessionCore>> _work = new();
    private SessionCore? _cleaner;

    /// <summary>The engine.</summary>
    public EmbeddedEngine Engine => engine;

    /// <summary>The sessions as the log knows them.</summary>
    public TransactionLog Log => engine.Transactions;

    /// <summary>All changes that not everybody sees.</summary>
    public VersionChains Chains { get; } = new();

    /// <summary>The databases that are attached, by number.</summary>
    public Dictionary<byte, DatabaseTables> Databases { get; } = [];

    /// <summary>How much is left to clean up once nobody needs it: transactions, nodes and trees.</summary>
    public int Pending => _committed.Count + _emptied.Count + _work.Count;

    /// <summary>
    /// The number before which everything committed is seen by all who look now.
    /// </summary>
    public TransactionId OldestView => _open.First?.Value.Begin ?? TransactionId.Max;

    /// <summary>An outermost transaction begins.</summary>
    public OuterTransaction Begin()
    {
        var transaction = new OuterTransaction(Log.Next());
        _open.AddLast(transaction);
        return transaction;
    }

    /// <summary>An outermost transaction is over.</summary>
    /// <param name="transaction">The transaction.</param>
    public void End(OuterTransaction transaction)
    {
        _open.Remove(transaction);
        foreach (var table in transaction.Tables)
            table.Leave(transaction);
        if (transaction.IsCommitted)
        {
            foreach (var database in transaction.Schemas.Keys)
                database.Schemas.Changed(transaction.End);
        }

        if (transaction.IsCommitted && transaction.Versions.Count + transaction.Effects.Count > 0)
            _committed.Enqueue(transaction);
    }

    /// <summary>A node was inserted and that was undone: it is to be taken out.</summary>
    /// <param name="node">The node.</param>
    public void AddEmptied(NodeVersions node) => _emptied.Enqueue(node);

    /// <summary>Something is to be done in a transaction of the engine itself.</summary>
    /// <param name="work">What.</param>
    public void AddWork(Action<SessionCore> work) => _work.Enqueue(work);

    /// <summary>Does something in a transaction of the engine itself, at once and for good.</summary>
    /// <param name="work">What; it must not be undone half way.</param>
    /// <param name="seenFrom">Who began behind this number sees it, though it happens now.</param>
    public void RunApart(Action<SessionCore> work, TransactionId seenFrom)
    {
        // A second one, since the first may be at work around this.
        var session = new SessionCore(this) { IsSystem = true, SeenFrom = seenFrom };
        try
        {
            session.Begin();
            work(session);
            session.Commit();
        }
        catch when (Engine.Failure is null)
        {
            // Of an engine that failed recovery rolls back.
            session.RollBackAll();
            throw;
        }
        finally
        {
            if (session.Level == 0)
                session.Dispose();
        }
    }

    /// <summary>
    /// Forgets what everybody sees, takes nodes out that are deleted for all, and does what waited for that.
    /// </summary>
    /// <param name="most">About how many nodes are looked at; the latch is held so long.</param>
    /// <returns>Whether more can be done now.</returns>
    public bool CleanUp(int most)
    {
        _cleaner ??= new(this) { IsSystem = true };
        var oldest = OldestView;
        _cleaner.Begin();
        try
        {
            while (most > 0 && _work.TryDequeue(out var work))
            {
                work(_cleaner);
                _cleaner.Breathe();
                most--;
            }

            while (most > 0 && _committed.TryPeek(out var transaction) && transaction.End.CompareTo(oldest) < 0)
            {
                if (!Forget(transaction, ref most))
                    break;
                _committed.Dequeue();
                foreach (var effect in transaction.Effects)
                    effect.WhenUnseen?.Invoke(_cleaner);
            }

            while (most > 0 && _emptied.TryDequeue(out var node))
            {
                most--;
                TakeOut(node);
                _cleaner.Breathe();
            }

            _cleaner.Commit();
        }
        catch when (Engine.Failure is null)
        {
            // Of an engine that failed recovery rolls back.
            _cleaner.RollBackAll();
            throw;
        }

        return _work.Count + _emptied.Count > 0
            || (_committed.TryPeek(out var next) && next.End.CompareTo(oldest) < 0);
    }

    /// <summary>A database is no longer attached.</summary>
    /// <param name="database">The database, of which no transaction is open.</param>
    public void Detach(DatabaseTables database)
    {
        Databases.Remove(database.Slot);
        Chains.Forget(database.Slot);
    }

    // From the newest on, so that what is left to do is a shorter list.
    private bool Forget(OuterTransaction transaction, ref int most)
    {
        for (int i = transaction.Versions.Count - 1; i >= 0; i--)
        {
            if (most-- <= 0)
                return false;
            var version = transaction.Versions[i];
            transaction.Versions.RemoveAt(i);
            Chains.Remove(version);
            if (!IsLive(version.Chain))
                continue;

            // Taken out behind all others: a page is looked at once then.
            if (version.Operation == NodeOperation.FlagDelete)
                _emptied.Enqueue(version.Chain);
            else if (version.IsDelta && version.Chain.List.Count == 0)
                Databases[version.Chain.Name.Database].CounterSettled(version.Chain);
        }

        return true;
    }

    private void TakeOut(NodeVersions node)
    {
        if (!IsLive(node) || !Databases.TryGetValue(node.Name.Database, out var database))
            return;
        _cleaner!.RequireLogged(database);
        database.Trees.CleanUp(_cleaner.Origin, node.Tree, node.Name.Key, node.Name.Data,
            (key, data) => Chains.IsKnown(new(database.Slot, node.Tree.Root, key,
                node.Tree.HasRepeatingKeys ? data : [])));
    }

    private bool IsLive(NodeVersions node) =>
        Databases.TryGetValue(node.Name.Database, out var database) && database.IsLive(node.Tree);
}
