namespace PipelineBackup.Engine;

// The tables that a session uses.
internal sealed partial class SessionCore
{
    private const int MostKept = 256;

    private readonly Dictionary<TableDefinition, TableAccess> _tables = [];
    private readonly Dictionary<(byte Database, string Name), TableAccess> _systemTables = [];

    /// <summary>A table in one of its definitions.</summary>
    /// <param name="database">The database.</param>
    /// <param name="definition">The definition.</param>
    public TableAccess Access(DatabaseTables database, TableDefinition definition)
    {
        if (_tables.TryGetValue(definition, out var access))
            return access;
        if (_tables.Count == MostKept)
            _tables.Clear();
        _tables.Add(definition, access = new(database, this, definition));
        return access;
    }

    /// <summary>A table of the engine. The catalog and its shadow are what they always are.</summary>
    /// <param name="database">The database.</param>
    /// <param name="name">Its name.</param>
    public TableAccess System(DatabaseTables database, string name)
    {
        if (_systemTables.TryGetValue((database.Slot, name), out var access) && access.Database == database)
            return access;
        bool isCatalog = name == SystemTrees.Objects.Name || name == SystemTrees.Shadow.Name;
        var definition = isCatalog
            ? SystemTables.Define(database.PageSize).Find(name)
            : database.Schemas.Of(this).Find(name);
        _systemTables[(database.Slot, name)] = access = new(database, this, definition);
        return access;
    }
}
