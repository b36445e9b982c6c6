namespace PipelineBackup;

/// <summary>What became of a backup that was published.</summary>
public sealed record BackupReport
{
    /// <summary>The commit as it stands in the store.</summary>
    public required BackupManifest Manifest { get; init; }

    /// <summary>How a program that ran only this backup should end: done, damaged, or failed when something failed after the commit.</summary>
    public required ExitCode ExitCode { get; init; }

    /// <summary>Time from begin to end.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Pages that do not verify: stored as they are, or the reason why their database was left out.</summary>
    public IReadOnlyList<DamagedPage> BadPages { get; init; } = [];

    /// <summary>Pages in which a flipped bit was put right before they were stored.</summary>
    public IReadOnlyList<DamagedPage> RepairedPages { get; init; } = [];

    /// <summary>Stores that were dropped, with the reason, where one of several sufficed.</summary>
    public IReadOnlyList<string> DroppedStores { get; init; } = [];

    /// <summary>Names of the logs that were deleted at the source.</summary>
    public IReadOnlyList<string> TruncatedLogs { get; init; } = [];

    /// <summary>What failed after the commit, when truncating logs or ending the backup at the source; the backup stands.</summary>
    public BackupException? FailureAfterCommit { get; init; }
}

/// <summary>A page that is not as it should be.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Page">Index of the page in the file, the header being 0.</param>
/// <param name="Error">The engine's error for it.</param>
/// <param name="Verdict">What is wrong, in words.</param>
public sealed record DamagedPage(string File, long Page, int Error, string Verdict);
