namespace PipelineBackup.Engine;

/// <summary>What an engine says when a backup, or one of its steps, is not possible.</summary>
internal static class BackupRefusal
{
    private const string FullFirst = "make a full backup";

    /// <summary>A failure of the engine, told to whoever backs up.</summary>
    /// <param name="failure">The failure.</param>
    public static SourceException Of(EseException failure) => new(failure.Message, failure)
    {
        Error = new((int)failure.Error, $"JET_err{failure.Error}"),
        Hint = failure.Hint,
        ExitCode = ExitCode.Failed,
    };

    /// <summary>−505: another backup goes on.</summary>
    public static SourceException InProgress() => new("a backup of this engine is under way")
    {
        Error = JetError.BackupInProgress,
        Hint = "wait until it has ended: an engine takes one backup at a time",
        ExitCode = ExitCode.InUse,
    };

    /// <summary>−1910: a call while another one is at work.</summary>
    public static SourceException InUse() =>
        Of(new(EseError.SessionSharingViolation, "the backup is in use by another thread"));

    /// <summary>−521: a step out of order.</summary>
    /// <param name="state">Where the session stands.</param>
    /// <param name="step">The step.</param>
    public static SourceException OutOfOrder(EngineBackupState state, string step) =>
        new($"a session in state {state} cannot {step}") { Error = JetError.InvalidBackupSequence };

    /// <summary>−801: the engine ended the backup.</summary>
    /// <param name="state">The state of the engine.</param>
    public static SourceException Stopped(EngineState state) => new($"the backup was ended: {ReasonToStop(state)}")
    {
        Error = new(-801, "JET_errBackupAbortByServer"),
        Hint = "begin again when that is over",
    };

    /// <summary>Why an engine ends a backup.</summary>
    /// <param name="state">The state of the engine.</param>
    public static string ReasonToStop(EngineState state) => state switch
    {
        EngineState.Terminating or EngineState.Terminated => "the engine was closed",
        EngineState.StoppingService => "all activity of the engine was to cease",
        _ => "that was asked of the engine",
    };

    /// <summary>−1115: there is no such instance.</summary>
    /// <param name="id">Its number.</param>
    public static SourceException NoInstance(int id) => new($"there is no open engine {id}")
    {
        Error = new(-1115, "JET_errInvalidInstance"),
        Hint = "list them again: it was closed, or opened anew with another number",
        ExitCode = ExitCode.NotFound,
    };

    /// <summary>−1203: there is no such database.</summary>
    /// <param name="message">Which.</param>
    /// <param name="hint">Which there are.</param>
    public static SourceException NoDatabase(string message, string hint) => new(message)
    {
        Error = new(-1203, "JET_errDatabaseNotFound"),
        Hint = hint,
        ExitCode = ExitCode.NotFound,
    };

    /// <summary>−1003: something that makes no sense.</summary>
    /// <param name="message">What.</param>
    /// <param name="hint">What would.</param>
    public static SourceException Senseless(string message, string hint) => new(message)
    {
        Error = new(-1003, "JET_errInvalidParameter"),
        Hint = hint,
    };

    /// <summary>−526: logs may be missing, because the engine deletes them by itself.</summary>
    public static SourceException Circular() => Refuse(JetError.InvalidBackup,
        "with circular logging no backup of logs alone is possible",
        "make a full backup, or turn circular logging off");

    /// <summary>−560: no full backup is known that could be continued.</summary>
    /// <param name="message">Why.</param>
    public static SourceException NoFull(string message) => Refuse(JetError.MissingFullBackup, message, FullFirst);

    /// <summary>−569: logs that the backup needs are gone.</summary>
    /// <param name="message">Which.</param>
    public static SourceException LogsGone(string message) => Refuse(JetError.MissingFileToBackup, message, FullFirst);

    /// <summary>−528: a log between others is missing.</summary>
    /// <param name="message">Which.</param>
    public static SourceException LogMissing(string message) =>
        Refuse(new(-528, "JET_errMissingLogFile"), message, FullFirst);

    /// <summary>−515 or −530: the logs do not continue what the last backup holds.</summary>
    /// <param name="error">Which.</param>
    /// <param name="message">Why.</param>
    public static SourceException NotContinued(EseError error, string message) =>
        Refuse(new((int)error, $"JET_err{error}"), message, FullFirst);

    /// <summary>−616: not all logs were read.</summary>
    /// <param name="message">Which.</param>
    public static SourceException NotCopied(string message) => Refuse(new(-616, "JET_errLogFileNotCopied"), message,
        "read all logs of the backup to their end before logs are truncated");

    private static SourceException Refuse(JetError error, string message, string hint) =>
        new(message) { Error = error, Hint = hint, ExitCode = ExitCode.Refused };
}
