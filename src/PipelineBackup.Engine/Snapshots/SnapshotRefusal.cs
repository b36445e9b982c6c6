namespace PipelineBackup.Engine;

/// <summary>What is said when a step of a snapshot is not possible.</summary>
internal static class SnapshotRefusal
{
    /// <summary>−2401: a step out of order.</summary>
    /// <param name="state">Where the session stands.</param>
    /// <param name="step">The step.</param>
    public static EseException OutOfOrder(SnapshotState state, string step) =>
        new(EseError.OSSnapshotInvalidSequence, $"a snapshot session in state {state} cannot {step}");

    /// <summary>−2401: another session goes on.</summary>
    /// <param name="other">The other one.</param>
    public static EseException InProgress(SnapshotSession other) => new(EseError.OSSnapshotInvalidSequence,
        $"snapshot session {other.Id} goes on, in state {other.State}", "end it, or abort it");

    /// <summary>−2402: it was frozen for too long.</summary>
    /// <param name="limit">How long it may be.</param>
    public static EseException TimedOut(TimeSpan limit) => new(EseError.OSSnapshotTimeOut,
        $"the snapshot took longer than {limit.TotalSeconds:0.#} seconds, and writing went on: what was copied is torn",
        "throw the copy away; allow more time, or copy faster");

    /// <summary>−2403: an engine cannot be part of a snapshot now.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="reason">Why.</param>
    public static EseException NotAllowed(EmbeddedEngine engine, string reason) => new(EseError.OSSnapshotNotAllowed,
        $"the engine '{engine.InstanceName}' cannot be frozen: {reason}", "try again when that is over, or leave it out");

    /// <summary>−2404: there is no such session.</summary>
    /// <param name="id">Its number.</param>
    public static EseException Unknown(long id) =>
        new(EseError.OSSnapshotInvalidSnapId, $"there is no snapshot session {id}", "it may have ended");

    /// <summary>−801: an engine of the session was closed.</summary>
    /// <param name="engine">The engine.</param>
    public static EseException Closed(EmbeddedEngine engine) => new(EseError.BackupAbortByServer,
        $"the engine '{engine.InstanceName}' was closed, or left the session otherwise",
        "its next snapshot has to be a full one");

    /// <summary>What a backup would be refused with, as errors of engines are told.</summary>
    /// <param name="refusal">The refusal.</param>
    public static EseException Of(SourceException refusal) => new(
        (EseError)(refusal.Error?.Number ?? (int)EseError.OSSnapshotNotAllowed), refusal.Message, refusal.Hint ?? "");
}
