namespace PipelineBackup.Engine;

// Indexes, and the rows that tell of all of it.
internal sealed partial class SchemaEditor
{
    private const int RowsBetweenBreaths = 64;

    private TableAccess Objects => session.System(database, SystemTrees.Objects.Name);

    private TableAccess Shadow => session.System(database, SystemTrees.Shadow.Name);

    /// <summary>Makes an index, and fills it with the rows there are.</summary>
    /// <param name="name">Name of the table.</param>
    /// <param name="index">The index.</param>
    /// <exception cref="EseException">
    /// −1305: there is no such table; −1403: there is such an index; −1605: it is unique and rows have the same key;
    /// −1053: a row is NULL where it admits none; −1308: it is primary, and there are rows; −1323: the definition is
    /// fixed; −1102: the table is being changed; −1002, −1003, −1402, −1406, −1507: what is asked for cannot be.
    /// </exception>
    public void CreateIndex(string name, NewIndex index) => session.Within(() =>
    {
        var table = database.Schemas.Of(session).Find(name);
        var state = Enter(table);

        // What is wrong with it is told before a tree is made.
        RequireOrder([_plan.Index(index, table, table.ObjectId, table.Root, Now)]);
        if (index.IsPrimary)
        {
            if (database.Editor.View(state.Rows.Root) is not { NodeCount: 0, IsLeaf: true })
                throw new EseException(EseError.TableNotEmpty, $"the rows of {table} have their places");
            Write(_plan.Index(index, table, table.ObjectId, table.Root, Now));
            Changed();
            return;
        }

        var kind = PageFlags.Index | (index.IsUnique ? PageFlags.None : PageFlags.NonUniqueKeys);
        var tree = Make(state.Rows, kind, 1);
        Write(_plan.Index(index, table, tree.ObjectId, tree.Root, Now));
        Changed();
        Fill(tree, state, database.Schemas.Of(session).Find(name).FindIndex(index.Name)!);
    });

    /// <summary>Deletes an index.</summary>
    /// <param name="name">Name of the table.</param>
    /// <param name="index">Name of the index.</param>
    /// <exception cref="EseException">
    /// −1305, −1404: there is no such table or index; −1405: it is the primary one; −1323: the definition is fixed;
    /// −1102: the table is being changed.
    /// </exception>
    public void DeleteIndex(string name, string index) => session.Within(() =>
    {
        var table = database.Schemas.Of(session).Find(name);
        var found = table.FindIndex(index)
            ?? throw new EseException(EseError.IndexNotFound, $"the table {table} has no index {index}");
        if (found.IsPrimary)
            throw new EseException(EseError.IndexMustStay, $"the rows of {table} are in the order of {found}");
        Enter(table);
        Erase(database.Schemas.Entries(session, table.ObjectId).Single(
            entry => entry.Kind == CatalogEntryKind.Index && entry.Id == found.ObjectId.Value));
        Changed();
        DropLater(database.Tree(found));
    });

    // Whatever becomes of the transaction: when it is undone the tree goes as a whole.
    private void Fill(EngineTree tree, TableState state, IndexDefinition index)
    {
        var access = session.Access(database, index.Table);
        var keys = new IndexKeys(index.Table, access.Values, index, session.All.Engine.Options.UnicodeOrder);
        var rows = new NodeCursor(database, session, state.Rows);
        int count = 0;
        for (bool more = rows.MoveFirst(); more; more = rows.MoveNext())
        {
            RowKeys.Make(keys, new RecordView(rows.Data, database.Format));
            for (int i = 0; i < keys.Count; i++)
            {
                session.RequireLogged(database);
                if (!database.Trees.Insert(session.Origin, tree, keys[i], rows.Key))
                    throw new EseException(EseError.KeyDuplicate,
                        $"rows of {index.Table} have the same key in {index}");
            }

            if (++count % RowsBetweenBreaths == 0)
                session.Breathe();
        }
    }

    private void Changed() => session.Outer!.Schemas[database] = null;

    private void Write(CatalogEntry entry)
    {
        byte[] row = _writer.Write(entry);
        Objects.Insert(row);
        Shadow.Insert(row);
        if (Listed(entry) is { } listed)
            session.System(database, SystemTables.Objids.Name).Insert(listed.Build);
    }

    private void Erase(CatalogEntry entry)
    {
        byte[] key = CatalogKeys.Of(entry.TableId, entry.Kind, entry.Id);
        Objects.Erase(key);
        Shadow.Erase(key);
        if (Listed(entry) is not null)
            session.System(database, SystemTables.Objids.Name).Erase(CatalogKeys.OfObject(new(entry.Id)));
    }

    // Older formats have no list; a primary index is its table.
    private ObjidRow? Listed(CatalogEntry entry)
    {
        bool isObject = entry.Kind is CatalogEntryKind.Table or CatalogEntryKind.Index or CatalogEntryKind.LongValues
            && !(entry.Kind == CatalogEntryKind.Index && entry.Id == entry.TableId.Value);
        return isObject && database.Schemas.HasObjectList(session)
            ? new(new(entry.Id), entry.TableId, entry.Kind)
            : null;
    }
}
