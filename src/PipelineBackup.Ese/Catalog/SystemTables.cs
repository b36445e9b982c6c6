using System.Text;

namespace PipelineBackup.Ese;

/// <summary>
/// The tables that every database has: what the catalog says of itself, and of the engine's other tables.
/// </summary>
public static class SystemTables
{
    /// <summary>Variable columns of MSysObjects.</summary>
    internal const int CatalogVariableColumns = 10;

    /// <summary>The row of MSysLocales that tells the update of the table itself.</summary>
    internal const string LocaleUpdateKey = @".Schema\Internal\Update";

    private const string Objects = "MSysObjects", Shadow = "MSysObjectsShadow";
    private const uint EnglishCodePage = 1252, Density = 80;
    private const ushort SaidOffset = 4;
    private const IndexFlags PrimaryFlags = IndexFlags.Unique | IndexFlags.NoNullSegment;

    // Since then the key-value tables have 64-bit and long values.
    private static readonly FormatVersion s_wideValues = new(FormatVersion.CurrentMain, 250, 0);

    // In the order in which the engine came to have them, which is that in which it writes their rows.
    private static readonly (ushort Id, string Name, ColumnType Type, bool IsNotNull)[] s_columns =
    [
        (1, "ObjidTable", ColumnType.Long, true),
        (2, "Type", ColumnType.Short, true),
        (3, "Id", ColumnType.Long, true),
        (128, "Name", ColumnType.Text, true),
        (4, "ColtypOrPgnoFDP", ColumnType.Long, true),
        (5, "SpaceUsage", ColumnType.Long, true),
        (6, "Flags", ColumnType.Long, true),
        (7, "PagesOrLocale", ColumnType.Long, true),
        (129, "Stats", ColumnType.Binary, false),
        (8, "RootFlag", ColumnType.Bit, false),
        (130, "TemplateTable", ColumnType.Text, false),
        (9, "RecordOffset", ColumnType.Short, false),
        (131, "DefaultValue", ColumnType.Binary, false),
        (132, "KeyFldIDs", ColumnType.Binary, false),
        (133, "VarSegMac", ColumnType.Binary, false),
        (134, "ConditionalColumns", ColumnType.Binary, false),
        (10, "LCMapFlags", ColumnType.Long, false),
        (11, "KeyMost", ColumnType.UnsignedShort, false),
        (135, "TupleLimits", ColumnType.Binary, false),
        (136, "Version", ColumnType.Binary, false),
        (137, "SortID", ColumnType.Binary, false),
        (256, "CallbackData", ColumnType.LongBinary, false),
        (257, "CallbackDependencies", ColumnType.LongBinary, false),
        (258, "SeparateLV", ColumnType.LongBinary, false),
        (259, "SpaceHints", ColumnType.LongBinary, false),
        (260, "SpaceDeferredLVHints", ColumnType.LongBinary, false),
        (261, "LocaleName", ColumnType.LongBinary, false),
        (12, "LVChunkMax", ColumnType.Long, false),
        (13, "PgnoFDPLastSetTime", ColumnType.DateTime, false),
    ];

    /// <summary>
    /// What the catalog of a new database says of itself and its shadow: every row of the two tables, in the order of
    /// their keys. It is the same for all page sizes and formats.
    /// </summary>
    public static IReadOnlyList<CatalogEntry> Catalog { get; } =
    [
        .. CatalogAsMade.OrderBy(entry => (entry.TableId.Value, entry.Kind, entry.Id)),
    ];

    /// <summary>The same entries in the order in which their rows are written.</summary>
    internal static IEnumerable<CatalogEntry> CatalogAsMade =>
    [
        .. TableAndColumns(Objects, SystemTrees.Objects),
        .. TableAndColumns(Shadow, SystemTrees.Shadow),
        IndexOf("Id", SystemTrees.Objects, SystemTrees.Objects, IndexFlags.Primary | PrimaryFlags, 1, 2, 3),
        IndexOf("Id", SystemTrees.Shadow, SystemTrees.Shadow, IndexFlags.Primary | PrimaryFlags, 1, 2, 3),
        IndexOf("Name", SystemTrees.Objects, SystemTrees.ObjectsByName, PrimaryFlags, 1, 2, 128),
        IndexOf("RootObjects", SystemTrees.Objects, SystemTrees.ObjectsByRoot,
            IndexFlags.Unique | IndexFlags.AllowSomeNulls, 8, 128),
    ];

    /// <summary>The list of all objects and the tables they belong to.</summary>
    public static NewTable Objids { get; } = new("MSysObjids")
    {
        SystemFlags = TableFlags.System | TableFlags.FixedDefinition | TableFlags.SystemDynamic,
        Density = 100,
        Columns =
        [
            new("objid", ColumnType.Long) { Storage = ColumnStorage.Tagged },
            new("objidTable", ColumnType.Long) { Storage = ColumnStorage.Tagged },
            new("type", ColumnType.Short) { Storage = ColumnStorage.Tagged },
        ],
        Indexes = [new("primary", "objid") { IsPrimary = true, Density = 100 }],
    };

