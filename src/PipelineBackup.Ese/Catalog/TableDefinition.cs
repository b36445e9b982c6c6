namespace PipelineBackup.Ese;

/// <summary>A table as the catalog defines it: its columns, its indexes, where its trees are.</summary>
public sealed class TableDefinition
{
    private readonly List<ColumnDefinition> _columns = [];
    private readonly List<IndexDefinition> _indexes = [];

    internal TableDefinition(CatalogEntry entry, int defaultChunkBytes)
    {
        Name = entry.Name;
        ObjectId = new(entry.Id);
        Root = new(entry.TypeOrRoot);
        Flags = (TableFlags)entry.Flags;
        TemplateName = entry.TemplateOrCallback ?? "";
        LongValueChunkBytes = entry.LongValueChunk is { } chunk and not 0 ? (int)chunk : defaultChunkBytes;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its id, that of its primary tree.</summary>
    public ObjectId ObjectId { get; }

    /// <summary>Root of its primary tree, which holds the rows.</summary>
    public PageNumber Root { get; }

    /// <summary>Marks.</summary>
    public TableFlags Flags { get; }

    /// <summary>Name of its template; empty when it has none.</summary>
    public string TemplateName { get; }

    /// <summary>The table that it inherits columns from.</summary>
    public TableDefinition? Template { get; internal set; }

    /// <summary>Plain bytes of every chunk of a long value but the last.</summary>
    public int LongValueChunkBytes { get; }

    /// <summary>The id of its tree of long values; none when it has no such tree.</summary>
    public ObjectId LongValueObjectId { get; private set; }

    /// <summary>Root of its tree of long values; none when it has no such tree.</summary>
    public PageNumber LongValueRoot { get; private set; }

    /// <summary>Its own columns in the order of their numbers, deleted ones included, inherited ones not.</summary>
    public IReadOnlyList<ColumnDefinition> OwnColumns => _columns;

    /// <summary>Its indexes in the order of their names in upper case; the primary one is among them.</summary>
    public IReadOnlyList<IndexDefinition> Indexes => _indexes;

    /// <summary>The index that orders the rows; null when they are numbered.</summary>
    public IndexDefinition? PrimaryIndex => _indexes.Find(index => index.IsPrimary);

    /// <summary>Whether it is a table of the engine.</summary>
    public bool IsSystem => (Flags & TableFlags.System) != 0;

    /// <summary>Whether it is the catalog or its shadow, whose rows tell wrong places of their own columns.</summary>
    internal bool IsCatalog => ObjectId.Value is CatalogReader.MainObjectId or CatalogReader.ShadowObjectId;

    /// <summary>All columns that rows have: the template's first, then its own; deleted ones are left out.</summary>
    /// <returns>A new list with each call.</returns>
    public IReadOnlyList<ColumnDefinition> AllColumns()
    {
        var all = new List<ColumnDefinition>();
        for (var table = this; table is not null; table = table.Template)
            all.InsertRange(0, table._columns.Where(column => !column.IsDeleted));
        return all;
    }

    /// <summary>Finds a column by its name, whatever the case.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The column, inherited or own and not deleted; null when there is none.</returns>
    public ColumnDefinition? FindColumn(string name) => AllColumns()
        .FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Finds an index by its name, whatever the case.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The index; null when there is none.</returns>
    public IndexDefinition? FindIndex(string name) =>
        _indexes.Find(index => index.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>Finds a column that an index names, deleted or not.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="ofTemplate">Whether it belongs to the template; null where the definition does not tell.</param>
    internal ColumnDefinition? FindColumn(ColumnId id, bool? ofTemplate)
    {
        if (ofTemplate == true && Template is not null)
            return Template.FindColumn(id, null);
        int at = _columns.FindIndex(column => column.Id == id);
        if (at >= 0)
            return _columns[at];
        return ofTemplate == false ? null : Template?.FindColumn(id, null);
    }

    internal void Add(ColumnDefinition column) => _columns.Add(column);

    internal void Add(IndexDefinition index) => _indexes.Add(index);

    internal void SetLongValues(CatalogEntry entry)
    {
        LongValueObjectId = new(entry.Id);
        LongValueRoot = new(entry.TypeOrRoot);
    }

    internal void Sort()
    {
        _columns.Sort((a, b) => a.Id.CompareTo(b.Id));
        _indexes.Sort((a, b) => StringComparer.OrdinalIgnoreCase.Compare(a.Name, b.Name));
    }
}
