namespace PipelineBackup;

/// <summary>A backup, and whether it stays.</summary>
/// <param name="Manifest">The backup.</param>
/// <param name="Reasons">Why it stays; empty when it is removed.</param>
/// <param name="Objects">Objects it has in the store, its commit counted, marks and claims not.</param>
/// <param name="Bytes">Their length in bytes, that of the commit not counted.</param>
public sealed record ExpiryVerdict(BackupManifest Manifest, IReadOnlyList<string> Reasons, int Objects, long Bytes)
{
    /// <summary>Whether it is removed.</summary>
    public bool IsRemoved => Reasons.Count == 0;
}

/// <summary>What a run without a commit left in the store, and whether it stays.</summary>
/// <param name="Id">Id that the run had.</param>
/// <param name="Reasons">Why it stays; empty when it is removed.</param>
/// <param name="Objects">Objects it left, marks and claims not counted.</param>
/// <param name="Bytes">Their length in bytes.</param>
public sealed record LeftoverVerdict(BackupId Id, IReadOnlyList<string> Reasons, int Objects, long Bytes)
{
    /// <summary>Whether it is removed.</summary>
    public bool IsRemoved => Reasons.Count == 0;
}

/// <summary>A backup whose commit cannot be read. It stays, and so does everything that it may build on.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Message">Why it cannot be read.</param>
public sealed record UnreadableBackup(BackupId Id, string Message);

/// <summary>What is kept and what is removed, and why.</summary>
public sealed record ExpiryPlan
{
    /// <summary>The backups, oldest first.</summary>
    public required IReadOnlyList<ExpiryVerdict> Backups { get; init; }

    /// <summary>What was left by runs without a commit, oldest first.</summary>
    public required IReadOnlyList<LeftoverVerdict> Leftovers { get; init; }

    /// <summary>The backups that cannot be read, oldest first.</summary>
    public required IReadOnlyList<UnreadableBackup> Unreadable { get; init; }

    /// <summary>How a program that made only this plan should end: done, or refused when a commit cannot be read.</summary>
    public ExitCode ExitCode => Unreadable.Count > 0 ? ExitCode.Refused : ExitCode.Done;
}

/// <summary>What was removed.</summary>
public sealed record ExpiryReport
{
    /// <summary>
    /// The plan that was carried out: without what another process has come to need meanwhile, and without backups that were
    /// made meanwhile.
    /// </summary>
    public required ExpiryPlan Plan { get; init; }

    /// <summary>Ids of the backups that are gone, in the order in which they went, and of the runs whose leftovers are gone.</summary>
    public required IReadOnlyList<string> Removed { get; init; }

    /// <summary>Objects deleted, of every kind.</summary>
    public required int Objects { get; init; }

    /// <summary>Bytes of packs, indexes and lists of bad pages deleted.</summary>
    public required long Bytes { get; init; }

    /// <summary>What is worth telling: marks or claims that could not be deleted.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>Why it ended before everything was removed; null when it did not. The next run goes on.</summary>
    public BackupException? Failure { get; init; }

    /// <summary>Time from begin to end.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How a program that ran only this should end.</summary>
    public ExitCode ExitCode => Failure is not null ? ExitCode.Failed : Plan.ExitCode;
}
