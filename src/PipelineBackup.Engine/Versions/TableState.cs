namespace PipelineBackup.Engine;

/// <summary>
/// A table as the engine has it while it runs, the same for all sessions: its trees, its counters, and who changes it.
/// </summary>
/// <remarks>
/// Whoever changes rows has to know all indexes there are, and whoever builds an index has to see all rows there are. So
/// a definition is changed by one transaction alone, and neither rows nor definition by one that began before the
/// definition was last changed.
/// </remarks>
/// <param name="rows">The tree of the rows.</param>
/// <param name="name">Name of the table.</param>
internal sealed class TableState(EngineTree rows, string name)
{
    private readonly HashSet<OuterTransaction> _writers = [];
    private OuterTransaction? _definer;
    private TransactionId? _lastDefined, _lastChanged;

    /// <summary>The tree of its rows.</summary>
    public EngineTree Rows => rows;

    /// <summary>The tree of its long values; null as long as there is none.</summary>
    public EngineTree? LongValues { get; set; }

    /// <summary>The id of the next long value; none before the first was made.</summary>
    public LongValueId? NextLongValue { get; set; }

    /// <summary>The number of the next row, where rows are numbered; none before the first.</summary>
    public uint? NextNumber { get; set; }

    /// <summary>The next value of the column that numbers rows; none before the first.</summary>
    public ulong? NextAutoIncrement { get; set; }

    /// <summary>
    /// Number of the last transaction that changed its definition: who began before cannot change the table. None since
    /// the database was attached: no number at all.
    /// </summary>
    public TransactionId LastDefined => _lastDefined ?? default;

    /// <summary>Whether a transaction has changed its definition, and is open.</summary>
    /// <param name="transaction">The transaction.</param>
    public bool IsDefinedBy(OuterTransaction? transaction) => _definer is not null && _definer == transaction;

    /// <summary>A transaction is about to change rows.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <exception cref="EseException">−1102: another changes the definition, or has since this one began.</exception>
    public void EnterChange(OuterTransaction transaction)
    {
        RequireDefinition(transaction);
        if (_writers.Add(transaction))
            transaction.Tables.Add(this);
    }

    /// <summary>A transaction is about to change the definition.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <exception cref="EseException">
    /// −1102: another changes the table, or has since this one began.
    /// </exception>
    public void EnterDefinition(OuterTransaction transaction)
    {
        RequireDefinition(transaction);
        if (_writers.Any(writer => writer != transaction)
            || (_lastChanged is { } changed && changed.CompareTo(transaction.Begin) > 0))
            throw Conflict("its rows are being changed, or were since this transaction began");
        _definer = transaction;
        transaction.Tables.Add(this);
    }

    /// <summary>A transaction that changed it is over.</summary>
    /// <param name="transaction">The transaction.</param>
    public void Leave(OuterTransaction transaction)
    {
        bool isChanged = _writers.Remove(transaction), isDefined = _definer == transaction;
        if (isDefined)
            _definer = null;
        if (!transaction.IsCommitted || transaction.Versions.Count == 0)
            return;
        _lastChanged = isChanged ? transaction.End : _lastChanged;
        _lastDefined = isDefined ? transaction.End : _lastDefined;
    }

    private void RequireDefinition(OuterTransaction transaction)
    {
        if ((_definer is not null && _definer != transaction)
            || (_lastDefined is { } defined && defined.CompareTo(transaction.Begin) > 0))
            throw Conflict("its definition is being changed, or was since this transaction began");
    }

    private EseException Conflict(string what) =>
        new(EseError.WriteConflict, $"the table {name}: {what}", "roll back and try again");
}
