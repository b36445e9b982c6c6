namespace PipelineBackup.Engine;

/// <summary>
/// Changes what tables are defined as, within the transactions of a session: others see it when it is committed, and a
/// rollback takes trees back that were made for it.
/// </summary>
/// <remarks>
/// A change is rows of the catalog, of its shadow, of the list of objects, and trees. Trees that are deleted stay until
/// nobody sees the time before. Used within the engine's latch.
/// </remarks>
/// <param name="database">The database.</param>
/// <param name="session">The session.</param>
internal sealed partial class SchemaEditor(DatabaseTables database, SessionCore session)
{
    private readonly CatalogEntries _plan = new(database.Version, database.PageSize);
    private readonly CatalogWriter _writer = new(database.Format);

    private DateTimeOffset Now => session.All.Engine.Options.Time.GetUtcNow();

    /// <summary>Makes a table.</summary>
    /// <param name="table">The table.</param>
    /// <exception cref="EseException">
    /// −1303: there is one of that name; −1305: there is no such template; −1002, −1003, −1402, −1403, −1406, −1507,
    /// −1508, −1511: what is asked for cannot be. And what trees throw.
    /// </exception>
    public void CreateTable(NewTable table) => session.Within(() =>
    {
        CatalogEntries.CheckName(table.Name);
        var catalog = database.Schemas.Of(session);
        if (catalog.TryFind(table.Name, out _))
            throw new EseException(EseError.TableDuplicate, $"there is a table {table.Name} already");
        IReadOnlyList<CatalogEntry> template = [];
        if (table.Template is { } name)
            template = database.Schemas.Entries(session, catalog.Find(name).ObjectId);
        var rows = Make(database.Root, PageFlags.None, (uint)Math.Max(1, table.Pages));
        var entries = _plan.Whole(table, rows.ObjectId, rows.Root, Place, template, Now);
        RequireOrder(entries);
        foreach (var entry in entries)
            Write(entry);
        Changed();
        database.StateOf(database.Schemas.Of(session).Find(table.Name)).EnterDefinition(session.Outer!);

        (ObjectId Id, PageNumber Root) Place(string index)
        {
            var own = table.Indexes.FirstOrDefault(
                one => one.Name.Equals(index, StringComparison.OrdinalIgnoreCase));
            var flags = (IndexFlags)(template.FirstOrDefault(
                one => one.Kind == CatalogEntryKind.Index && one.Name == index)?.Flags ?? 0);
            bool isUnique = own?.IsUnique ?? (flags & IndexFlags.Unique) != 0;
            var tree = Make(rows, PageFlags.Index | (isUnique ? PageFlags.None : PageFlags.NonUniqueKeys), 1);
            return (tree.ObjectId, tree.Root);
        }
    });

    /// <summary>Deletes a table with all its rows.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="EseException">
    /// −1305: there is none; −1318: it is one of the engine; −1319: others inherit from it; −1102: it is being changed.
    /// </exception>
    public void DeleteTable(string name) => session.Within(() =>
    {
        var catalog = database.Schemas.Of(session);
        var table = catalog.Find(name);
        if (table.IsSystem)
            throw new EseException(EseError.CannotDeleteSystemTable, $"{table} is a table of the engine");
        if (catalog.Tables.Any(other => other.Template == table))
            throw new EseException(EseError.CannotDeleteTemplateTable, $"other tables inherit from {table}");
        var state = Enter(table, mayBeFixed: true);
        foreach (var entry in database.Schemas.Entries(session, table.ObjectId))
            Erase(entry);
        Changed();
        DropLater(state.Rows);
    });

    /// <summary>Adds a column to a table. Rows that are there have its default, or NULL.</summary>
    /// <param name="name">Name of the table.</param>
    /// <param name="column">The column.</param>
    /// <exception cref="EseException">
    /// −1305: there is no such table; −1508: there is such a column; −1504: rows that are there would lack a value;
    /// −1308: they would lack a number; −1510: there is a column that numbers rows; −1323: the definition is fixed;
    /// −1102: the table is being changed; −1002, −1040, −1506, −1511: what is asked for cannot be.
    /// </exception>
    public void AddColumn(string name, NewColumn column) => session.Within(() =>
    {
        var table = database.Schemas.Of(session).Find(name);
        var state = Enter(table);
        var counter = column.IsAutoIncrement ? ColumnFlags.AutoIncrement : column.IsVersion ? ColumnFlags.Version : 0;
        if (counter != 0 && table.AllColumns().Any(other => (other.Flags & counter) != 0))
            throw new EseException(EseError.ColumnRedundant, $"the table {table} has such a column already");
        bool needsValue = column.IsAutoIncrement || (column.IsNotNull && column.Default is null && !column.IsEscrow);
        if (needsValue && new NodeCursor(database, session, state.Rows).MoveFirst())
        {
            throw new EseException(column.IsAutoIncrement ? EseError.TableNotEmpty : EseError.NullInvalid,
                $"the rows of {table} would have no value in {column.Name}");
        }

        Write(_plan.Column(column, table));
        Changed();
    });