    /// <summary>The table of the locales that indexes are in, a table of keys and values.</summary>
    /// <param name="version">The database's format.</param>
    public static NewTable Locales(FormatVersion version) => new("MSysLocales")
    {
        SystemFlags = TableFlags.System | TableFlags.SystemDynamic,
        Density = 92,
        Columns =
        [
            new("Type", ColumnType.UnsignedByte) { IsNotNull = true },
            new("iValue", ColumnType.Long) { IsEscrow = true },
            .. HasWideValues(version) ? [new NewColumn("i64Value", ColumnType.Currency)] : Array.Empty<NewColumn>(),
            new("Key", ColumnType.Binary),
            .. HasWideValues(version) ? [new NewColumn("rgbValue", ColumnType.LongBinary)] : Array.Empty<NewColumn>(),
        ],
        Indexes = [new("KeyPrimary", "Key") { IsPrimary = true, Density = 92, RefusesTruncation = true }],
    };

    /// <summary>The rows of MSysLocales in a new database, in the order in which they come to be.</summary>
    /// <param name="version">The database's format.</param>
    public static IReadOnlyList<LocaleRow> LocaleRows(FormatVersion version) =>
    [
        new(1, 1, @".Schema\Internal\Major"),
        new(1, 0, @".Schema\Internal\Minor"),
        new(1, HasWideValues(version) ? 2 : 0, LocaleUpdateKey),
        new(1, 1, @".Schema\External\Major"),
        new(1, 0, @".Schema\External\Minor"),
        new(1, 0, @".Schema\External\Update"),
    ];

    /// <summary>The catalog and its shadow as a catalog defines them.</summary>
    /// <param name="pageSize">The database's page size.</param>
    public static DatabaseCatalog Define(PageSize pageSize) => CatalogReader.Read(Catalog, pageSize);

    /// <summary>
    /// All entries of a table of the engine that a new database gets after the catalog, in the order of the definition.
    /// </summary>
    /// <param name="table"><see cref="Objids"/> or <see cref="Locales"/>.</param>
    /// <param name="tree">Where it stands.</param>
    /// <param name="version">The database's format.</param>
    /// <param name="pageSize">The database's page size.</param>
    /// <param name="time">When its root was set.</param>
    public static IReadOnlyList<CatalogEntry> EntriesOf(NewTable table, SystemTree tree, FormatVersion version,
        PageSize pageSize, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(tree);
        var plan = new CatalogEntries(version, pageSize);
        var own = plan.Table(table, tree.ObjectId, tree.Root, time) with { PagesOrLocale = 0 };
        var entries = new List<CatalogEntry> { own };
        foreach (var column in table.Columns)
            entries.Add(plan.Column(column, CatalogReader.Read(entries, pageSize).Tables[0]));
        var definition = CatalogReader.Read(entries, pageSize).Tables[0];
        foreach (var index in table.Indexes)
            entries.Add(plan.Index(index, definition, tree.ObjectId, tree.Root, time));
        return entries;
    }

    /// <summary>Whether MSysLocales has 64-bit and long values.</summary>
    internal static bool HasWideValues(FormatVersion version) => !(version < s_wideValues);

    private static IEnumerable<CatalogEntry> TableAndColumns(string name, SystemTree table)
    {
        yield return new()
        {
            TableId = table.ObjectId,
            Kind = CatalogEntryKind.Table,
            Id = table.ObjectId.Value,
            TypeOrRoot = table.Root.Value,
            SpaceUsage = Density,
            Flags = (uint)(TableFlags.System | TableFlags.FixedDefinition),
            PagesOrLocale = (uint)table.Pages,
            IsRoot = true,
            Name = name,
        };
        foreach (var (id, column, type, isNotNull) in s_columns)
        {
            yield return new()
            {
                TableId = table.ObjectId,
                Kind = CatalogEntryKind.Column,
                Id = id,
                TypeOrRoot = (uint)type,
                SpaceUsage = type.IsLong() ? 0u : (uint)(type.FixedBytes() is var bytes and > 0 ? bytes : 255),
                Flags = (uint)(isNotNull ? ColumnFlags.NotNull : ColumnFlags.None),
                PagesOrLocale = EnglishCodePage,
                RecordOffset = id < ColumnId.FirstVariable ? SaidOffset : null,
                Name = column,
            };
        }
    }

    private static CatalogEntry IndexOf(string name, SystemTree table, SystemTree tree, IndexFlags flags,
        params byte[] columns) => new()
    {
        TableId = table.ObjectId,
        Kind = CatalogEntryKind.Index,
        Id = tree.ObjectId.Value,
        TypeOrRoot = tree.Root.Value,
        SpaceUsage = Density,
        Flags = (uint)(flags | IndexFlags.ExtendedColumns),
        PagesOrLocale = 0,
        LocaleFlags = NewIndex.UsualLocaleFlags,
        Name = name,
        Segments = columns.SelectMany(column => new byte[] { 0, 0, column, 0 }).ToArray(),
        LocaleName = Encoding.Unicode.GetBytes("en-US"),
    };
}
