namespace PipelineBackup.Engine;

/// <summary>Where a snapshot session stands.</summary>
public enum SnapshotState
{
    /// <summary>It may be frozen at any time; nothing has changed so far.</summary>
    Prepared,

    /// <summary>Nothing of its engines reaches the disk.</summary>
    Frozen,

    /// <summary>It was frozen for too long, and writing went on by itself.</summary>
    TimedOut,

    /// <summary>Writing goes on; the snapshot can be verified, logs be truncated, the session has to be ended.</summary>
    Thawed,

    /// <summary>As thawed; logs were truncated.</summary>
    LogTruncated,

    /// <summary>It has ended well.</summary>
    Ended,

    /// <summary>It was given up.</summary>
    Aborted,
}
