namespace PipelineBackup.Engine;

/// <summary>What is known when logs are truncated behind a snapshot.</summary>
public enum SnapshotTruncation
{
    /// <summary>Nothing: logs may be needed by databases that were not copied, and none is deleted.</summary>
    None = 0,

    /// <summary>All databases of the engines were copied.</summary>
    AllDatabases = 1,
}
