namespace PipelineBackup.Engine;

/// <summary>An outermost transaction: what it sees, what it changed, and what happens when it ends.</summary>
/// <param name="begin">Its number, drawn when it began: it sees what was committed before.</param>
internal sealed class OuterTransaction(TransactionId begin)
{
    /// <summary>Its number.</summary>
    public TransactionId Begin { get; } = begin;

    /// <summary>The number taken at its commit, or an earlier one: who began behind it sees the changes.</summary>
    public TransactionId End { get; private set; }

    /// <summary>Whether it was committed.</summary>
    public bool IsCommitted { get; private set; }

    /// <summary>Its changes, in order.</summary>
    public List<NodeVersion> Versions { get; } = [];

    /// <summary>What it did beside changing nodes, in order.</summary>
    public List<TransactionEffect> Effects { get; } = [];

    /// <summary>The tables that it changed, rows or definition.</summary>
    public HashSet<TableState> Tables { get; } = [];

    /// <summary>
    /// The databases in which it changed definitions, with what it sees there; null where that is to be read again.
    /// </summary>
    public Dictionary<DatabaseTables, DatabaseCatalog?> Schemas { get; } = [];

    /// <summary>It is committed.</summary>
    /// <param name="end">Its number at the commit, or an earlier one.</param>
    public void Commit(TransactionId end)
    {
        End = end;
        IsCommitted = true;
    }
}

/// <summary>Something that a transaction did beside changing nodes.</summary>
/// <param name="Undo">Takes it back, when the nodes are undone; null when there is nothing to take back.</param>
/// <param name="WhenUnseen">Done when it was committed and nobody sees the time before any more; null for nothing.</param>
internal sealed record TransactionEffect(Action<SessionCore>? Undo, Action<SessionCore>? WhenUnseen);
