namespace PipelineBackup.Ese;

/// <summary>Findings as they come, up to a limit: hostile bytes must not fill the memory with complaints.</summary>
/// <param name="limit">How many are kept; once they are, <see cref="IsFull"/> tells the checks to stop.</param>
internal sealed class FindingList(int limit)
{
    private readonly List<CheckFinding> _findings = [];

    /// <summary>What was found.</summary>
    public IReadOnlyList<CheckFinding> Findings => _findings;

    /// <summary>Whether no more is kept.</summary>
    public bool IsFull => _findings.Count >= limit;

    /// <summary>Notes a finding.</summary>
    public void Add(EseError error, string tree, PageNumber page, string message)
    {
        if (!IsFull)
            _findings.Add(new(error, tree, page, message));
    }

    /// <summary>Notes what kept a check from going on.</summary>
    public void Add(EseException exception, string tree) =>
        Add(exception.Error, tree, PageNumber.None, exception.Message);
}
