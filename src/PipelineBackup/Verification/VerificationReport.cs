namespace PipelineBackup;

/// <summary>What a verification found.</summary>
public sealed record VerificationReport
{
    /// <summary>The backup that was verified, with all that it builds on.</summary>
    public required BackupManifest Manifest { get; init; }

    /// <summary>Ids of the verified backups, the full one first.</summary>
    public required IReadOnlyList<string> Chain { get; init; }

    /// <summary>
    /// Done when everything is as it should be; damaged when the only damage is what the backup itself recorded; refused when
    /// the store holds damage that the backup does not know of.
    /// </summary>
    public required ExitCode ExitCode { get; init; }

    /// <summary>What is wrong in the store, one line each; at most 1000.</summary>
    public required IReadOnlyList<string> Damage { get; init; }

    /// <summary>Bad pages that the backup recorded, found as recorded.</summary>
    public IReadOnlyList<DamagedPage> BadPages { get; init; } = [];

    /// <summary>Whether the databases must be recovered with the logs of the backup before they can be used.</summary>
    public required bool NeedsRecovery { get; init; }

    /// <summary>Plain bytes that were verified.</summary>
    public long PlainBytes { get; init; }

    /// <summary>Bytes that were read from the store.</summary>
    public long FetchedBytes { get; init; }

    /// <summary>Time from begin to end.</summary>
    public required TimeSpan Duration { get; init; }
}
