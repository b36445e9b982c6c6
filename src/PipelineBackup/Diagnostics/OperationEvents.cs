using Microsoft.Extensions.Logging;

namespace PipelineBackup;

/// <summary>
/// What backups, restores and recoveries tell a logger, with stable numbers: those that ESE's own events of the same
/// meaning have. Docs/operating.md has the table.
/// </summary>
internal static partial class OperationEvents
{
    /// <summary>A restore begins.</summary>
    [LoggerMessage(204, LogLevel.Information, "the restore of backup {Backup} to '{Target}' begins")]
    public static partial void RestoreBegins(this ILogger logger, string backup, string target);

    /// <summary>A restore is complete.</summary>
    [LoggerMessage(205, LogLevel.Information, "the restore of backup {Backup} is complete: {Files} files")]
    public static partial void RestoreComplete(this ILogger logger, string backup, int files);

    /// <summary>A session was left alone by its client, and was aborted.</summary>
    [LoggerMessage(207, LogLevel.Warning, "{Purpose} was left alone by its client and is aborted")]
    public static partial void SessionAbandoned(this ILogger logger, string purpose);

    /// <summary>A full backup, or a copy, begins.</summary>
    [LoggerMessage(210, LogLevel.Information, "a backup of '{Source}' begins: {Kind}")]
    public static partial void FullBackupBegins(this ILogger logger, string source, BackupKind kind);

    /// <summary>An incremental or differential backup begins.</summary>
    [LoggerMessage(211, LogLevel.Information, "a backup of the logs of '{Source}' begins: {Kind}")]
    public static partial void LogBackupBegins(this ILogger logger, string source, BackupKind kind);

    /// <summary>A backup is complete.</summary>
    [LoggerMessage(213, LogLevel.Information, "backup {Backup} is complete, to log position {Position}")]
    public static partial void BackupComplete(this ILogger logger, string backup, string position);

    /// <summary>A backup failed.</summary>
    [LoggerMessage(214, LogLevel.Error, "the backup failed: {Failure}")]
    public static partial void BackupFailed(this ILogger logger, string failure);

    /// <summary>A backup was cancelled.</summary>
    [LoggerMessage(215, LogLevel.Warning, "the backup was cancelled")]
    public static partial void BackupCancelled(this ILogger logger);

    /// <summary>A database is left out of its backup.</summary>
    [LoggerMessage(217, LogLevel.Error, "{Database} is left out: {Failure}")]
    public static partial void DatabaseDropped(this ILogger logger, string database, string failure);

    /// <summary>A page is bad.</summary>
    [LoggerMessage(218, LogLevel.Warning, "page {Page} of {Database} is bad: {Verdict}")]
    public static partial void PageBad(this ILogger logger, string page, string database, string verdict);

    /// <summary>The backup stands, and ending it at the source failed.</summary>
    [LoggerMessage(219, LogLevel.Error, "backup {Backup} stands, but ending it at its source failed: {Failure}")]
    public static partial void EndFailed(this ILogger logger, string backup, string failure);

    /// <summary>The copy of a file begins.</summary>
    [LoggerMessage(220, LogLevel.Information, "the copy of '{File}', {Bytes} bytes, begins")]
    public static partial void FileBegins(this ILogger logger, string file, long bytes);

    /// <summary>A file was copied.</summary>
    [LoggerMessage(221, LogLevel.Information, "'{File}' was copied")]
    public static partial void FileComplete(this ILogger logger, string file);

    /// <summary>A file was closed before its end.</summary>
    [LoggerMessage(222, LogLevel.Warning, "'{File}' was closed after {Bytes} bytes, before its end")]
    public static partial void FileCutShort(this ILogger logger, string file, long bytes);

    /// <summary>The logs of a backup are known.</summary>
    [LoggerMessage(223, LogLevel.Information, "the logs of the backup are generations {First} to {Last}")]
    public static partial void LogsChosen(this ILogger logger, int first, int last);

    /// <summary>Logs were deleted.</summary>
    [LoggerMessage(224, LogLevel.Information, "logs '{First}' to '{Last}' were deleted")]
    public static partial void LogsDeleted(this ILogger logger, string first, string last);

    /// <summary>There was no log to delete.</summary>
    [LoggerMessage(225, LogLevel.Information, "there was no log to delete")]
    public static partial void NoLogsDeleted(this ILogger logger);

    /// <summary>Recovery begins.</summary>
    [LoggerMessage(300, LogLevel.Information, "recovery of {Databases} databases begins")]
    public static partial void RecoveryBegins(this ILogger logger, int databases);

    /// <summary>Recovery is complete.</summary>
    [LoggerMessage(302, LogLevel.Information,
        "recovery is complete: {Records} log records replayed, {RolledBack} transactions rolled back, up to {Reached}")]
    public static partial void RecoveryComplete(this ILogger logger, long records, int rolledBack, string reached);

    /// <summary>A restore failed, in its recovery or before.</summary>
    [LoggerMessage(454, LogLevel.Error, "the restore failed: {Failure}")]
    public static partial void RestoreFailed(this ILogger logger, string failure);

    /// <summary>A page verified when it was read again.</summary>
    [LoggerMessage(493, LogLevel.Information, "page {Page} of {Database} verified when it was read again ({Round})")]
    public static partial void PageReread(this ILogger logger, string page, string database, int round);
}
