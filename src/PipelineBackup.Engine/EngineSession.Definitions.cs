namespace PipelineBackup.Engine;

// What tables are defined as. Each call is part of the transaction that is open; else one of its own, committed lazily.
public sealed partial class EngineSession
{
    /// <summary>Makes a table with its columns and indexes.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">The table.</param>
    /// <exception cref="EseException">
    /// −1303: there is one of that name; −1305: there is no such template; −1406: an index orders UTF-16 text and
    /// nobody says how; −1102: another makes one of that name; −1002, −1003, −1402, −1403, −1507, −1508, −1511: what is
    /// asked for cannot be.
    /// </exception>
    public void CreateTable(EngineDatabase database, NewTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        Define(database, editor => editor.CreateTable(table));
    }

    /// <summary>Deletes a table. Its space is free when nobody sees it any more.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">Name of the table.</param>
    /// <exception cref="EseException">
    /// −1305: there is none; −1318: it is one of the engine; −1319: others inherit from it; −1102: it is being changed.
    /// </exception>
    public void DeleteTable(EngineDatabase database, string table)
    {
        ArgumentNullException.ThrowIfNull(table);
        Define(database, editor => editor.DeleteTable(table));
    }

    /// <summary>Adds a column to a table. Rows that are there have its default, or NULL.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">Name of the table.</param>
    /// <param name="column">The column.</param>
    /// <exception cref="EseException">
    /// −1305: there is no such table; −1508: there is such a column; −1504: rows that are there would lack a value;
    /// −1308: they would lack a number; −1510: there is a column that counts so; −1323: the definition is fixed; −1102:
    /// the table is being changed; −1002, −1040, −1506, −1511: what is asked for cannot be.
    /// </exception>
    public void AddColumn(EngineDatabase database, string table, NewColumn column)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(column);
        Define(database, editor => editor.AddColumn(table, column));
    }

    /// <summary>Deletes a column of a table.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">Name of the table.</param>
    /// <param name="column">Name of the column.</param>
    /// <exception cref="EseException">
    /// −1305, −1507: there is no such table or column; −1046: an index has it; −1323: the definition is fixed; −1102:
    /// the table is being changed.
    /// </exception>
    public void DeleteColumn(EngineDatabase database, string table, string column)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(column);
        Define(database, editor => editor.DeleteColumn(table, column));
    }

    /// <summary>Makes an index over the rows there are.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">Name of the table.</param>
    /// <param name="index">The index.</param>
    /// <exception cref="EseException">
    /// −1305: there is no such table; −1403: there is such an index; −1406: it contradicts itself, or orders UTF-16
    /// text and nobody says how; −1605: it is unique and rows have the same key; −1053: a row is NULL where it admits
    /// none; −1308: it is primary, and there are rows; −1323: the definition is fixed; −1102: the table is being
    /// changed.
    /// </exception>
    public void CreateIndex(EngineDatabase database, string table, NewIndex index)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(index);
        Define(database, editor => editor.CreateIndex(table, index));
    }

    /// <summary>Deletes an index. Its space is free when nobody sees it any more.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">Name of the table.</param>
    /// <param name="index">Name of the index.</param>
    /// <exception cref="EseException">
    /// −1305, −1404: there is no such table or index; −1405: it is the primary one; −1323: the definition is fixed;
    /// −1102: the table is being changed.
    /// </exception>
    public void DeleteIndex(EngineDatabase database, string table, string index)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(index);
        Define(database, editor => editor.DeleteIndex(table, index));
    }

    private void Define(EngineDatabase database, Action<SchemaEditor> change)
    {
        ArgumentNullException.ThrowIfNull(database);
        using (Enter(mayWrite: true))
        {
            var tables = Use(database);
            int level = Core.Level;
            Core.Begin();
            try
            {
                change(new(tables, Core));
                Core.Commit();
            }
            catch when (Engine.Failure is null)
            {
                // Of an engine that failed recovery rolls back.
                while (Core.Level > level)
                    Core.RollBack();
                throw;
            }
        }
    }
}
