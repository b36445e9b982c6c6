namespace PipelineBackup.Engine;

/// <summary>How a database is made.</summary>
public sealed record NewDatabaseOptions
{
    /// <summary>Page size; null stands for that of the engine, and no other is possible.</summary>
    public PageSize? PageSize { get; init; }

    /// <summary>
    /// Format; null stands for that of the engine (<see cref="EngineOptions.Format"/>), and no newer is possible. Engines
    /// older than it do not read it. Before 0x620,20 nothing is made.
    /// </summary>
    public FormatVersion? Version { get; init; }

    /// <summary>The most pages that it may have; 0 for no limit but that of the format.</summary>
    public PageCount MaxPages { get; init; }

    /// <summary>
    /// Whether a file of that name is replaced. Off unless told otherwise. What is left of a creation that was cut off
    /// is always replaced.
    /// </summary>
    public bool Overwrite { get; init; }
}
