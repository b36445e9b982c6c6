using System.Diagnostics.CodeAnalysis;

namespace PipelineBackup.Engine;

/// <summary>How much an <see cref="EngineEvent"/> should worry people.</summary>
public enum EngineEventLevel
{
    /// <summary>All goes as it should.</summary>
    Information,

    /// <summary>Something that may be meant.</summary>
    Warning,

    /// <summary>Something failed.</summary>
    Error,
}

/// <summary>
/// What an engine tells of its backups and of its recovery, with the number that ESE's own event of the same meaning
/// has. Docs/operating.md has the table.
/// </summary>
/// <param name="Id">Its number: never used for anything else.</param>
/// <param name="Level">How much it should worry.</param>
/// <param name="Message">What happened, one sentence.</param>
public sealed record EngineEvent(int Id, EngineEventLevel Level, string Message)
{
    /// <summary>A restore begins.</summary>
    public const int RestoreBegins = 204;

    /// <summary>A restore has ended, however.</summary>
    public const int RestoreEnds = 205;

    /// <summary>A full backup, or a copy, begins.</summary>
    public const int FullBackupBegins = 210;

    /// <summary>An incremental or differential backup begins.</summary>
    public const int LogBackupBegins = 211;

    /// <summary>A backup is complete.</summary>
    public const int BackupComplete = 213;

    /// <summary>A backup failed.</summary>
    public const int BackupFailed = 214;

    /// <summary>A backup was given up by who made it.</summary>
    public const int BackupAborted = 215;

    /// <summary>A page of a database, or a log, is damaged.</summary>
    public const int ReadFailed = 218;

    /// <summary>The header of a database could not be given the mark of the backup.</summary>
    public const int HeaderNotMarked = 219;

    /// <summary>The copy of a file begins.</summary>
    public const int FileBegins = 220;

    /// <summary>A file was copied.</summary>
    public const int FileComplete = 221;

    /// <summary>A file was closed before its end.</summary>
    public const int FileCutShort = 222;

    /// <summary>The logs of a backup are known.</summary>
    public const int LogsChosen = 223;

    /// <summary>Logs were deleted.</summary>
    public const int LogsDeleted = 224;

    /// <summary>There was no log to delete.</summary>
    public const int NoLogsDeleted = 225;

    /// <summary>A backup was ended because the engine was closed, or was asked to end it.</summary>
    public const int BackupStopped = 226;

    /// <summary>Logs that should have been deleted were gone.</summary>
    public const int LogsWereGone = 227;

    /// <summary>Recovery begins.</summary>
    public const int RecoveryBegins = 300;

    /// <summary>Recovery is complete.</summary>
    public const int RecoveryComplete = 302;

    /// <summary>Recovery failed.</summary>
    public const int RecoveryFailed = 454;

    /// <summary>A page was whole only when it was read again.</summary>
    public const int ReadRepeated = 493;

    /// <summary>Logs are missing among those of a backup.</summary>
    public const int LogMissing = 518;

    /// <summary>Logs were to be truncated before all of them were copied.</summary>
    public const int LogsNotCopied = 520;

    /// <summary>An engine is being frozen for a snapshot.</summary>
    public const int SnapshotFreezeBegins = 2001;

    /// <summary>It could not be frozen, or thawed.</summary>
    public const int SnapshotFreezeFailed = 2002;

    /// <summary>Writing goes on behind a snapshot.</summary>
    public const int SnapshotFreezeEnds = 2003;

    /// <summary>A snapshot took too long, and writing went on by itself.</summary>
    public const int SnapshotTimedOut = 2004;

    /// <summary>A full snapshot is prepared.</summary>
    public const int FullSnapshotPrepared = 2005;

    /// <summary>A snapshot is complete.</summary>
    public const int SnapshotComplete = 2006;

    /// <summary>A snapshot was given up.</summary>
    public const int SnapshotAborted = 2007;

    /// <summary>A snapshot of logs alone is prepared.</summary>
    public const int LogSnapshotPrepared = 2008;

    /// <summary>A full snapshot beside the others is prepared.</summary>
    public const int CopySnapshotPrepared = 2009;

    /// <summary>A snapshot of logs alone beside the others is prepared.</summary>
    public const int DifferentialSnapshotPrepared = 2010;

    /// <summary>Tells whoever listens. That he fails is no reason to stop in the middle of something.</summary>
    /// <param name="listener">Who; null for nobody.</param>
    /// <param name="id">Number of the event.</param>
    /// <param name="level">How much it should worry.</param>
    /// <param name="message">What happened.</param>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "others' code")]
    internal static void Tell(IProgress<EngineEvent>? listener, int id, EngineEventLevel level, string message)
    {
        try
        {
            listener?.Report(new(id, level, message));
        }
        catch (Exception)
        {
            // Something may be half done, frozen or held.
        }
    }

    /// <summary>Number and sentence.</summary>
    public override string ToString() => $"{Id} {Message}";
}
