namespace PipelineBackup;

/// <summary>What a backup takes and what it means for the next one.</summary>
public enum BackupKind
{
    /// <summary>Databases and logs; logs no longer needed may be truncated; incrementals and differentials build on it.</summary>
    Full,

    /// <summary>Logs since the last full or incremental backup; logs may be truncated.</summary>
    Incremental,

    /// <summary>Logs since the last full or incremental backup; nothing is truncated, and nothing builds on it.</summary>
    Differential,

    /// <summary>Databases and logs; nothing is truncated, and nothing builds on it.</summary>
    Copy,
}
