using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>Inner transactions begin: <see cref="LogRecordType.Begin"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    2  session
///   3    1  low four bits: the level they begin from; high four: how many
/// </code>
/// The record is put off until the first change is logged, so it may stand for several.
/// </remarks>
/// <param name="Session">Number of the session.</param>
/// <param name="Levels">The two numbers as stored.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct InnerBegin(ushort Session, byte Levels) : ILogRecordBody
{
    /// <summary>The body of a record.</summary>
    /// <param name="session">Number of the session.</param>
    /// <param name="from">Level before, 0 to 15.</param>
    /// <param name="count">How many transactions begin, 0 to 15.</param>
    public InnerBegin(ushort session, int from, int count)
        : this(session, (byte)(from & 15 | count << 4))
    {
    }

    /// <summary>The level before.</summary>
    public int From => Levels & 15;

    /// <summary>How many begin.</summary>
    public int Count => Levels >> 4;

    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.Begin;
}

/// <summary>An outermost transaction begins, perhaps inner ones too: <see cref="LogRecordType.Begin0"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    3  as <see cref="InnerBegin"/>
///   4    4  transaction
/// </code>
/// </remarks>
/// <param name="Begin">Session and levels.</param>
/// <param name="Transaction">Number of the transaction.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct OuterBegin(InnerBegin Begin, TransactionId Transaction) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) =>
        type is LogRecordType.Begin0 or LogRecordType.BeginDistributed;
}

/// <summary>An inner transaction ends: <see cref="LogRecordType.Commit"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    2  session
///   3    1  level after it
/// </code>
/// </remarks>
/// <param name="Session">Number of the session.</param>
/// <param name="LevelAfter">The level it commits to; at least 1 for an inner one.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct InnerCommit(ushort Session, byte LevelAfter) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.Commit;
}

/// <summary>An outermost transaction is committed: <see cref="LogRecordType.Commit0"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    3  as <see cref="InnerCommit"/>, level 0
///   4    4  number taken at the commit
/// </code>
/// </remarks>
/// <param name="Commit">Session and level.</param>
/// <param name="Transaction">The number taken at the commit; these ascend through the log.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct OuterCommit(InnerCommit Commit, TransactionId Transaction) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.Commit0;
}

/// <summary>Transactions were undone: <see cref="LogRecordType.Rollback"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    2  session
///   3    1  how many levels
/// </code>
/// </remarks>
/// <param name="Session">Number of the session.</param>
/// <param name="Count">How many levels.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct TransactionRollback(ushort Session, byte Count) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.Rollback;
}

/// <summary>A transaction is renewed, which no engine does any more: <see cref="LogRecordType.Refresh"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    2  session
///   3    4  transaction
/// </code>
/// </remarks>
/// <param name="Session">Number of the session.</param>
/// <param name="Transaction">Its new number.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct TransactionRefresh(ushort Session, TransactionId Transaction) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.Refresh;
}

/// <summary>The start or the end of a macro, a change of several pages that counts whole or not at all.</summary>
/// <remarks>
/// <code>
/// off size
///   1    2  session
///   3    8  dbtime that all its pages get; with the session it names the macro
/// </code>
/// </remarks>
/// <param name="Session">Number of the session.</param>
/// <param name="Time">The dbtime of all its records.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct MacroBracket(ushort Session, DbTime Time) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) =>
        type is LogRecordType.MacroBegin or LogRecordType.MacroCommit or LogRecordType.MacroAbort;
}

/// <summary>A session asked for the log to be on disk: <see cref="LogRecordType.ForceWriteLog"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    2  session
/// </code>
/// </remarks>
/// <param name="Session">Number of the session.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct LogForce(ushort Session) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.ForceWriteLog;
}
