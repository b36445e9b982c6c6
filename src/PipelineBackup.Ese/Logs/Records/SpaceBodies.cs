using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>A database grows: <see cref="LogRecordType.ExtendDatabase"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    4  length of what follows
///   5    1  database
///   6    4  its last page from now on
/// </code>
/// </remarks>
/// <param name="Database">Number of the database.</param>
/// <param name="LastPage">Its last page from now on, at least.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct DatabaseExtension(byte Database, PageNumber LastPage) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.ExtendDatabase;
}

/// <summary>A database shrinks: <see cref="LogRecordType.ShrinkDatabase"/> and its second form.</summary>
/// <remarks>
/// <code>
/// off size
///   1    1  database
///   2    4  its last page from now on
///   6    4  how many pages go
/// </code>
/// </remarks>
/// <param name="Database">Number of the database.</param>
/// <param name="LastPage">Its last page from now on.</param>
/// <param name="Pages">How many pages go.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct DatabaseShrinkage(byte Database, PageNumber LastPage, uint Pages) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) =>
        type is LogRecordType.ShrinkDatabase or LogRecordType.ShrinkDatabase2;
}

/// <summary>A database shrinks, at a dbtime: <see cref="LogRecordType.ShrinkDatabase3"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    9  as <see cref="DatabaseShrinkage"/>
///  10    8  dbtime
/// </code>
/// </remarks>
/// <param name="Shrinkage">What goes.</param>
/// <param name="Time">The dbtime.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct TimedDatabaseShrinkage(DatabaseShrinkage Shrinkage, DbTime Time) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.ShrinkDatabase3;
}

/// <summary>A range of a sparse file is given back: <see cref="LogRecordType.TrimDatabase"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    1  database
///   2    4  first page
///   6    4  how many
/// </code>
/// </remarks>
/// <param name="Database">Number of the database.</param>
/// <param name="First">First page.</param>
/// <param name="Pages">How many.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct DatabaseTrim(byte Database, PageNumber First, uint Pages) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.TrimDatabase;
}

/// <summary>A database scan met a page: <see cref="LogRecordType.ScanCheck"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    4  length of what follows
///   5    1  database
///   6    4  page; 0xFFFFFFFE = the scan is done
///  10   16  not used, not even cleared by the writer
///  26    8  dbtime of the page
///  34    8  dbtime of the database
///  42    2  folded checksum of the page
/// </code>
/// </remarks>
/// <param name="Database">Number of the database.</param>
/// <param name="Page">The page; 0xFFFFFFFE when the scan is done.</param>
/// <param name="Unused">Whatever the writer's memory held.</param>
/// <param name="PageTime">Dbtime of the page.</param>
/// <param name="CurrentTime">Dbtime of the database.</param>
/// <param name="Checksum">Folded checksum of the page.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct PageScan(
    byte Database, PageNumber Page, UInt128 Unused, DbTime PageTime, DbTime CurrentTime, ushort Checksum)
    : ILogRecordBody
{
    /// <summary>Stands for a page when the scan is done.</summary>
    public static PageNumber Done => new(0xFFFFFFFE);

    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.ScanCheck;
}

/// <summary>A database scan, or a shrink, met a page: <see cref="LogRecordType.ScanCheck2"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    1  database
///   2    4  page; 0xFFFFFFFE = the scan is done
///   6    1  low two bits: 1 scan, 2 shrink; 0x20 page of a deleted tree, 0x40 empty, 0x80 no object id
///   7    8  dbtime of the page
///  15    8  dbtime of the database
///  23    4  checksum of the page
/// </code>
/// </remarks>
/// <param name="Database">Number of the database.</param>
/// <param name="Page">The page; 0xFFFFFFFE when the scan is done.</param>
/// <param name="Flags">Who met it, and how it was.</param>
/// <param name="PageTime">Dbtime of the page.</param>
/// <param name="CurrentTime">Dbtime of the database.</param>
/// <param name="Checksum">Checksum of the page.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct PageScan2(
    byte Database, PageNumber Page, byte Flags, DbTime PageTime, DbTime CurrentTime, uint Checksum) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.ScanCheck2;
}

/// <summary>Pages were given back: <see cref="LogRecordType.ExtentFreed"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    1  database
///   2    4  first page
///   6    4  how many
///  10    1  1 the root of a table, 2 a deleted empty root
/// </code>
/// </remarks>
/// <param name="Database">Number of the database.</param>
/// <param name="First">First page.</param>
/// <param name="Pages">How many.</param>
/// <param name="Flags">1 the root of a table, 2 a deleted empty root.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct ExtentRelease(byte Database, PageNumber First, uint Pages, byte Flags) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.ExtentFreed;
}

/// <summary>Pages were given back, at a dbtime: <see cref="LogRecordType.ExtentFreed2"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1   10  as <see cref="ExtentRelease"/>
///  11    8  dbtime
/// </code>
/// </remarks>
/// <param name="Release">What was given back.</param>
/// <param name="Time">The dbtime.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct TimedExtentRelease(ExtentRelease Release, DbTime Time) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.ExtentFreed2;
}

/// <summary>A page was asked for from a replica: <see cref="LogRecordType.PagePatchRequest"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   1    1  database
///   2    4  page
///   6    8  dbtime
///  14   32  reserved
/// </code>
/// </remarks>
/// <param name="Database">Number of the database.</param>
/// <param name="Page">The page.</param>
/// <param name="Time">The dbtime.</param>
/// <param name="Reserved0">Reserved.</param>
/// <param name="Reserved1">Reserved.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct PagePatch(
    byte Database, PageNumber Page, DbTime Time, UInt128 Reserved0, UInt128 Reserved1) : ILogRecordBody
{
    /// <inheritdoc/>
    public static bool Describes(LogRecordType type) => type == LogRecordType.PagePatchRequest;
}
