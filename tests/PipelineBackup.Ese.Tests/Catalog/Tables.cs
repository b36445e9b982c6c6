namespace PipelineBackup.Ese.Tests.Catalog;

/// <summary>Definitions of tables that no database has.</summary>
internal static class Tables
{
    /// <summary>
    /// Plans tables and reads the plan as a catalog; templates come before what is derived from them.
    /// </summary>
    public static DatabaseCatalog Define(params NewTable[] tables)
    {
        var entries = new List<CatalogEntry>();
        foreach (var table in tables)
            entries.AddRange(Plan(table, entries));
        return CatalogReader.Read(entries, PageSize.Default);
    }

    /// <summary>The entries of a table, with ids and roots made up.</summary>
    public static IReadOnlyList<CatalogEntry> Plan(NewTable table, IReadOnlyList<CatalogEntry> before)
    {
        var plan = new CatalogEntries(FormatVersion.Newest, PageSize.Default);
        uint id = 100 + 10 * (uint)before.Count, next = id;
        var template = table.Template is { } name
            ? before.Where(entry => entry.TableId.Value == IdOf(before, name))
            : [];
        return plan.Whole(
            table, new(id), new(id), _ => (new(++next), new(next)), [.. template], DateTimeOffset.UnixEpoch);
    }

    private static uint IdOf(IReadOnlyList<CatalogEntry> entries, string table) =>
        entries.Single(entry => entry.Kind == CatalogEntryKind.Table && entry.Name == table).Id;
}
