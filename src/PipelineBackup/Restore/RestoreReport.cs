namespace PipelineBackup;

/// <summary>What became of a restore.</summary>
public sealed record RestoreReport
{
    /// <summary>The backup that was restored.</summary>
    public required BackupManifest Manifest { get; init; }

    /// <summary>Ids of the backups it took, the full one first.</summary>
    public required IReadOnlyList<string> Chain { get; init; }

    /// <summary>How a program that ran only this restore should end: done, or damaged when bad pages were restored as recorded.</summary>
    public required ExitCode ExitCode { get; init; }

    /// <summary>The target directory as a full path.</summary>
    public required string Target { get; init; }

    /// <summary>Full paths of the files that were published.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Whether the databases must still be recovered with the logs beside them before they can be used.</summary>
    public required bool NeedsRecovery { get; init; }

    /// <summary>What the recovery did; null when none was needed or wanted, or when an earlier restore had done it.</summary>
    public RecoverySummary? Recovery { get; init; }

    /// <summary>Whether an interrupted restore of the same backup was finished instead of making a new one.</summary>
    public bool FinishedInterrupted { get; init; }

    /// <summary>Bad pages that were restored as they were recorded.</summary>
    public IReadOnlyList<DamagedPage> BadPages { get; init; } = [];

    /// <summary>Plain bytes that were written.</summary>
    public long PlainBytes { get; init; }

    /// <summary>Bytes that were read from the store.</summary>
    public long FetchedBytes { get; init; }

    /// <summary>Time from begin to end.</summary>
    public required TimeSpan Duration { get; init; }
}
