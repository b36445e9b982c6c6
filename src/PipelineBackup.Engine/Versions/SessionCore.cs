namespace PipelineBackup.Engine;

/// <summary>A session: its transactions, one within the other, and what the log says of them.</summary>
/// <remarks>
/// Begins are put off until something is logged; a transaction that only reads leaves no trace. Used within the engine's
/// latch.
/// </remarks>
internal sealed partial class SessionCore : IDisposable
{
    /// <summary>How many transactions may be within one another, those of the engine around one operation counted.</summary>
    public const int MostLevels = 12;

    private readonly EngineTransactions _all;
    private readonly List<(int Versions, int Effects)> _marks = [];
    private UndoPass? _undo;

    /// <summary>A session without transactions.</summary>
    /// <param name="all">All transactions of the engine.</param>
    /// <exception cref="EseException">−1101: there are as many sessions as there can be.</exception>
    public SessionCore(EngineTransactions all)
    {
        _all = all;
        Redo = all.Log.Open();
    }

    /// <summary>The session as the log has it: on a lower level as long as begins are put off.</summary>
    public RedoSession Redo { get; }

    /// <summary>Whether the engine does what it does by itself.</summary>
    public bool IsSystem { get; init; }

    /// <summary>
    /// The number under which others see what it commits, when that is not the one of the commit: who began behind it.
    /// </summary>
    public TransactionId? SeenFrom { get; init; }

    /// <summary>The outermost transaction; null when none is open.</summary>
    public OuterTransaction? Outer { get; private set; }

    /// <summary>How many are open.</summary>
    public int Level => _marks.Count;

    /// <summary>Counts what may have changed what the session sees.</summary>
    public long Changes { get; private set; }

    /// <summary>All transactions of the engine.</summary>
    public EngineTransactions All => _all;

    /// <summary>What records about pages say of who changes them.</summary>
    public ChangeOrigin Origin => new(Redo, IsSystem);

    /// <summary>What it sees.</summary>
    public Snapshot View => Outer is null ? Snapshot.Latest : new(Outer, Outer.Begin);

    /// <summary>A transaction begins within those that are open.</summary>
    /// <exception cref="EseException">−1103: there are too many already.</exception>
    public void Begin()
    {
        if (Level == MostLevels)
            throw new EseException(EseError.TransTooDeep, $"session {Redo.Id} has {Level} transactions open");
        if (Outer is null)
        {
            Outer = _all.Begin();
            Changes++;
        }

        _marks.Add((Outer.Versions.Count, Outer.Effects.Count));
    }

    /// <summary>Commits the innermost transaction.</summary>
    /// <returns>The position to be flushed for it to be durable; not set when nothing was logged or others are open.</returns>
    public LogPosition Commit()
    {
        var outer = Outer!;
        int level = Level - 1;
        LogPosition position = default;
        if (Redo.Level > level)
        {
            var end = level == 0 ? _all.Log.Next() : default;
            position = _all.Log.Commit(Redo, end);
            if (level == 0)
                outer.Commit(SeenFrom ?? end);
        }

        _marks.RemoveAt(level);
        if (level > 0)
            return default;
        Outer = null;
        Changes++;
        _all.End(outer);
        return position;
    }

    /// <summary>Rolls back the innermost transaction: everything done since it began is undone.</summary>
    /// <exception cref="EseException">−1917: a change cannot be undone.</exception>
    public void RollBack()
    {
        var outer = Outer!;
        int level = Level - 1;
        Changes++;
        if (Redo.Level > level)
        {
            // Chains tell what pages do not show: each change goes from both at once.
            _undo ??= new(_all.Engine.Versions, slot => _all.Databases.GetValueOrDefault(slot), new UndoRecords(_all));
            _undo.UndoLevel(Redo, Breathe, number => Forget(outer, number));
            _all.Log.RolledBack(Redo, 1);
        }

        Cut(outer, _marks[level].Effects);
        _marks.RemoveAt(level);
        if (level > 0)
            return;
        Outer = null;
        _all.End(outer);
    }

    /// <summary>Rolls back all that is open.</summary>
    public void RollBackAll()
    {
        while (Level > 0)
            RollBack();
    }

    /// <summary>What the session does to a database from now on is logged within its transactions.</summary>
    /// <param name="database">The database that is about to be changed.</param>
    /// <exception cref="EseException">−1054: no transaction is open.</exception>
    public void RequireLogged(DatabaseTables database)
    {
        if (Outer is null)
            throw NoTransaction();
        Changes++;
        if (Redo.Level < Level)
            _all.Log.Begin(Redo, Level - Redo.Level, Outer.Begin);
    }

    /// <summary>Does something as a transaction within those that are open: whole or not at all.</summary>
    /// <param name="change">What.</param>
    /// <exception cref="EseException">−1054: no transaction is open. And what it throws.</exception>
    public void Within(Action change)
    {
        if (Outer is null)
            throw NoTransaction();
        Begin();
        int level = Level;
        try
        {
            change();
            Commit();
        }
        catch when (Level == level && _all.Engine.Failure is null)
        {
            // Of an engine that failed recovery rolls back.
            RollBack();
            throw;
        }
    }

    /// <summary>In the middle of long work, when no page is in use: caches may be trimmed, the log written.</summary>
    public void Breathe() => _all.Engine.AfterOperation();

    /// <summary>Ends the session, with no transaction open.</summary>
    public void Dispose() => _all.Log.Close(Redo);

    /// <summary>What is thrown when a transaction is needed.</summary>
    public static EseException NoTransaction() =>
        new(EseError.NotInTransaction, "no transaction is open", "begin one");

    private void Forget(OuterTransaction outer, uint number)
    {
        var version = outer.Versions[^1];
        if (version.Number != number)
            throw new InvalidOperationException($"change {number:x} is undone, {version.Number:x} is the newest");
        outer.Versions.RemoveAt(outer.Versions.Count - 1);
        _all.Chains.Remove(version);
        if (version.Operation == NodeOperation.Insert)
            _all.AddEmptied(version.Chain);
    }

    private void Cut(OuterTransaction outer, int count)
    {
        for (int i = outer.Effects.Count - 1; i >= count; i--)
        {
            var undo = outer.Effects[i].Undo;
            outer.Effects.RemoveAt(i);
            undo?.Invoke(this);
        }

        foreach (var database in outer.Schemas.Keys)
            outer.Schemas[database] = null;
    }

    private sealed class UndoRecords(EngineTransactions all) : IUndoLog
    {
        public LogPosition Append(ReadOnlySpan<byte> record) => all.Engine.Log.Append(record);

        public void Flush() => all.Engine.Log.Flush();
    }
}
