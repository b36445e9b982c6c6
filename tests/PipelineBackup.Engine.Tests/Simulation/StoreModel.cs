namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>
/// What an engine promised: everything up to the last commit that it acknowledged as durable, and behind it any number
/// of those that follow, but in their order and each whole.
/// </summary>
internal sealed class StoreModel
{
    private readonly Dictionary<RowName, int> _kept = [];
    private readonly List<IReadOnlyList<RowChange>> _later = [];

    /// <summary>The rows as the last commit that is durable leaves them; those after it may be there too.</summary>
    public IReadOnlyDictionary<RowName, int> Durable => _kept;

    /// <summary>How many commits were there after a crash though nobody had been told that they are durable.</summary>
    public int Gifts { get; private set; }

    /// <summary>How many commits a crash took that nobody had been told are durable.</summary>
    public int Losses { get; private set; }

    /// <summary>The rows as all commits so far leave them, whether or not they are durable.</summary>
    public IReadOnlyDictionary<RowName, int> All()
    {
        var all = new Dictionary<RowName, int>(_kept);
        foreach (var change in _later.SelectMany(changes => changes))
            change.Apply(all);
        return all;
    }

    /// <summary>A transaction is about to be committed.</summary>
    public void Committing(IReadOnlyList<RowChange> changes) => _later.Add(changes);

    /// <summary>The engine said that everything so far is durable.</summary>
    public void Kept()
    {
        foreach (var change in _later.SelectMany(changes => changes))
            change.Apply(_kept);
        _later.Clear();
    }

    /// <summary>After a crash these rows are there: they must be one of the states that were promised.</summary>
    public void Settle(IReadOnlyDictionary<RowName, int> found)
    {
        var wrong = new HashSet<RowName>();
        Compare(wrong, found, found.Keys.Concat(_kept.Keys));
        int first = wrong.Count, match = wrong.Count == 0 ? 0 : -1;
        string example = wrong.Count == 0 ? "" : Describe(wrong.First(), found);
        var touched = new HashSet<RowName>();
        for (int i = 0; i < _later.Count; i++)
        {
            touched.Clear();
            foreach (var change in _later[i])
                change.Apply(_kept, touched);
            Compare(wrong, found, touched);
            if (wrong.Count == 0)
                match = i + 1;
        }

        Assert.True(match >= 0, $"the rows found are those after no commit: {first} differ from the last that is "
            + $"durable (as {example}), {wrong.Count} from the last of {_later.Count} behind it");
        (Gifts, Losses) = (Gifts + match, Losses + _later.Count - match);
        _later.Clear();
        _kept.Clear();
        foreach (var (name, value) in found)
            _kept[name] = value;
    }

    private string Describe(RowName name, IReadOnlyDictionary<RowName, int> found) =>
        $"{name} is {(found.TryGetValue(name, out int a) ? a : "not there")}, was "
        + (_kept.TryGetValue(name, out int b) ? b : "not there");

    private void Compare(HashSet<RowName> wrong, IReadOnlyDictionary<RowName, int> found, IEnumerable<RowName> names)
    {
        foreach (var name in names)
        {
            bool isFound = found.TryGetValue(name, out int there), isKept = _kept.TryGetValue(name, out int kept);
            if (isFound == isKept && there == kept)
                wrong.Remove(name);
            else
                wrong.Add(name);
        }
    }
}