    /// <summary>Deletes a column of a table. What rows hold of it is not looked at any more.</summary>
    /// <param name="name">Name of the table.</param>
    /// <param name="column">Name of the column.</param>
    /// <exception cref="EseException">
    /// −1305, −1507: there is no such table or column; −1046: an index has it; −1323: the definition is fixed; −1102: the
    /// table is being changed.
    /// </exception>
    public void DeleteColumn(string name, string column) => session.Within(() =>
    {
        var table = database.Schemas.Of(session).Find(name);
        var found = table.OwnColumns.FirstOrDefault(
            one => !one.IsDeleted && one.Name.Equals(column, StringComparison.OrdinalIgnoreCase))
            ?? throw new EseException(EseError.ColumnNotFound, $"the table {table} has no column {column} of its own");
        Enter(table);
        foreach (var index in table.Indexes)
        {
            if (index.Segments.Any(segment => segment.Column == found)
                || index.Conditions.Any(condition => condition.Column == found))
                throw new EseException(EseError.ColumnInUse, $"the index {index} of {table} has the column {found}");
        }

        // The number and the place of the column are not given again, so its row stays.
        byte[] key = CatalogKeys.Of(table.ObjectId, CatalogEntryKind.Column, found.Id.Value);
        var entry = database.Schemas.Entries(session, table.ObjectId).Single(
            one => one.Kind == CatalogEntryKind.Column && one.Id == found.Id.Value);
        byte[] row = _writer.Write(entry with { TypeOrRoot = 0, Name = $"JetStub_{table.ObjectId}_{found.Id}" });
        Objects.Replace(key, row);
        Shadow.Replace(key, row);
        Changed();
    });

    /// <summary>Makes the tree of long values of a table, in a transaction of its own where others may need it too.</summary>
    /// <param name="table">The table.</param>
    /// <param name="state">What all sessions share of it.</param>
    public EngineTree CreateLongValues(TableDefinition table, TableState state)
    {
        if (!state.IsDefinedBy(session.Outer))
        {
            // Whoever may delete the table has to see the row of this tree, also when he began before it was made; who
            // does not see the table must not.
            database.Transactions.RunApart(
                other => new SchemaEditor(database, other).MakeLongValues(table, state), state.LastDefined);
            return state.LongValues!;
        }

        session.Within(() => MakeLongValues(table, state));
        session.Outer!.Effects.Add(new(_ => state.LongValues = null, null));
        return state.LongValues!;
    }

    private void MakeLongValues(TableDefinition table, TableState state)
    {
        var tree = Make(state.Rows, PageFlags.LongValue, 1);
        Write(_plan.LongValues(table.ObjectId, tree.ObjectId, tree.Root, Now));
        Changed();
        state.LongValues = tree;
    }

    private EngineTree Make(EngineTree parent, PageFlags kind, uint pages)
    {
        session.RequireLogged(database);
        var made = database.Trees.Space.CreateTree(session.Origin, parent, kind, pages);
        var tree = database.Know(made);
        session.Outer!.Effects.Add(new(
            _ => database.Transactions.AddWork(other => database.Drop(other, tree)), null));
        return tree;
    }

    private void DropLater(EngineTree tree) =>
        session.Outer!.Effects.Add(new(null, other => database.Drop(other, tree)));

    private TableState Enter(TableDefinition table, bool mayBeFixed = false)
    {
        if (session.Outer is not { } outer)
            throw SessionCore.NoTransaction();
        if (table.IsSystem)
            throw new EseException(EseError.PermissionDenied, $"{table} is a table of the engine");
        if (!mayBeFixed && (table.Flags & TableFlags.FixedDefinition) != 0)
            throw new EseException(EseError.FixedDDL, $"the definition of {table} is fixed");
        var state = database.StateOf(table);
        state.EnterDefinition(outer);
        return state;
    }

    private void RequireOrder(IEnumerable<CatalogEntry> entries)
    {
        bool hasText = entries.Any(entry => entry.Kind == CatalogEntryKind.Index
            && ((IndexFlags)entry.Flags & IndexFlags.LocalizedText) != 0);
        if (hasText && session.All.Engine.Options.UnicodeOrder is null)
        {
            throw new EseException(EseError.IndexInvalidDef, "an index orders UTF-16 text, and nobody says how",
                "The order comes from tables of Windows: give an IUnicodeOrder, or index text of code page 1252.");
        }
    }
}
