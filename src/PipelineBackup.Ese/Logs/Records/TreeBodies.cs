using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>A tree with space trees of its own is made: <see cref="LogRecordType.CreateMultipleExtentTree"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1   31  change of the root page
///  32    4  object id
///  36    4  root of the tree of owned extents
///  40    4  root of the tree of available extents
///  44    4  root of the parent tree
///  48    4  pages of the first extent
///  52    4  page flags of the root
/// </code>
/// </remarks>
/// <param name="Change">The change of the root page.</param>
/// <param name="Tree">Object id.</param>
/// <param name="Owned">Root of the tree of owned extents.</param>
/// <param name="Available">Root of the tree of available extents.</param>
/// <param name="ParentRoot">Root of the parent tree.</param>
/// <param name="Pages">Pages of the first extent.</param>
/// <param name="PageFlags">Page flags of the root.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct MultipleExtentTreeCreation(
    PageChange Change, ObjectId Tree, PageNumber Owned, PageNumber Available, PageNumber ParentRoot, uint Pages,
    uint PageFlags) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.CreateMultipleExtentTree;
}

/// <summary>A tree in one extent is made: <see cref="LogRecordType.CreateSingleExtentTree"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1   31  change of the root page
///  32    4  object id
///  36    4  root of the parent tree
///  40    4  pages of the extent
///  44    4  page flags of the root
/// </code>
/// </remarks>
/// <param name="Change">The change of the root page.</param>
/// <param name="Tree">Object id.</param>
/// <param name="ParentRoot">Root of the parent tree.</param>
/// <param name="Pages">Pages of the extent.</param>
/// <param name="PageFlags">Page flags of the root.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct SingleExtentTreeCreation(
    PageChange Change, ObjectId Tree, PageNumber ParentRoot, uint Pages, uint PageFlags) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.CreateSingleExtentTree;
}

/// <summary>A tree in one extent gets space trees, as old engines wrote it: refused by replay.</summary>
/// <remarks>
/// <code>
/// off size
///   1   31  change of the root page
///  32    4  object id
///  36    4  root of the tree of owned extents
///  40    4  root of the tree of available extents
///  44    4  root of the parent tree
///  48    4  first page of the second extent
///  52    4  pages of the first extent
///  56    4  pages of the second
/// </code>
/// </remarks>
/// <param name="Change">The change of the root page.</param>
/// <param name="Tree">Object id.</param>
/// <param name="Owned">Root of the tree of owned extents.</param>
/// <param name="Available">Root of the tree of available extents.</param>
/// <param name="ParentRoot">Root of the parent tree.</param>
/// <param name="SecondaryFirst">First page of the second extent.</param>
/// <param name="PrimaryPages">Pages of the first extent.</param>
/// <param name="SecondaryPages">Pages of the second.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct TreeConversion(
    PageChange Change, ObjectId Tree, PageNumber Owned, PageNumber Available, PageNumber ParentRoot,
    PageNumber SecondaryFirst, uint PrimaryPages, uint SecondaryPages) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.ConvertTreeOld;
}

/// <summary>A tree in one extent gets space trees: <see cref="LogRecordType.ConvertTree"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1   59  as <see cref="TreeConversion"/>
///  60    4  bitmap of the available pages of the first extent
///  64    4  page flags of the space trees
/// </code>
/// </remarks>
/// <param name="Conversion">What is converted.</param>
/// <param name="AvailablePages">Bitmap of the available pages of the first extent.</param>
/// <param name="PageFlags">Page flags of the space trees.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct TreeConversion2(TreeConversion Conversion, uint AvailablePages, uint PageFlags)
    : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.ConvertTree;
}

/// <summary>
/// A page is made ready, empty: <see cref="LogRecordType.NewPage"/>. What it gets stands in a later record.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   1    2  session
///   3    1  database
///   4    4  page
///   8    4  object id of the tree it is for
///  12    8  its dbtime after
/// </code>
/// </remarks>
/// <param name="Session">Number of the session.</param>
/// <param name="Database">Number of the database.</param>
/// <param name="Page">The page.</param>
/// <param name="Tree">Object id of the tree it is for.</param>
/// <param name="Time">Its dbtime after.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct PageCreation(ushort Session, byte Database, PageNumber Page, ObjectId Tree, DbTime Time)
    : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.NewPage;
}

/// <summary>The first record of the macro that moves a tree's root: <see cref="LogRecordType.RootPageMove"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    8  dbtime of the macro
///   9    1  database
///  10    4  object id
///  14    2  session
/// </code>
/// </remarks>
/// <param name="Time">The dbtime of the macro.</param>
/// <param name="Database">Number of the database.</param>
/// <param name="Tree">Object id.</param>
/// <param name="Session">Number of the session.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct RootMove(DbTime Time, byte Database, ObjectId Tree, ushort Session) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.RootPageMove;
}

/// <summary>A tree is about to be given back: <see cref="LogRecordType.FreeTree"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    4  length of what follows
///   5    1  database
///   6    4  root page
///  10    4  transaction that deleted it
///  14    1  1 a table, 2 an index
/// </code>
/// </remarks>
/// <param name="Database">Number of the database.</param>
/// <param name="Root">Root page.</param>
/// <param name="Transaction">The transaction that deleted it.</param>
/// <param name="Kind">1 a table, 2 an index.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct TreeRelease(byte Database, PageNumber Root, TransactionId Transaction, byte Kind)
    : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.FreeTree;
}
