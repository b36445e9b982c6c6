namespace PipelineBackup;

/// <summary>
/// Makes databases consistent with their logs: replays what was logged, rolls back what was never committed. A restore
/// runs one over the files in staging, before it publishes them.
/// </summary>
/// <remarks>
/// The laws: nothing outside of the files and directories of the request is written, and
/// <see cref="RecoveryRequest.RollForwardDirectory"/> not even then; when it returns every database is clean and durable;
/// when it throws the databases are of no use, and whoever made the request throws them away.
/// </remarks>
public interface IDatabaseRecovery
{
    /// <summary>Recovers.</summary>
    /// <param name="request">Which databases, with which logs.</param>
    /// <param name="cancellationToken">Ends it in good order; the databases are of no use then.</param>
    /// <exception cref="BackupException">It failed; error, hint and exit code say why.</exception>
    ValueTask<RecoverySummary> RecoverAsync(RecoveryRequest request, CancellationToken cancellationToken);
}

/// <summary>What to recover.</summary>
public sealed record RecoveryRequest
{
    /// <summary>The databases, each with the path that the logs know it by.</summary>
    public required IReadOnlyList<RecoveryTarget> Databases { get; init; }

    /// <summary>The three characters that the names of the logs begin with.</summary>
    public required string BaseName { get; init; }

    /// <summary>
    /// The logs of the backup and its checkpoint, under their names; also where logs are written. Made for this recovery
    /// alone.
    /// </summary>
    public required string LogDirectory { get; init; }

    /// <summary>Later logs to go on with, which are only read; null for none.</summary>
    public string? RollForwardDirectory { get; init; }

    /// <summary>
    /// The lowest generation of the logs of a streamed backup, which must be there; 0 for the lowest that is there.
    /// </summary>
    public int LowGeneration { get; init; }

    /// <summary>
    /// The highest generation of the logs of a streamed backup, which must be there; 0 for the highest that is there.
    /// </summary>
    public int HighGeneration { get; init; }

    /// <summary>
    /// Name of a running instance whose logs replay goes on with, and which goes on running; empty for none. A recovery
    /// that knows no running instances refuses it (−577).
    /// </summary>
    public string TargetInstance { get; init; } = "";

    /// <summary>The last generation to replay; 0 for no limit.</summary>
    public int StopGeneration { get; init; }

    /// <summary>The time up to which logs are replayed; null for no limit.</summary>
    public DateTimeOffset? StopTime { get; init; }

    /// <summary>Memory for pages and undo data in bytes.</summary>
    public long MemoryBytes { get; init; } = 128 << 20;

    /// <summary>Told how far it is, in parts of a hundred; null for nobody.</summary>
    public IProgress<int>? Progress { get; init; }
}

/// <summary>A database to recover.</summary>
/// <param name="OriginalPath">Its path when it was backed up, as the logs know it.</param>
/// <param name="Path">Where it is.</param>
public sealed record RecoveryTarget(string OriginalPath, string Path);

/// <summary>What a recovery did.</summary>
public sealed record RecoverySummary
{
    /// <summary>The log position that the databases are at: generation, sector and byte, as the engine prints it.</summary>
    public required string Reached { get; init; }

    /// <summary>When the last log segment that was replayed was begun; null when no log was replayed.</summary>
    public DateTimeOffset? ReachedTime { get; init; }

    /// <summary>Log records replayed.</summary>
    public long Records { get; init; }

    /// <summary>Bytes of logs read.</summary>
    public long LogBytes { get; init; }

    /// <summary>Changes to pages.</summary>
    public long PagesRedone { get; init; }

    /// <summary>Transactions that were open at the end and rolled back.</summary>
    public int RolledBack { get; init; }

    /// <summary>What is worth telling.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
