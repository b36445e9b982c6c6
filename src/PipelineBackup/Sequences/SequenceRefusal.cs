using PipelineBackup.Ese;
using PipelineBackup.Restore;

namespace PipelineBackup.Sequences;

/// <summary>What a server of sequences says when a call is not possible.</summary>
internal static class SequenceRefusal
{
    private const int InvalidBackup = -526, MissingFullBackup = -560, MissingFileToBackup = -569, MissingLogFile = -528,
        InvalidLogSequence = -515, BadLogSignature = -530;

    /// <summary>−520: no such session.</summary>
    public static SourceException NoContext() => new("there is no such session")
    {
        Error = JetError.NoBackup,
        Hint = "it was ended, or left alone for so long that it was aborted: begin anew",
        ExitCode = ExitCode.NotFound,
    };

    /// <summary>−1910: another call goes on.</summary>
    public static SourceException Busy() => new("another call of this session goes on")
    {
        Error = new(-1910, "JET_errSessionSharingViolation"),
        Hint = "make one call at a time; several sessions may work beside each other",
        ExitCode = ExitCode.InUse,
    };

    /// <summary>−1101: too many sessions.</summary>
    public static SourceException TooManySessions(int most) => new($"{most} sessions are open, no more may be")
    {
        Error = new(-1101, "JET_errOutOfSessions"),
        Hint = "end one of them",
        ExitCode = ExitCode.InUse,
    };

    /// <summary>−1214: too many instances.</summary>
    public static SourceException TooManyInstances() =>
        new($"{InstanceInfo.Most} instances run or are restored, no more can be")
        {
            Error = new(-1214, "JET_errTooManyInstances"),
            Hint = "wait until a restore has ended, or close an instance",
            ExitCode = ExitCode.InUse,
        };

    /// <summary>−505: the instance is being backed up.</summary>
    public static SourceException InProgress(string message) => new(message)
    {
        Error = JetError.BackupInProgress,
        Hint = "an instance takes one backup at a time, a session makes one at a time: back up several in sessions of "
            + "their own",
        ExitCode = ExitCode.InUse,
    };

    /// <summary>−506: the instance is being restored.</summary>
    public static SourceException RestoreInProgress(string message) => new(message)
    {
        Error = JetError.RestoreInProgress,
        Hint = "wait until that restore has ended",
        ExitCode = ExitCode.InUse,
    };

    /// <summary>−521: a call out of order.</summary>
    public static SourceException OutOfOrder(string message) => new(message) { Error = JetError.InvalidBackupSequence };

    /// <summary>−520: a call of a backup that was not begun.</summary>
    public static SourceException NotBegun(string call) => new($"there is no backup to {call}")
    {
        Error = JetError.NoBackup,
        Hint = "set an instance up first",
    };

    /// <summary>−1003: an argument makes no sense.</summary>
    public static SourceException Senseless(string message, string hint = "") => new(message)
    {
        Error = EseErrors.ToJet(EseError.InvalidParameter),
        Hint = hint,
    };

    /// <summary>−1011: a second file.</summary>
    public static SourceException SecondFile(string open) => new($"'{open}' is open, and a session opens one file at a time")
    {
        Error = EseErrors.ToJet(EseError.OutOfMemory),
        Hint = "close it first",
    };

    /// <summary>−1203: no such database.</summary>
    public static SourceException NoDatabase(string message, string hint) => new(message)
    {
        Error = EseErrors.ToJet(EseError.DatabaseNotFound),
        Hint = hint,
        ExitCode = ExitCode.NotFound,
    };

    /// <summary>Something that is not there, with no number of the engine's.</summary>
    public static SourceException NotFound(string message, string hint) => new(message)
    {
        Hint = hint,
        ExitCode = ExitCode.NotFound,
    };

    /// <summary>A copy that must not be used.</summary>
    public static SourceException Damaged(string file, string verdict, EseError error) => new($"'{file}': {verdict}")
    {
        Error = EseErrors.ToJet(error),
        Hint = "no log is truncated after this; restore the file from a backup, or repair it",
        ExitCode = ExitCode.Refused,
    };

    /// <summary>
    /// A backup of logs alone was refused because there is nothing that it could continue: the same number, with the
    /// message that says what is needed. Else the refusal itself.
    /// </summary>
    /// <param name="refusal">What the source says.</param>
    public static BackupException FullNeeded(BackupException refusal) => refusal.Error?.Number is InvalidBackup
        or MissingFullBackup or MissingFileToBackup or MissingLogFile or InvalidLogSequence or BadLogSignature
            ? new SourceException($"a full backup is needed: {refusal.Message}", refusal)
            {
                Error = refusal.Error,
                Hint = "make a full backup, then incremental or differential ones again",
                ExitCode = ExitCode.Refused,
            }
            : refusal;

    /// <summary>What a call failed with, as a failure of this library; null for what is none of its own.</summary>
    /// <param name="failure">What was thrown.</param>
    /// <param name="what">What could not be done.</param>
    public static BackupException? Of(Exception failure, string what) => failure switch
    {
        BackupException own => own,
        EseException ese => new SourceException($"{what}: {ese.Message}", ese)
        {
            Error = EseErrors.ToJet(ese.Error),
            Hint = ese.Hint,
            ExitCode = ExitCode.Refused,
        },
        IOException or UnauthorizedAccessException => RestoreFailure.Of(failure, what),
        _ => null,
    };

    /// <summary>Makes a call, and tells its failures as those of this library.</summary>
    /// <param name="what">What could not be done.</param>
    /// <param name="call">The call.</param>
    public static async ValueTask<T> ToldAsync<T>(string what, Func<ValueTask<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception failure) when (Of(failure, what) is { } told && told != failure)
        {
            throw told;
        }
    }
}
