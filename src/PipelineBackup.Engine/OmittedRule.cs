namespace PipelineBackup.Engine;

/// <summary>Rules that keep what was committed safe. Tests leave one out, to show that they would find it missing.</summary>
[Flags]
internal enum OmittedRule
{
    /// <summary>None: the engine as it is.</summary>
    None,

    /// <summary>The log is durable before pages that it changed are written.</summary>
    WriteAhead = 1,

    /// <summary>The header names the logs that pages need before they are written.</summary>
    RequiredLogs = 2,

    /// <summary>The old data of open transactions are logged before their pages are written.</summary>
    OldData = 4,

    /// <summary>A commit is acknowledged when it is durable.</summary>
    DurableCommit = 8,

    /// <summary>A backup takes logs from the one on that recovery would have begun with when it began.</summary>
    FirstBackupLog = 16,

    /// <summary>A backup takes all logs up to the one that its log roll closes.</summary>
    LastBackupLog = 32,

    /// <summary>The trailer of a copied database tells which logs its pages need.</summary>
    PatchData = 64,

    /// <summary>Logs that a backup needs are kept until it has ended.</summary>
    KeptLogs = 128,

    /// <summary>Truncation leaves the logs from the checkpoint on.</summary>
    TruncationLimit = 256,
}
