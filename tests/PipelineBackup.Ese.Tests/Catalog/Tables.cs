namespace PipelineBackup.Ese.Tests.Catalog;

/// <summary>Definitions of tables that no database has.</summary>
internal static class Tables
{
    /// <summary>Plans tables and reads the plan as a catalog; templates come before what is derived from them.</summary>
    public static DatabaseCatalog Define(params NewTable[] tables)
    {
        var entries = new List<CatalogEntry>();
        foreach (var table in tables)
            entries.AddRange(Plan(table, entries));
        return CatalogReader.Read(entries, PageSize.Default);
    }

    /// <summary>The entries of a table, with ids and roots made up.</summary>
    public static List<CatalogEntry> Plan(NewTable table, IReadOnlyList<CatalogEntry> before)
    {
        var plan = new CatalogEntries(FormatVersion.Newest, PageSize.Default);
        uint id = 100 + 10 * (uint)before.Count;
        var entries = new List<CatalogEntry> { plan.Table(table, new(id), new(id), DateTimeOffset.UnixEpoch) };
        foreach (var column in table.Columns)
            entries.Add(plan.Column(column, Own()));
        foreach (var index in table.Indexes)
        {
            uint other = index.IsPrimary ? id : id + (uint)entries.Count;
            entries.Add(plan.Index(index, Own(), new(other), new(other), DateTimeOffset.UnixEpoch));
        }

        return entries;

        TableDefinition Own() => CatalogReader.Read(before.Concat(entries), PageSize.Default).Tables[^1];
    }
}
