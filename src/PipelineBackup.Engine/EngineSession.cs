namespace PipelineBackup.Engine;

/// <summary>Someone who works with the databases of an engine: transactions, tables, definitions.</summary>
/// <example>
/// <code>
/// using var session = engine.CreateSession();
/// await using (var transaction = session.BeginTransaction())
/// {
///     using var people = session.OpenTable(database, "people");
///     people.Insert(people.NewRow().Set("id", 1).Set("name", "Ada"));
///     await transaction.CommitAsync();
/// }
/// </code>
/// </example>
/// <remarks>
/// <para>
/// A transaction sees what was committed when its outermost one began, and its own changes. Who changes a row that
/// another has changed and not committed, or committed since one began, gets the error −1102: roll back and try again.
/// Outside of transactions each read sees what is committed at the time; changes need a transaction.
/// </para>
/// <para>
/// For one thread at a time: a call that comes while another is at work is refused with −1910 and changes nothing.
/// </para>
/// </remarks>
public sealed partial class EngineSession : IDisposable, IAsyncDisposable
{
    private readonly HashSet<EngineDatabase> _databases = [];
    private readonly List<Transaction> _open = [];
    private int _isBusy;
    private bool _isClosed;

    internal EngineSession(EmbeddedEngine engine)
    {
        Engine = engine;
        Core = new(engine.Work);
    }

    /// <summary>Its engine.</summary>
    public EmbeddedEngine Engine { get; }

    /// <summary>Whether a transaction is open.</summary>
    public bool IsInTransaction => Core.Outer is not null;

    internal SessionCore Core { get; }

    /// <summary>Begins a transaction, within the one that is open if there is one.</summary>
    /// <exception cref="EseException">
    /// −1103: too many are open. −1090: the engine failed. −1910: it is in use.
    /// </exception>
    public Transaction BeginTransaction()
    {
        using (Enter())
        {
            Core.Begin();
            var transaction = new Transaction(this, Core.Level);
            _open.Add(transaction);
            return transaction;
        }
    }

    /// <summary>Opens a table.</summary>
    /// <param name="database">The database.</param>
    /// <param name="name">Name of the table, whatever the case.</param>
    /// <exception cref="EseException">−1305: there is no such table. −1203: the database is not attached.</exception>
    public Table OpenTable(EngineDatabase database, string name)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(name);
        using (Enter())
        {
            var tables = Use(database);
            return new(this, database, tables, tables.Schemas.Of(Core).Find(name));
        }
    }

    /// <summary>Names of the tables of a database, those of the engine left out, in the order of the names.</summary>
    /// <param name="database">The database.</param>
    /// <exception cref="EseException">−1203: the database is not attached.</exception>
    public IReadOnlyList<string> TableNames(EngineDatabase database)
    {
        ArgumentNullException.ThrowIfNull(database);
        using (Enter())
            return [.. Use(database).Schemas.Of(Core).UserTables.Select(table => table.Name)];
    }

    /// <summary>Ends the session. What is open is rolled back.</summary>
    public void Dispose()
    {
        if (_isClosed)
            return;
        RollBackTo(0);
        lock (Engine.Latch)
        {
            _isClosed = true;
            foreach (var database in _databases)
                database.Users--;
            if (Core.Redo.Level == 0)
                Core.Dispose();
        }
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Begins an operation: the latch is held until the result is disposed of.</summary>
    /// <param name="mayWrite">Whether it may change something, besides ending transactions.</param>
    /// <param name="isEnding">Whether it only takes changes back, which it may also when all activity has ceased.</param>
    internal Operation Enter(bool mayWrite = false, bool isEnding = false)
    {
        if (Interlocked.CompareExchange(ref _isBusy, 1, 0) != 0)
            throw new EseException(EseError.SessionSharingViolation, "the session is in use by another thread");
        bool isLatched = false;
        try
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);

            // Who is refused is told at once, not when the engine is closed.
            Require(mayWrite, isEnding);
            Engine.Latch.Enter();
            isLatched = true;
            Require(mayWrite, isEnding);
            return new(this, mayWrite);
        }
        catch
        {
            if (isLatched)
                Engine.Latch.Exit();
            Volatile.Write(ref _isBusy, 0);
            throw;
        }
    }

    /// <summary>Transactions are over.</summary>
    /// <param name="level">The level of the first of them.</param>
    internal void End(int level)
    {
        for (int i = _open.Count - 1; i >= level - 1; i--)
        {
            _open[i].End();
            _open.RemoveAt(i);
        }
    }

    /// <summary>Rolls transactions back, unless the engine is closed or failed: recovery does it then.</summary>
    /// <param name="level">How many stay open.</param>
    internal void RollBackTo(int level)
    {
        End(level + 1);
        if (_isClosed || !Engine.IsAlive || Core.Level <= level)
            return;
        try
        {
            using (Enter(isEnding: true))
            {
                while (Core.Level > level)
                    Core.RollBack();
            }
        }
        catch (EseException) when (Engine.State is EngineState.Terminated or EngineState.Unavailable)
        {
            // It was closed, or failed, meanwhile: recovery does it.
        }
    }

    /// <summary>The tables of a database, which stays attached as long as the session is there.</summary>
    /// <param name="database">The database.</param>
    internal DatabaseTables Use(EngineDatabase database)
    {
        var tables = Engine.TablesOf(database);
        if (_databases.Add(database))
            database.Users++;
        return tables;
    }

    private void Require(bool mayWrite, bool isEnding)
    {
        if (mayWrite)
            Engine.RequireWritable();
        else if (!isEnding || !Engine.IsAlive)
            Engine.RequireAlive();
    }

    /// <summary>One call of a session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="mayWrite">Whether it may change something.</param>
    internal readonly struct Operation(EngineSession session, bool mayWrite) : IDisposable
    {
        /// <summary>Ends it.</summary>
        public void Dispose()
        {
            try
            {
                if (session.Engine.Failure is null)
                    session.Core.Breathe();
            }
            finally
            {
                session.Engine.Latch.Exit();
                Volatile.Write(ref session._isBusy, 0);
            }

            session.Engine.AwaitRoom(mayWrite);
        }
    }
}
