namespace PipelineBackup.Ese;

/// <summary>What a check of a whole database found and counted.</summary>
public sealed record CheckReport
{
    /// <summary>What is wrong, in the order it was found; empty for a sound database.</summary>
    public IReadOnlyList<CheckFinding> Findings { get; init; } = [];

    /// <summary>Whether the check stopped because it had found as much as it was told to keep.</summary>
    public bool IsCutShort { get; init; }

    /// <summary>Pages of the file.</summary>
    public long Pages { get; init; }

    /// <summary>Pages of them that were never written.</summary>
    public long ZeroPages { get; init; }

    /// <summary>Pages in which a flipped bit was corrected for reading; on disk it is as it was.</summary>
    public long CorrectedPages { get; init; }

    /// <summary>Trees, space trees not counted.</summary>
    public long Trees { get; init; }

    /// <summary>Pages that the trees reach, space trees included.</summary>
    public long TreePages { get; init; }

    /// <summary>Nodes of their leaves, deleted ones included.</summary>
    public long Nodes { get; init; }

    /// <summary>
    /// Pages that are owned and of no use: no finding. Crashes lose some, and the engine never looks for them again.
    /// </summary>
    public long LeakedPages { get; init; }

    /// <summary>Rows of all tables, those of the catalog included.</summary>
    public long Rows { get; init; }

    /// <summary>Entries of all secondary indexes.</summary>
    public long IndexEntries { get; init; }

    /// <summary>Long values of all tables.</summary>
    public long LongValues { get; init; }
}
