namespace PipelineBackup;

/// <summary>Where a backup, verification or restore stands.</summary>
public enum ProgressPhase
{
    /// <summary>Getting ready: reading headers, planning.</summary>
    Preparing,

    /// <summary>Database pages are under way.</summary>
    Databases,

    /// <summary>Logs and patch files are under way.</summary>
    Logs,

    /// <summary>Logs are replayed, open transactions rolled back.</summary>
    Recovering,

    /// <summary>Making it durable and publishing it.</summary>
    Publishing,

    /// <summary>Done.</summary>
    Done,
}

/// <summary>How far a backup, verification or restore is.</summary>
/// <param name="Phase">What is being done.</param>
/// <param name="File">The file at hand; empty between files.</param>
/// <param name="DoneBytes">Plain bytes done.</param>
/// <param name="TotalBytes">Plain bytes to do as far as known.</param>
/// <param name="StoredBytes">Bytes written to or read from the store.</param>
public readonly record struct BackupProgress(ProgressPhase Phase, string File, long DoneBytes, long TotalBytes, long StoredBytes);
