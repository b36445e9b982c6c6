using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>What a record says of the change it describes.</summary>
[Flags]
public enum PageChangeFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A version is made, so that the change can be undone.</summary>
    Versioned = 1,

    /// <summary>Not used today.</summary>
    Deleted = 2,

    /// <summary>The tree has unique keys.</summary>
    Unique = 4,

    /// <summary>The tree is one of a tree's two space trees.</summary>
    SpaceTree = 8,

    /// <summary>Made for another session, while it builds an index.</summary>
    ConcurrentIndex = 0x10,

    /// <summary>Made by the engine itself.</summary>
    SystemTask = 0x20,
}

/// <summary>A change of one page: how all records about pages begin ("LRPAGE_").</summary>
/// <remarks>
/// <code>
/// off size
///   0    1  type
///   1    2  session
///   3    1  database
///   4    4  page
///   8    8  its dbtime after the change
///  16    8  its dbtime before; all ones where it is told by another record of the same macro
///  24    4  outermost transaction
///  28    1  transaction level
///  29    2  line on the page
///  31    1  flags
/// </code>
/// </remarks>
/// <param name="Session">Number of the session ("procid").</param>
/// <param name="Database">Number of the database in its stream ("dbid").</param>
/// <param name="Page">The page.</param>
/// <param name="Time">The page's dbtime after the change.</param>
/// <param name="TimeBefore">The page's dbtime before it.</param>
/// <param name="Transaction">The outermost transaction.</param>
/// <param name="Level">Its nesting level; 0 outside of any.</param>
/// <param name="Line">The line (tag) on the page.</param>
/// <param name="Flags">More of it.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct PageChange(
    ushort Session, byte Database, PageNumber Page, DbTime Time, DbTime TimeBefore, TransactionId Transaction,
    byte Level, ushort Line, PageChangeFlags Flags) : ILogRecordBody
{
    /// <summary>Stored length in bytes, without the type.</summary>
    public const int Size = 31;

    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => LogRecordCatalogue.IsPage(type);

    /// <summary>Whether a flag is set.</summary>
    /// <param name="flag">The flag.</param>
    public bool Has(PageChangeFlags flag) => (Flags & flag) != 0;
}

/// <summary>A change of one node: how all records about nodes begin ("LRNODE_").</summary>
/// <remarks>
/// <code>
/// off size
///   0   32  type, change of the page
///  32    4  version
///  36    4  root page of the tree
///  40    4  object id of the tree
/// </code>
/// </remarks>
/// <param name="Change">The change of the page.</param>
/// <param name="Version">Number of the version ("rceid"); 0 when none was made.</param>
/// <param name="Root">Root page of the tree.</param>
/// <param name="Tree">Object id of the tree.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct NodeChange(PageChange Change, uint Version, PageNumber Root, ObjectId Tree)
    : ILogRecordBody
{
    /// <summary>Stored length in bytes, without the type.</summary>
    public const int Size = 43;

    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => LogRecordCatalogue.IsNode(type);
}
