using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>An engine or a recovery ended, without a time: version 7.</summary>
/// <remarks>
/// <code>
/// off size
///   1    8  where its run (a recovery: its undoing) began
///   9    8  a recovery: where its redoing began
///  17    1  1 after a hard recovery
/// </code>
/// </remarks>
/// <param name="From">Where the run, or the undoing, began.</param>
/// <param name="RedoFrom">Where the redoing began; not set when an engine ended.</param>
/// <param name="Hard">1 after a hard recovery.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct RunEnd(LogPosition From, LogPosition RedoFrom, byte Hard) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type is LogRecordType.Term or LogRecordType.RecoveryQuit;
}

/// <summary>An engine or a recovery ended: Term2, RecoveryQuit2, RecoveryQuitKeepAttachments.</summary>
/// <remarks>
/// <code>
/// off size
///   1   17  as <see cref="RunEnd"/>
///  18    8  when
/// </code>
/// </remarks>
/// <param name="End">Where the run began.</param>
/// <param name="Time">When it ended.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct TimedRunEnd(RunEnd End, LogTime Time) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type is LogRecordType.Term2 or LogRecordType.RecoveryQuit2
        or LogRecordType.RecoveryQuitKeepAttachments;
}

/// <summary>Recovery begins to undo: <see cref="LogRecordType.RecoveryUndo2"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    8  when
/// </code>
/// </remarks>
/// <param name="Time">When.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct UndoBegin(LogTime Time) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.RecoveryUndo2;
}

/// <summary>A call, for debugging: <see cref="LogRecordType.JetOperation"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    2  session
///   3    1  which call
/// </code>
/// </remarks>
/// <param name="Session">Number of the session.</param>
/// <param name="Operation">Which call.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct JetCall(ushort Session, byte Operation) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.JetOperation;
}

/// <summary>The creation of a database is whole: <see cref="LogRecordType.CreateDatabaseFinish"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    2  session
///   3    1  database
/// </code>
/// </remarks>
/// <param name="Session">Number of the session.</param>
/// <param name="Database">Number of the database.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct DatabaseCreationEnd(ushort Session, byte Database) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.CreateDatabaseFinish;
}

/// <summary>A database is attached again: <see cref="LogRecordType.ReattachDatabase"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    4  length of what follows
///   5    1  database
///   6    8  position of its attaching
///  14    8  position at which it was consistent before
///  22   28  its signature
/// </code>
/// </remarks>
/// <param name="Database">Number of the database.</param>
/// <param name="Attached">Position of its attaching.</param>
/// <param name="Consistent">Position at which it was consistent before.</param>
/// <param name="Signature">Its signature.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct DatabaseReattachment(
    byte Database, LogPosition Attached, LogPosition Consistent, Signature Signature) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.ReattachDatabase;
}

/// <summary>A database was attached: <see cref="LogRecordType.SignalAttachDatabase"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    1  database
/// </code>
/// </remarks>
/// <param name="Database">Number of the database.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct AttachSignal(byte Database) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.SignalAttachDatabase;
}

/// <summary>The format version of a database is set: <see cref="LogRecordType.SetDatabaseVersion"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    1  database
///   2    4  version
///   6    4  update, major
///  10    4  update, minor
/// </code>
/// </remarks>
/// <param name="Database">Number of the database.</param>
/// <param name="Major">Version.</param>
/// <param name="UpdateMajor">Update, major.</param>
/// <param name="UpdateMinor">Update, minor.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct DatabaseVersionChange(byte Database, uint Major, uint UpdateMajor, uint UpdateMinor)
    : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.SetDatabaseVersion;
}
