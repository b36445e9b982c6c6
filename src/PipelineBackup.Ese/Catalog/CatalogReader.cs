namespace PipelineBackup.Ese;

/// <summary>Which of the two copies of the catalog to read.</summary>
public enum CatalogCopy : byte
{
    /// <summary>MSysObjects, the one that counts.</summary>
    Main,

    /// <summary>MSysObjectsShadow, which has the same rows.</summary>
    Shadow,
}

/// <summary>Reads the catalog: one row for each table, column, index and tree of long values.</summary>
/// <remarks>
/// Reading takes one pass along the leaves and memory in proportion to the rows. Whatever the bytes, it ends: templates
/// in a ring, indexes of missing columns and rows of missing tables are told as damage.
/// </remarks>
public static class CatalogReader
{
    internal const uint MainObjectId = 2, ShadowObjectId = 3;

    private const uint MainRoot = 4, ShadowRoot = 24;

    // A template is never derived itself; a few more than one are let pass.
    private const int MostTemplates = 4;

    /// <summary>Root of a copy: always the same page.</summary>
    /// <param name="copy">Which.</param>
    public static PageNumber RootOf(CatalogCopy copy) => new(copy == CatalogCopy.Main ? MainRoot : ShadowRoot);

    /// <summary>The id of a copy: always the same.</summary>
    /// <param name="copy">Which.</param>
    public static ObjectId IdOf(CatalogCopy copy) => new(copy == CatalogCopy.Main ? MainObjectId : ShadowObjectId);

    /// <summary>Reads the catalog.</summary>
    /// <param name="file">The pages; those of a database that is not clean may contradict each other.</param>
    /// <param name="copy">Which copy.</param>
    /// <exception cref="EseException">
    /// The catalog contradicts itself (-1220), or its tree is damaged: as <see cref="TreeCursor"/> tells.
    /// </exception>
    public static DatabaseCatalog Read(IPageFile file, CatalogCopy copy = CatalogCopy.Main)
    {
        ArgumentNullException.ThrowIfNull(file);
        var tables = new List<TableDefinition>();
        var cursor = new TreeCursor(file, RootOf(copy), IdOf(copy));
        while (cursor.MoveNext())
            Take(new CatalogRow(cursor.Data, cursor.View.RecordFormat()), tables, file.PageSize);
        return Complete(tables);
    }

    /// <summary>Makes definitions of entries, as reading the rows made of them would.</summary>
    /// <param name="entries">
    /// All entries of whole tables, in the order of table, kind and id; templates among them.
    /// </param>
    /// <param name="pageSize">Page size of the database.</param>
    /// <exception cref="EseException">The entries contradict each other (-1220).</exception>
    public static DatabaseCatalog Read(IEnumerable<CatalogEntry> entries, PageSize pageSize)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var tables = new List<TableDefinition>();
        foreach (var entry in entries)
            Take(entry, tables, pageSize);
        return Complete(tables);
    }

    /// <summary>Reads the catalog as it stands, entry by entry.</summary>
    /// <param name="file">The pages.</param>
    /// <param name="copy">Which copy.</param>
    /// <returns>The entries in the order of table, kind and id; callbacks among them.</returns>
    /// <exception cref="EseException">
    /// A row contradicts itself (-1220), or the tree is damaged: as <see cref="TreeCursor"/> tells.
    /// </exception>
    public static IReadOnlyList<CatalogEntry> ReadEntries(IPageFile file, CatalogCopy copy = CatalogCopy.Main)
    {
        ArgumentNullException.ThrowIfNull(file);
        var entries = new List<CatalogEntry>();
        var cursor = new TreeCursor(file, RootOf(copy), IdOf(copy));
        while (cursor.MoveNext())
            entries.Add(new CatalogRow(cursor.Data, cursor.View.RecordFormat()).ToEntry());
        return entries;
    }

    /// <summary>What is thrown when the catalog contradicts itself.</summary>
    internal static EseException Corrupt(string message) => new(EseError.CatalogCorrupted, message,
        "Check the database: where the shadow of the catalog is whole, its tables can be read from there.");

    private static DatabaseCatalog Complete(List<TableDefinition> tables)
    {
        foreach (var table in tables)
            table.Sort();
        var catalog = new DatabaseCatalog(tables);
        LinkTemplates(catalog);
        foreach (var index in tables.SelectMany(table => table.Indexes))
            index.Resolve();
        return catalog;
    }

    // Rows of other kinds, callbacks for one, define nothing here: they may be of any form.
    private static void Take(in CatalogRow row, List<TableDefinition> tables, PageSize pageSize)
    {
        if (row.Kind is >= CatalogEntryKind.Table and <= CatalogEntryKind.LongValues)
            Take(row.ToDefinition(), tables, pageSize);
        else
            OwnerOf(row.TableId, tables);
    }

    // A table's row comes before the rows of what belongs to it: they are in the order of table, kind, id.
    private static void Take(CatalogEntry entry, List<TableDefinition> tables, PageSize pageSize)
    {
        if (entry.Kind == CatalogEntryKind.Table)
        {
            if (entry.Id != entry.TableId.Value)
                throw Corrupt($"the table {entry.Name} has two ids, {entry.TableId} and {entry.Id}");
            if (entry.LongValueChunk > pageSize.Bytes)
                throw Corrupt($"the table {entry.Name} cuts long values into chunks of {entry.LongValueChunk} bytes");
            tables.Add(new(entry, LongValueTree.DefaultChunkBytes(pageSize)));
            return;
        }

        var table = OwnerOf(entry.TableId, tables);
        switch (entry.Kind)
        {
            case CatalogEntryKind.Column:
                table.Add(new ColumnDefinition(table, entry));
                break;
            case CatalogEntryKind.Index:
                table.Add(new IndexDefinition(table, entry));
                break;
            case CatalogEntryKind.LongValues:
                table.SetLongValues(entry);
                break;
        }
    }

    private static TableDefinition OwnerOf(ObjectId id, List<TableDefinition> tables) =>
        tables.Count > 0 && tables[^1].ObjectId == id
            ? tables[^1]
            : throw Corrupt($"the catalog has a row of the table {id}, which there is not");

    /// <summary>Finds the templates of all derived tables.</summary>
    /// <exception cref="EseException">A template is missing, or templates form a ring (-1220).</exception>
    internal static void LinkTemplates(DatabaseCatalog catalog)
    {
        foreach (var table in catalog.Tables.Where(table => table.TemplateName.Length > 0))
        {
            table.Template = catalog.TryFind(table.TemplateName, out var template)
                ? template
                : throw Corrupt($"the table {table.Name} is derived from {table.TemplateName}, which there is not");
        }

        foreach (var table in catalog.Tables)
        {
            int templates = 0;
            for (var template = table.Template; template is not null; template = template.Template)
            {
                if (++templates > MostTemplates)
                    throw Corrupt($"the table {table.Name} is derived from itself or through too many templates");
            }
        }
    }
}
