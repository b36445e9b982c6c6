namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>A row as the model has it.</summary>
internal sealed record ModelRow(int Id)
{
    public string? Name { get; init; }

    public int Group { get; init; }

    public int Count { get; init; }

    public int Version { get; init; }

    public int[] Tags { get; init; } = [];

    public byte[]? Note { get; init; }

    public string? Title { get; init; }
}

/// <summary>An open transaction of the model: what it sees, and what it did.</summary>
internal sealed class ModelTransaction(long begin, SortedDictionary<int, ModelRow> view)
{
    public long Begin { get; } = begin;

    public long? End { get; set; }

    public SortedDictionary<int, ModelRow> View { get; set; } = view;

    public List<ModelChange> Changes { get; } = [];

    public Stack<(SortedDictionary<int, ModelRow> View, int Changes, bool HasExtra)> Levels { get; } = new();

    public bool HasExtra { get; set; }
}

/// <summary>Something that a transaction changed.</summary>
internal sealed record ModelChange(ModelTransaction Owner, string What, int? Row, int? Delta);

/// <summary>
/// What several sessions should see: snapshots of a dictionary, and who may not change what another has.
/// </summary>
internal sealed class RowModel
{
    private readonly List<ModelChange> _changes = [];
    private readonly List<ModelTransaction> _open = [];
    private long _time;
    private ModelTransaction? _definer;
    private long _lastDefined, _lastChanged;

    public SortedDictionary<int, ModelRow> Committed { get; } = [];

    public bool HasExtra { get; private set; }

    public ModelTransaction Begin()
    {
        var begun = new ModelTransaction(++_time, new(Committed)) { HasExtra = HasExtra };
        _open.Add(begun);
        return begun;
    }

    public void Enter(ModelTransaction transaction) =>
        transaction.Levels.Push((new(transaction.View), transaction.Changes.Count, transaction.HasExtra));

    public void CommitInner(ModelTransaction transaction) => transaction.Levels.Pop();

    public void RollBackInner(ModelTransaction transaction)
    {
        var (view, changes, hasExtra) = transaction.Levels.Pop();
        transaction.View = view;
        transaction.HasExtra = hasExtra;
        foreach (var change in transaction.Changes.Skip(changes))
            _changes.Remove(change);
        transaction.Changes.RemoveRange(changes, transaction.Changes.Count - changes);
    }

    public void Commit(ModelTransaction transaction)
    {
        bool isDefiner = _definer == transaction, isWriter = Writers.Contains(transaction);
        if (transaction.Changes.Count > 0)
            transaction.End = ++_time;
        foreach (var row in transaction.Changes.Where(change => change.Row is not null)
            .GroupBy(change => change.Row!.Value))
        {
            if (row.All(change => change.Delta is not null))
            {
                var before = Committed[row.Key];
                Committed[row.Key] = before with { Count = before.Count + row.Sum(change => change.Delta!.Value) };
            }
            else if (transaction.View.TryGetValue(row.Key, out var changed))
                Committed[row.Key] = changed;
            else
                Committed.Remove(row.Key);
        }

        if (isDefiner && transaction.End is { } defined)
            (HasExtra, _lastDefined) = (transaction.HasExtra, defined);
        if (isWriter && transaction.End is { } end)
            _lastChanged = end;
        Leave(transaction);
    }

    public void RollBack(ModelTransaction transaction)
    {
        foreach (var change in transaction.Changes)
            _changes.Remove(change);
        Leave(transaction);
    }

    public HashSet<ModelTransaction> Writers { get; } = [];

    /// <summary>Why rows cannot be changed at all; a change is noted as tried.</summary>
    public bool IsDefinitionInTheWay(ModelTransaction transaction)
    {
        bool isInTheWay = (_definer is not null && _definer != transaction) || _lastDefined > transaction.Begin;
        if (!isInTheWay)
            Writers.Add(transaction);
        return isInTheWay;
    }

    public bool TryDefine(ModelTransaction transaction)
    {
        if ((_definer is not null && _definer != transaction) || _lastDefined > transaction.Begin
            || Writers.Any(writer => writer != transaction) || _lastChanged > transaction.Begin)
            return false;
        _definer = transaction;
        return true;
    }

    public bool IsTaken(ModelTransaction transaction, string what, bool isDelta = false) => _changes.Any(change =>
        change.What == what && change.Owner != transaction
            && (change.Owner.End is null || change.Owner.End > transaction.Begin)
        && !(isDelta && change.Delta is not null));

    public void Change(ModelTransaction transaction, string what, int? row = null, int? delta = null)
    {
        var change = new ModelChange(transaction, what, row, delta);
        transaction.Changes.Add(change);
        _changes.Add(change);
    }

    private void Leave(ModelTransaction transaction)
    {
        _open.Remove(transaction);
        Writers.Remove(transaction);
        if (_definer == transaction)
            _definer = null;
        if (_open.Count == 0)
            _changes.Clear();
    }
}
