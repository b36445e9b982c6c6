namespace PipelineBackup;

/// <summary>How an operation ended, as the command line tells it to a script.</summary>
public enum ExitCode
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>Failed; also: published, but truncating logs or ending the backup failed afterwards.</summary>
    Failed = 1,

    /// <summary>The command line was wrong.</summary>
    Usage = 2,

    /// <summary>Published or restored, with recorded damage.</summary>
    Damaged = 3,

    /// <summary>Refused because of damage or a log gap; nothing was published.</summary>
    Refused = 4,

    /// <summary>What was asked for is not there.</summary>
    NotFound = 5,

    /// <summary>The source is in use, or another backup or restore is running.</summary>
    InUse = 6,

    /// <summary>Cancelled.</summary>
    Cancelled = 130,
}
