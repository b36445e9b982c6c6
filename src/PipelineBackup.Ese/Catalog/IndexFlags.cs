namespace PipelineBackup.Ese;

/// <summary>Marks of an index in the catalog.</summary>
[Flags]
public enum IndexFlags : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>No two rows may have the same key.</summary>
    Unique = 0x1,

    /// <summary>Lists rows whose segments are all NULL.</summary>
    AllowAllNulls = 0x2,

    /// <summary>Lists rows whose first segment is NULL.</summary>
    AllowFirstNull = 0x4,

    /// <summary>Lists rows of which some segment is NULL.</summary>
    AllowSomeNulls = 0x8,

    /// <summary>A row of which a segment is NULL is refused.</summary>
    NoNullSegment = 0x10,

    /// <summary>The rows themselves are ordered by it.</summary>
    Primary = 0x20,

    /// <summary>A locale is set.</summary>
    LocaleSet = 0x40,

    /// <summary>A segment is a multi-valued column.</summary>
    MultiValued = 0x80,

    /// <summary>Of a template table.</summary>
    Template = 0x100,

    /// <summary>Inherited from a template table.</summary>
    Derived = 0x200,

    /// <summary>A segment is Unicode text, ordered by the rules of a locale.</summary>
    LocalizedText = 0x400,

    /// <summary>NULL comes behind all values.</summary>
    NullsSortHigh = 0x800,

    /// <summary>Text of unknown characters is followed up; obsolete.</summary>
    UnicodeFixup = 0x1000,

    /// <summary>Lists every combination of the values of its multi-valued segments.</summary>
    CrossProduct = 0x2000,

    /// <summary>A row whose key would be cut is refused.</summary>
    DisallowTruncation = 0x4000,

    /// <summary>Lists the values of its multi-valued segments side by side.</summary>
    NestedTable = 0x8000,

    /// <summary>Segments have four bytes each, not two.</summary>
    ExtendedColumns = 0x10000,

    /// <summary>GUIDs are ordered as .NET orders them.</summary>
    DotNetGuid = 0x20000,

    /// <summary>Filled later.</summary>
    DeferredPopulate = 0x40000,

    /// <summary>Unique only as far as its caller says; stored as an index whose keys may repeat.</summary>
    OptionallyUnique = 0x80000,
}
