namespace PipelineBackup.Engine;

/// <summary>A session: its transactions, one within the other, and what the log says of them.</summary>
/// <remarks>
/// Begins are put off until something is logged; a transaction that only reads leaves no trace. Used within the engine's
/// latch.
/// </remarks>
internal sealed class SessionCore
{
    /// <summary>How many transactions may be within one another, those of the engine around one operation counted.</summary>
    public const int MostLevels = 12;

    private readonly EngineTransactions _all;
    private readonly LogRecordWriter _records = new();
    private readonly List<(int Versions, int Effects)> _marks = [];
    private UndoPass? _undo;

    /// <summary>A session without transactions.</summary>
    /// <param name="all">All transactions of the engine.</param>
    /// <param name="id">Its number ("procid").</param>
    public SessionCore(EngineTransactions all, ushort id)
    {
        _all = all;
        Redo = new() { Id = id };
    }

    /// <summary>The session as the log has it: on a lower level as long as begins are put off.</summary>
    public RedoSession Redo { get; }

    /// <summary>Whether the engine does what it does by itself.</summary>
    public bool IsSystem { get; set; }

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
            position = LogCommit(outer, level);
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
            _undo ??= new(_all.Core.Undo, slot => _all.Databases.GetValueOrDefault(slot), new Log(_all.Core));
            _undo.RollBackLevel(Redo, undone: number => Forget(outer, number));
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
            throw new EseException(EseError.NotInTransaction, "no transaction is open", "begin one");
        Changes++;
        _all.Touch(Outer, database);
        int from = Redo.Level;
        if (from == Level)
            return;
        var begin = new InnerBegin(Redo.Id, from, Level - from);
        _records.Clear();
        if (from == 0)
            _records.Add<OuterBegin>(LogRecordType.Begin0, new(begin, Outer.Begin));
        else
            _records.Add(LogRecordType.Begin, begin);
        var position = _all.Core.Log.Append(_records.Written);
        Redo.HasBegun = true;
        if (from == 0)
            (Redo.Transaction, Redo.Begin) = (Outer.Begin, position);
        Redo.Enter(Level - from);
    }

    private LogPosition LogCommit(OuterTransaction outer, int level)
    {
        _records.Clear();
        var commit = new InnerCommit(Redo.Id, (byte)level);
        if (level > 0)
            _records.Add(LogRecordType.Commit, commit);
        else
        {
            outer.Commit(_all.NextTransaction());
            _records.Add<OuterCommit>(LogRecordType.Commit0, new(commit, outer.End));
        }

        var position = _all.Core.Log.Append(_records.Written);
        Redo.CommitTo(level);
        return position;
    }

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

    private sealed class Log(IEngineCore core) : IUndoLog
    {
        public LogPosition Append(ReadOnlySpan<byte> record) => core.Log.Append(record);

        public void Flush()
        {
        }
    }
}
