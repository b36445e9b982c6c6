namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Counts what befell backups, so that a test can tell that all of it did.</summary>
internal sealed class BackupTally
{
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>How often what happened.</summary>
    public IReadOnlyDictionary<string, int> Counts => _counts;

    /// <summary>Pages that changed on both sides of a copy's position, by what happened to them.</summary>
    public SortedDictionary<string, int> Straddled { get; } = new(StringComparer.Ordinal);

    /// <summary>It happened once more.</summary>
    public void Count(string what) => _counts[what] = _counts.GetValueOrDefault(what) + 1;

    /// <summary>All that another one counted happened too.</summary>
    public void Add(BackupTally other)
    {
        Add(_counts, other._counts);
        Add(Straddled, other.Straddled);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ",
        _counts.Concat(Straddled).Select(count => $"{count.Key} {count.Value}"));

    private static void Add(SortedDictionary<string, int> counts, SortedDictionary<string, int> others)
    {
        foreach (var (what, times) in others)
            counts[what] = counts.GetValueOrDefault(what) + times;
    }
}
