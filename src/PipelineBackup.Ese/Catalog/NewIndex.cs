namespace PipelineBackup.Ese;

/// <summary>Which rows a new index leaves out for NULL in its segments.</summary>
[Flags]
public enum IndexNulls : byte
{
    /// <summary>None: all rows are listed, those of which every segment is NULL included.</summary>
    ListAll = 0,

    /// <summary>Rows whose segments are all NULL.</summary>
    IgnoreAll = 1,

    /// <summary>Rows whose first segment is NULL.</summary>
    IgnoreFirst = 2,

    /// <summary>Rows of which any segment is NULL.</summary>
    IgnoreAny = 4,

    /// <summary>A row of which any segment is NULL is refused.</summary>
    Refuse = 8,
}

/// <summary>A column of a new index.</summary>
/// <param name="Column">Its name.</param>
/// <param name="IsDescending">Whether greater values come first.</param>
public readonly record struct NewIndexSegment(string Column, bool IsDescending = false)
{
    /// <summary>An ascending column.</summary>
    /// <param name="column">Its name.</param>
    public static implicit operator NewIndexSegment(string column) => new(column);
}

/// <summary>A condition of a new index: only rows are listed for which it holds.</summary>
/// <param name="Column">The column's name.</param>
/// <param name="MustBeNull">Whether it has to be NULL; else it has to be something else.</param>
public readonly record struct NewIndexCondition(string Column, bool MustBeNull);

/// <summary>An index to be made.</summary>
/// <param name="Name">Its name; the rules of <see cref="NewColumn"/> hold.</param>
/// <param name="Segments">Its columns, 1 to 16; a name stands for an ascending one.</param>
public sealed record NewIndex(string Name, params IReadOnlyList<NewIndexSegment> Segments)
{
    /// <summary>Marks of the locale's sort order that indexes have unless told otherwise (LCMapString).</summary>
    public const uint UsualLocaleFlags = 0x00030401;

    /// <summary>Whether the rows themselves are ordered by it; one in a table, and always unique.</summary>
    public bool IsPrimary { get; init; }

    /// <summary>Whether no two rows may have the same key.</summary>
    public bool IsUnique { get; init; }

    /// <summary>Which rows are left out for NULL; by default none.</summary>
    public IndexNulls Nulls { get; init; }

    /// <summary>
    /// Bytes that keys are cut to; 0, the default, is 255. At most 1000 on pages of 4096 bytes, 2000 on larger.
    /// </summary>
    public int KeyMost { get; init; }

    /// <summary>Bytes that each segment is cut to; 0, the default, is no more than the key.</summary>
    public int SegmentMost { get; init; }

    /// <summary>Whether a row whose key would be cut is refused.</summary>
    public bool RefusesTruncation { get; init; }

    /// <summary>What has to hold for a row to be listed; by default nothing.</summary>
    public IReadOnlyList<NewIndexCondition> Conditions { get; init; } = [];

    /// <summary>Which parts of the first segment's values are listed; null, the default, lists whole values.</summary>
    public TupleLimits? Tuples { get; init; }

    /// <summary>Whether every combination of the values of multi-valued segments is listed.</summary>
    public bool IsCrossProduct { get; init; }

    /// <summary>Whether the values of multi-valued segments are listed side by side.</summary>
    public bool IsNestedTable { get; init; }

    /// <summary>Whether NULL comes behind all values.</summary>
    public bool NullsSortHigh { get; init; }

    /// <summary>Whether GUIDs are in the order of .NET.</summary>
    public bool HasDotNetGuids { get; init; }

    /// <summary>How full pages are filled, in percent, 20 to 100; 0, the default, is as the table.</summary>
    public int Density { get; init; }

    /// <summary>Name of the locale; it matters for UTF-16 text only, but every index has one.</summary>
    public string LocaleName { get; init; } = "en-US";

    /// <summary>Marks of the locale's sort order.</summary>
    public uint LocaleFlags { get; init; } = UsualLocaleFlags;

    /// <summary>Version of the sort order, 8 bytes; of indexes on UTF-16 text.</summary>
    public ReadOnlyMemory<byte>? SortVersion { get; init; }

    /// <summary>Id of the sort order, 16 bytes; of indexes on UTF-16 text.</summary>
    public ReadOnlyMemory<byte>? SortId { get; init; }

    /// <summary>How the tree is to grow, as the catalog stores it; null, the default, says nothing.</summary>
    public ReadOnlyMemory<byte>? SpaceHints { get; init; }
}
