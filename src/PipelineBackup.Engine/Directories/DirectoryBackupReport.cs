namespace PipelineBackup.Engine;

/// <summary>What a backup to a directory did.</summary>
public sealed record DirectoryBackupReport
{
    /// <summary>
    /// Where the files are: the directory that was named, or <c>new</c> or <c>old</c> in it; null when logs were
    /// truncated and nothing else.
    /// </summary>
    public string? Directory { get; init; }

    /// <summary>Names of the files that were put there.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>The first log generation of the backup; none when there is no log in it.</summary>
    public LogGeneration Lowest { get; init; }

    /// <summary>The last log generation of the backup; none when there is no log in it.</summary>
    public LogGeneration Highest { get; init; }

    /// <summary>How many logs of the engine were deleted.</summary>
    public int Truncated { get; init; }

    /// <summary>
    /// What failed when the backup stood already: logs that were not truncated, headers that were not marked. Empty
    /// when all went as it should.
    /// </summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
