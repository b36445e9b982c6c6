namespace PipelineBackup.Sequences;

/// <summary>A restore that is open.</summary>
/// <param name="Context">Its handle.</param>
/// <param name="Directory">Where its logs and patch files go.</param>
/// <param name="Locations">The rows of the table of places.</param>
public sealed record OpenedRestore(Guid Context, string Directory, IReadOnlyList<TokenedName> Locations);

/// <summary>What recovery goes on with behind the logs of the backup; as a rule nothing.</summary>
public sealed record RestoreTarget
{
    /// <summary>Name of a running instance; not together with directories.</summary>
    public string Instance { get; init; } = "";

    /// <summary>Where later logs are, which are only read; given together with the other directory or not at all.</summary>
    public string LogDirectory { get; init; } = "";

    /// <summary>Where their checkpoint is.</summary>
    public string CheckpointDirectory { get; init; } = "";
}

/// <summary>A database of a restore: the path that it was backed up from, and the one it is restored to.</summary>
/// <param name="DatabaseName">The path when it was backed up.</param>
/// <param name="NewDatabaseName">Where it is.</param>
public sealed record RestoreMapping(string DatabaseName, string NewDatabaseName);

/// <summary>
/// What hard recovery is called with, the parameters of JetExternalRestore2 one by one: it is kept as
/// <c>restore.env</c> beside the logs.
/// </summary>
public sealed record RestoreEnvironment
{
    /// <summary>Where the checkpoint of the instance is.</summary>
    public string CheckpointDirectory { get; init; } = "";

    /// <summary>Where the logs of the instance are, which replay may go on with.</summary>
    public string LogDirectory { get; init; } = "";

    /// <summary>The databases.</summary>
    public required IReadOnlyList<RestoreMapping> Map { get; init; }

    /// <summary>Where the logs of the backup are.</summary>
    public required string BackupLogDirectory { get; init; }

    /// <summary>The lowest generation of the backup.</summary>
    public required int LowGeneration { get; init; }

    /// <summary>The highest generation of the backup.</summary>
    public required int HighGeneration { get; init; }

    /// <summary>The three characters that the names of the logs begin with.</summary>
    public required string BaseName { get; init; }

    /// <summary>Name of the running instance that replay goes on with; empty for none.</summary>
    public string TargetInstance { get; init; } = "";

    /// <summary>Where the logs are that replay goes on with; empty for none.</summary>
    public string TargetLogDirectory { get; init; } = "";

    /// <summary>Where their checkpoint is; empty for none.</summary>
    public string TargetCheckpointDirectory { get; init; } = "";
}

/// <summary>What the recovery of a restore did.</summary>
/// <param name="Databases">The databases, clean now.</param>
/// <param name="Reached">The log position that they are at.</param>
/// <param name="Records">Log records that were replayed.</param>
/// <param name="RolledBack">Transactions that were rolled back.</param>
/// <param name="Warning">578 when a running instance was the target; else 0.</param>
/// <param name="Remarks">What is worth telling.</param>
public sealed record RestoreOutcome(
    IReadOnlyList<string> Databases, string Reached, long Records, int RolledBack, int Warning,
    IReadOnlyList<string> Remarks);
