namespace PipelineBackup;

/// <summary>What a backup asks of its source.</summary>
public sealed record BackupRequest
{
    /// <summary>The kind of backup.</summary>
    public BackupKind Kind { get; init; }

    /// <summary>Names of the databases to take; empty for all.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary>The position in the log that the parent backup reaches; null for kinds that have no parent.</summary>
    public BackupParent? Parent { get; init; }

    /// <summary>
    /// Whether a source whose logs have a gap or damage should offer what there is, for a forensic copy, instead of
    /// refusing.
    /// </summary>
    public bool AcceptLogGap { get; init; }
}

/// <summary>What a source must know of the backup that an incremental or differential one builds on.</summary>
public sealed record BackupParent
{
    /// <summary>Signature of the log stream, in hexadecimal.</summary>
    public required string LogSignature { get; init; }

    /// <summary>The newest log generation that the chain holds.</summary>
    public required int LastGeneration { get; init; }

    /// <summary>Creation time of that log, its eight bytes as one number in hexadecimal; empty when not known.</summary>
    public string LastCreated { get; init; } = "";

    /// <summary>XOR of the segment checksums of that log as the chain holds it, in hexadecimal; empty when not known.</summary>
    public string LastChecksum { get; init; } = "";

    /// <summary>
    /// Whether that log was still the current one when it was backed up, so that it may have grown since.
    /// </summary>
    public bool LastIsOpen { get; init; }

    /// <summary>Signatures of the chain's databases, in hexadecimal.</summary>
    public IReadOnlyList<string> DatabaseSignatures { get; init; } = [];
}
