namespace PipelineBackup.Engine;

/// <summary>
/// What the tables of a database are defined as, for whoever asks: a transaction sees the definitions of the time when it
/// began, and its own.
/// </summary>
/// <param name="database">The database.</param>
internal sealed class SchemaCache(DatabaseTables database)
{
    // Of the newest states of the catalog.
    private const int MostKept = 4;

    private readonly List<TransactionId> _changes = [];
    private readonly SortedDictionary<int, DatabaseCatalog> _catalogs = [];

    /// <summary>A transaction that changed definitions is committed.</summary>
    /// <param name="end">Who began behind this number sees it; not always the last one.</param>
    public void Changed(TransactionId end)
    {
        if (_changes.Count > 0 && end.CompareTo(_changes[^1]) <= 0)
            _catalogs.Clear();
        else
            _changes.Add(end);
    }

    /// <summary>The definitions that a session sees.</summary>
    /// <param name="session">The session.</param>
    public DatabaseCatalog Of(SessionCore session)
    {
        if (session.Outer is { } outer && outer.Schemas.TryGetValue(database, out var own))
            return own ?? (outer.Schemas[database] = Read(session));
        var view = session.View;
        int seen = _changes.Count;
        while (seen > 0 && _changes[seen - 1].CompareTo(view.Begin) >= 0)
            seen--;
        if (_catalogs.TryGetValue(seen, out var catalog))
            return catalog;
        _catalogs.Add(seen, catalog = Read(session));
        if (_catalogs.Count > MostKept)
            _catalogs.Remove(_catalogs.Keys.First());
        return catalog;
    }

    /// <summary>The rows of the catalog that a session sees.</summary>
    /// <param name="session">The session.</param>
    /// <param name="table">A table whose rows are wanted; none for all.</param>
    public List<CatalogEntry> Entries(SessionCore session, ObjectId table = default)
    {
        var entries = new List<CatalogEntry>();
        var cursor = new NodeCursor(database, session, Objects);
        byte[] prefix = table == default ? [] : CatalogKeys.Of(table);
        for (bool more = cursor.SeekAtLeast(prefix); more && cursor.Key.StartsWith(prefix); more = cursor.MoveNext())
            entries.Add(new CatalogRow(cursor.Data, database.Format).ToEntry());
        return entries;
    }

    /// <summary>Whether the database has a list of all objects: older formats have none.</summary>
    /// <param name="session">Who asks.</param>
    public bool HasObjectList(SessionCore session) => Of(session).TryFind(SystemTables.Objids.Name, out _);

    private EngineTree Objects => database.Tree(
        SystemTrees.Objects.Root, SystemTrees.Objects.ObjectId, PageFlags.None, database.Root);

    private DatabaseCatalog Read(SessionCore session) => CatalogReader.Read(
        Entries(session).Where(entry => entry.Kind <= CatalogEntryKind.LongValues), database.PageSize);
}
