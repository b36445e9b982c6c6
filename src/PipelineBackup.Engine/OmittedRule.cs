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
}
