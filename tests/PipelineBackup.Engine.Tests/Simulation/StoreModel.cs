namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>A row of a database.</summary>
/// <param name="Database">Which one.</param>
/// <param name="Key">Its key.</param>
internal readonly record struct RowName(int Database, string Key);

/// <summary>What a transaction changes: the values that rows have from then on, null for none.</summary>
internal sealed class RowChanges : Dictionary<RowName, int?>;

/// <summary>
/// What an engine promised: everything up to the last commit that it acknowledged as durable, and behind it any number
/// of those that follow, but in their order and each whole.
/// </summary>
internal sealed class StoreModel
{
    private readonly Dictionary<RowName, int> _kept = [];
    private readonly List<RowChanges> _later = [];
    private readonly Dictionary<RowName, int> _now = [];

    /// <summary>The rows as all commits so far leave them.</summary>
    public IReadOnlyDictionary<RowName, int> Now => _now;

    /// <summary>How many commits are not known to be durable.</summary>
    public int Open => _later.Count;

    /// <summary>How many commits of earlier lives were found though nobody had been told that they are durable.</summary>
    public int Gifts { get; private set; }

    /// <summary>How many commits were lost that nobody had been told are durable.</summary>
    public int Losses { get; private set; }

    /// <summary>A transaction is about to be committed.</summary>
    public void Committing(RowChanges changes)
    {
        _later.Add(changes);
        Apply(_now, changes);
    }

    /// <summary>The engine said that everything so far is durable.</summary>
    public void Kept()
    {
        foreach (var changes in _later)
            Apply(_kept, changes);
        _later.Clear();
    }

    /// <summary>After a crash these rows are there: they must be one of the states that were promised.</summary>
    public void Settle(IReadOnlyDictionary<RowName, int> found)
    {
        var wrong = new HashSet<RowName>();
        foreach (var name in found.Keys.Concat(_kept.Keys))
            Compare(wrong, found, name);
        int first = wrong.Count, match = wrong.Count == 0 ? 0 : -1;
        string example = wrong.Count == 0 ? "" : Describe(wrong.First(), found);
        for (int i = 0; i < _later.Count; i++)
        {
            Apply(_kept, _later[i]);
            foreach (var name in _later[i].Keys)
                Compare(wrong, found, name);
            if (wrong.Count == 0)
                match = i + 1;
        }

        Assert.True(match >= 0, $"the rows found are those after no commit: {first} differ from the last that is "
            + $"durable (as {example}), {wrong.Count} from the last of {_later.Count} behind it");
        (Gifts, Losses) = (Gifts + match, Losses + _later.Count - match);
        _later.Clear();
        _kept.Clear();
        _now.Clear();
        foreach (var (name, value) in found)
            _kept[name] = _now[name] = value;
    }

    private string Describe(RowName name, IReadOnlyDictionary<RowName, int> found) =>
        $"{name.Database}/{name.Key} is {(found.TryGetValue(name, out int a) ? a : "not there")}, was "
        + (_kept.TryGetValue(name, out int b) ? b : "not there");

    private void Compare(HashSet<RowName> wrong, IReadOnlyDictionary<RowName, int> found, RowName name)
    {
        bool isFound = found.TryGetValue(name, out int there), isKept = _kept.TryGetValue(name, out int kept);
        if (isFound == isKept && there == kept)
            wrong.Remove(name);
        else
            wrong.Add(name);
    }

    private static void Apply(Dictionary<RowName, int> rows, RowChanges changes)
    {
        foreach (var (name, value) in changes)
        {
            if (value is { } there)
                rows[name] = there;
            else
                rows.Remove(name);
        }
    }
}
