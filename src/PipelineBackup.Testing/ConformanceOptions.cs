namespace PipelineBackup.Testing;

/// <summary>How far a check may go. For a store that counts every request and byte, less than the defaults.</summary>
public sealed record ConformanceOptions
{
    /// <summary>How long a check may take before a call counts as hanging. Default: three minutes.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// The longest object, in bytes, that a check may put; laws that need a longer one are skipped. Default: 128 MiB,
    /// which skips none.
    /// </summary>
    public long LongestObject { get; init; } = 128L << 20;

    /// <summary>
    /// How many objects a check may put; laws that need more are skipped. Default: 10,000, which skips none.
    /// </summary>
    public int MostObjects { get; init; } = 10_000;
}
