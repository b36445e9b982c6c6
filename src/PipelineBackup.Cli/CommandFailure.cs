using System.Text.Json.Nodes;
using PipelineBackup.Cli.PluginLoading;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli;

/// <summary>Why a command did not end well, as it is told to people and programs.</summary>
/// <param name="Exit">How the command ends.</param>
/// <param name="Message">What failed, in lower case.</param>
/// <param name="Hint">What to do next; empty when there is nothing to add.</param>
/// <param name="Error">The engine's error, where it has one.</param>
internal sealed record CommandFailure(ExitCode Exit, string Message, string Hint = "", JetError? Error = null)
{
    // ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_DISK_FULL on Windows; EAGAIN of a lock, ENOSPC elsewhere.
    private const int SharingViolation = 32, LockViolation = 33, DiskFullOnWindows = 112;
    private const int LockedOnLinux = 11, LockedOnMacOS = 35, NoSpace = 28;

    /// <summary>A wrong command line.</summary>
    public static CommandFailure Usage(string message, string hint) => new(ExitCode.Usage, message, hint);

    /// <summary>A finding of the format library.</summary>
    /// <param name="exit">How the command ends.</param>
    /// <param name="error">The error; success gives none.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="hint">What to do next.</param>
    public static CommandFailure Of(ExitCode exit, EseError error, string message, string hint = "") =>
        new(exit, message, hint, Jet(error));

    /// <summary>The engine's number and symbol for a finding of the format library.</summary>
    public static JetError? Jet(EseError error) =>
        error == EseError.Success ? null : new((int)error, $"JET_err{error}");

    /// <summary>What an exception means to the one who typed the command.</summary>
    /// <param name="failure">The exception.</param>
    /// <param name="isCancelled">Whether the command was asked to stop.</param>
    public static CommandFailure Of(Exception failure, bool isCancelled) => failure switch
    {
        OperationCanceledException when isCancelled =>
            new(ExitCode.Cancelled, "cancelled", "run the command again; nothing was published"),
        SinkException { Failure: SinkFailure.NotFound, ExitCode: ExitCode.Failed } missing =>
            new(ExitCode.NotFound, missing.Message, HintOf(missing), missing.Error),
        BackupException known => new(known.ExitCode, known.Message, HintOf(known), known.Error),
        EseException damage => Of(ExitCode.Refused, damage.Error, damage.Message, damage.Hint),
        FileNotFoundException when MissingPartException.In(failure) is { } part =>
            new(ExitCode.Failed, part.Message, MissingPartException.Hint),
        FileNotFoundException or DirectoryNotFoundException => new(
            ExitCode.NotFound, failure.Message,
            "check the path; a relative one counts from the current directory", JetError.FileNotFound),
        UnauthorizedAccessException => new(
            ExitCode.Failed, failure.Message, "run as a user who may read and write the files", JetError.AccessDenied),
        IOException { HResult: var code } when IsInUse(code) => new(
            ExitCode.InUse, failure.Message, "stop the program that has the file open, or work on a copy or snapshot"),
        IOException { HResult: var code } when IsFull(code) =>
            new(ExitCode.Failed, failure.Message, "free space on the disk, or raise the quota", JetError.DiskFull),
        IOException =>
            new(ExitCode.Failed, failure.Message, "check the disk and the connection to it", JetError.DiskIO),
        _ => new(ExitCode.Failed, $"unexpected {failure.GetType().Name}: {failure.Message}",
            "this is a fault of the program: run the command again with --verbose and report what it prints"),
    };

    /// <summary>The failure as the <c>error</c> of a JSON result.</summary>
    public JsonObject ToJson() => new()
    {
        ["code"] = Error?.Number,
        ["name"] = Error?.Symbol,
        ["message"] = Message,
        ["hint"] = Hint,
    };

    /// <summary>Writes the failure for people.</summary>
    public void Write(Action<string> tell)
    {
        tell($"error: {Message}{(Error is { } error ? $" ({error})" : "")}");
        if (Hint.Length > 0)
            tell($"HINT: {Hint}");
    }

    private static bool IsInUse(int code) => OperatingSystem.IsWindows()
        ? (code & 0xFFFF) is SharingViolation or LockViolation
        : code == (OperatingSystem.IsMacOS() ? LockedOnMacOS : LockedOnLinux);

    private static bool IsFull(int code) =>
        OperatingSystem.IsWindows() ? (code & 0xFFFF) == DiskFullOnWindows : code == NoSpace;

    private static string HintOf(BackupException failure) => failure switch
    {
        { Hint: { Length: > 0 } hint } => hint,
        SinkException { Failure: SinkFailure.NotFound } => "check the address; 'backup --to' makes a store",
        _ => "",
    };
}

/// <summary>The command line was wrong in a way that only the command itself can tell.</summary>
/// <param name="message">What is wrong, in lower case.</param>
/// <param name="hint">What would be right.</param>
internal sealed class UsageException(string message, string hint) : Exception(message)
{
    /// <summary>The failure to tell.</summary>
    public CommandFailure Failure => CommandFailure.Usage(Message, hint);
}
