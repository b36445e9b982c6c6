using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>What a row of the catalog defines.</summary>
public enum CatalogEntryKind : ushort
{
    /// <summary>A table.</summary>
    Table = 1,

    /// <summary>A column.</summary>
    Column = 2,

    /// <summary>An index; the primary one has the id and the root of its table.</summary>
    Index = 3,

    /// <summary>A table's tree of long values.</summary>
    LongValues = 4,

    /// <summary>A callback into a library of the application.</summary>
    Callback = 5,
}

/// <summary>
/// A row of MSysObjects as values: what a table, a column, an index or a tree of long values is, in the terms of the
/// catalog. What is null is not stored.
/// </summary>
/// <remarks>
/// <see cref="CatalogWriter"/> makes the row's bytes. The row's key, and the entries of the catalog's own indexes, are
/// made like those of any table.
/// </remarks>
public sealed record CatalogEntry
{
    /// <summary>The table.</summary>
    public ObjectId TableId { get; init; }

    /// <summary>What the row defines.</summary>
    public CatalogEntryKind Kind { get; init; }

    /// <summary>Id of the object; of a column its number.</summary>
    public uint Id { get; init; }

    /// <summary>Type of a column; else the root of the tree.</summary>
    public uint TypeOrRoot { get; init; }

    /// <summary>Greatest length of a column, 0 = unlimited; else how full pages are filled, in percent.</summary>
    public uint? SpaceUsage { get; init; }

    /// <summary>Marks: <see cref="TableFlags"/>, <see cref="ColumnFlags"/> or <see cref="IndexFlags"/>.</summary>
    public uint Flags { get; init; }

    /// <summary>
    /// First pages of a tree, code page of a column, LCID of an index (0 where it has a locale's name).
    /// </summary>
    public uint? PagesOrLocale { get; init; }

    /// <summary>Set in rows of tables: they are listed by name.</summary>
    public bool? IsRoot { get; init; }

    /// <summary>Where a fixed column stands in records.</summary>
    public ushort? RecordOffset { get; init; }

    /// <summary>Marks of the locale's sort order (LCMapString); of every index.</summary>
    public uint? LocaleFlags { get; init; }

    /// <summary>Most bytes of a key, where they are not 255.</summary>
    public ushort? KeyMost { get; init; }

    /// <summary>Bytes of a chunk of a long value, where the table does not take the usual size.</summary>
    public uint? LongValueChunk { get; init; }

    /// <summary>When the tree got its root: 100 ns since 1601, UTC. In the newest format only.</summary>
    public ulong? RootSetTime { get; init; }

    /// <summary>The name; of a tree of long values "LV".</summary>
    public string Name { get; init; } = "";

    /// <summary>Statistics of an index.</summary>
    public ReadOnlyMemory<byte>? Statistics { get; init; }

    /// <summary>Name of a derived table's template; of a callback its library and function.</summary>
    public string? TemplateOrCallback { get; init; }

    /// <summary>Default value of a column.</summary>
    public ReadOnlyMemory<byte>? Default { get; init; }

    /// <summary>Segments of an index.</summary>
    public ReadOnlyMemory<byte>? Segments { get; init; }

    /// <summary>Most bytes of a segment, where they are not those of the key: u16.</summary>
    public ReadOnlyMemory<byte>? SegmentMost { get; init; }

    /// <summary>Conditions of an index.</summary>
    public ReadOnlyMemory<byte>? Conditions { get; init; }

    /// <summary>Limits of a tuple index: three or five u32.</summary>
    public ReadOnlyMemory<byte>? TupleLimits { get; init; }

    /// <summary>Version of the sort order that UTF-16 text is in.</summary>
    public ReadOnlyMemory<byte>? SortVersion { get; init; }

    /// <summary>Id of that sort order.</summary>
    public ReadOnlyMemory<byte>? SortId { get; init; }

    /// <summary>Data of a callback.</summary>
    public ReadOnlyMemory<byte>? CallbackData { get; init; }

    /// <summary>What a callback depends on.</summary>
    public ReadOnlyMemory<byte>? CallbackDependencies { get; init; }

    /// <summary>The longest value that records of the table hold themselves.</summary>
    public ReadOnlyMemory<byte>? SeparateLongValues { get; init; }

    /// <summary>How the tree is to grow.</summary>
    public ReadOnlyMemory<byte>? SpaceHints { get; init; }

    /// <summary>How a tree of long values is to grow once there is one.</summary>
    public ReadOnlyMemory<byte>? DeferredSpaceHints { get; init; }

    /// <summary>Name of the locale, UTF-16; of every index.</summary>
    public ReadOnlyMemory<byte>? LocaleName { get; init; }

    /// <summary>The limits of a tuple index; null of others.</summary>
    internal TupleLimits? Tuples
    {
        get
        {
            if (TupleLimits is not { Length: > 0 } limits)
                return null;
            if (limits.Length is not (12 or 20))
                throw Malformed("has limits of a tuple index of another length than 12 or 20");
            bool isLong = limits.Length == 20;
            return new(Word(0), Word(4), Word(8), isLong ? Word(12) : 1, isLong ? Word(16) : 0);

            uint Word(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(limits.Span[offset..]);
        }
    }

    /// <summary>The most bytes of a segment; null where they are those of the key.</summary>
    internal ushort? SegmentMostBytes =>
        SegmentMost is not { Length: > 0 } most ? null
        : most.Length >= 2 ? BinaryPrimitives.ReadUInt16LittleEndian(most.Span)
        : throw Malformed("has one byte where the length of a segment should stand");

    private static EseException Malformed(string what) => CatalogReader.Corrupt("a row of the catalog " + what);
}
