namespace PipelineBackup.Engine;

// Sessions, and what is left to do behind them.
public sealed partial class EmbeddedEngine
{
    // About as many nodes are looked at before the latch is given to others.
    private const int CleanUpPart = 256;

    // More than that is left to who commits, not to the engine in the background.
    private const int MostPending = 64;

    private readonly Dictionary<EngineDatabase, DatabaseTables> _tables = [];
    private EngineTransactions? _work;

    /// <summary>What transactions see, and what is to be done when they do not any more. With the latch held.</summary>
    internal EngineTransactions Work => _work ??= new(this);

    /// <summary>Whether transactions can still be rolled back: it is neither closed nor failed.</summary>
    internal bool IsAlive => State is EngineState.Running or EngineState.StoppingService or EngineState.Terminating
        && Failure is null;

    /// <summary>Opens a session, which one thread at a time may use. End it before the engine.</summary>
    /// <exception cref="EseException">−1101: there are as many as there can be. And the error of its state.</exception>
    public EngineSession CreateSession()
    {
        RequireAlive();
        lock (Latch)
        {
            RequireAlive();
            return new(this);
        }
    }

    /// <summary>
    /// Takes nodes out that are deleted for everybody, and trees. The engine does it by itself now and then; it matters
    /// only where nothing happens by itself, or to who wants space at once.
    /// </summary>
    /// <returns>Whether something is left that open transactions may still see.</returns>
    /// <exception cref="EseException">−1090: the engine failed.</exception>
    public bool CleanUp()
    {
        RequireAlive();
        while (true)
        {
            lock (Latch)
            {
                RequireAlive();
                bool hasMore = !Log.IsOnReserve && Work.CleanUp(CleanUpPart);
                AfterOperation();
                if (!hasMore)
                    return Work.Pending > 0;
            }
        }
    }

    /// <summary>The tables of a database. With the latch held.</summary>
    /// <param name="database">The database.</param>
    /// <exception cref="EseException">−1203: it is not attached here.</exception>
    internal DatabaseTables TablesOf(EngineDatabase database)
    {
        if (_tables.TryGetValue(database, out var tables))
            return tables;
        if (!_databases.Contains(database))
            throw new EseException(EseError.DatabaseNotFound, $"'{database.Path}' is not attached");
        _tables.Add(database, tables = new(Work, database.Editor, database.Trees, database.Version));
        return tables;
    }

    /// <summary>
    /// Cleans up a little behind a commit, so that those who write cannot outrun it. With the latch held.
    /// </summary>
    internal void CleanUpBehind()
    {
        if (Work.Pending > MostPending)
            TryCleanUp();
    }

    private void CleanUpAll()
    {
        while (TryCleanUp())
            AfterOperation();
    }

    // What cannot be cleaned up, because a page is damaged or cannot be read, stays as a crash would leave it: nobody
    // asked for it.
    private bool TryCleanUp()
    {
        try
        {
            return !Log.IsOnReserve && Work.CleanUp(CleanUpPart);
        }
        catch (Exception e) when (e is EseException or IOException or UnauthorizedAccessException && Failure is null)
        {
            return false;
        }
    }

    private void Forget(EngineDatabase database)
    {
        if (_tables.Remove(database, out var tables))
            Work.Detach(tables);
    }
}
