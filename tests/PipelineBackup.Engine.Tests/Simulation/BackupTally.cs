namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>Counts what befell backups, so that a test can tell that all of it did.</summary>
internal sealed class BackupTally
{
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Called with each backup that was published.</summary>
    public Action<SimulatedBackup>? Published { get; set; }

    /// <summary>How often what happened.</summary>
    public IReadOnlyDictionary<string, int> Counts => _counts;

    /// <summary>It happened once more.</summary>
    public void Count(string what) => _counts[what] = _counts.GetValueOrDefault(what) + 1;

    /// <summary>All that another one counted happened too.</summary>
    public void Add(BackupTally other)
    {
        foreach (var (what, times) in other._counts)
            _counts[what] = _counts.GetValueOrDefault(what) + times;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", _counts.Select(count => $"{count.Key} {count.Value}"));
}
