namespace PipelineBackup;

/// <summary>What identifies a backup on its source: fixed when the session begins.</summary>
public sealed record BackupStamp
{
    /// <summary>Where the files come from, for people: a directory, an instance.</summary>
    public required string Source { get; init; }

    /// <summary>Format version of the databases, for instance <c>0x620,290,600</c>; the highest where they differ.</summary>
    public required string EngineVersion { get; init; }

    /// <summary>Page size of the databases in bytes.</summary>
    public required int PageSize { get; init; }

    /// <summary>Base name of the logs (three characters); empty when there are none.</summary>
    public string BaseName { get; init; } = "";

    /// <summary>Signature of the log stream, 28 bytes in hexadecimal; empty when there is none.</summary>
    public string LogSignature { get; init; } = "";

    /// <summary>The databases, in the order of <see cref="IBackupSession.Databases"/>.</summary>
    public IReadOnlyList<DatabaseStamp> Databases { get; init; } = [];

    /// <summary>
    /// Why the databases cannot be recovered with the logs, where the request accepted that
    /// (<see cref="BackupRequest.AcceptLogGap"/>); else empty. The backup is then a forensic copy.
    /// </summary>
    public string LogGap { get; init; } = "";

    /// <summary>Whether others go on working with the databases in this process while they are backed up.</summary>
    public bool IsInUse { get; init; }

    /// <summary>What the source left out or found worth telling, one sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}

/// <summary>What identifies one database of a backup.</summary>
public sealed record DatabaseStamp
{
    /// <summary>Its file name.</summary>
    public required string Name { get; init; }

    /// <summary>Its signature, 28 bytes in hexadecimal.</summary>
    public required string Signature { get; init; }

    /// <summary>Its state as its header names it, for instance <c>CleanShutdown</c>.</summary>
    public required string State { get; init; }

    /// <summary>Oldest log generation that redo must start from; 0 when none is needed.</summary>
    public int MinRequired { get; init; }

    /// <summary>Newest log generation whose changes may be in the file; 0 when none is needed.</summary>
    public int MaxRequired { get; init; }

    /// <summary>Newest log generation that may hold committed transactions; 0 when none is needed.</summary>
    public int MaxCommitted { get; init; }

    /// <summary>
    /// Log position that the file by itself is consistent with, as <c>generation:sector:byte</c> in 8, 4 and 4 hexadecimal
    /// digits.
    /// </summary>
    public string Position { get; init; } = "00000000:0000:0000";

    /// <summary>Whether the file must be recovered with its logs before it can be used.</summary>
    public bool NeedsRecovery { get; init; }
}
