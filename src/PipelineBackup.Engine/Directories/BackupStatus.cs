namespace PipelineBackup.Engine;

/// <summary>What is told of a backup. Numbers are those of ESE.</summary>
public enum BackupStatusKind
{
    /// <summary>It goes on.</summary>
    Progress = 0,

    /// <summary>It failed, and left nothing behind.</summary>
    Fail = 3,

    /// <summary>It begins.</summary>
    Begin = 5,

    /// <summary>It is complete.</summary>
    Complete = 6,
}

/// <summary>How far a backup to a directory is.</summary>
/// <param name="Kind">What is told.</param>
/// <param name="Done">Parts of <paramref name="Total"/> that are done.</param>
/// <param name="Total">100.</param>
public readonly record struct BackupStatus(BackupStatusKind Kind, int Done, int Total = 100);
