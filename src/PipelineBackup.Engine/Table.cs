namespace PipelineBackup.Engine;

/// <summary>
/// A table as a session has it open. Good for as long as the session; it follows changes of the definition.
/// </summary>
public sealed class Table : IDisposable
{
    private readonly string _name;
    private readonly ObjectId _id;
    private TableAccess _access;
    private TableCursor? _lookup;
    private bool _isClosed;

    internal Table(EngineSession session, EngineDatabase database, DatabaseTables tables, TableDefinition definition)
    {
        (Session, Database, Tables) = (session, database, tables);
        (_name, _id) = (definition.Name, definition.ObjectId);
        _access = session.Core.Access(tables, definition);
    }

    /// <summary>Its session.</summary>
    public EngineSession Session { get; }

    /// <summary>Its database.</summary>
    public EngineDatabase Database { get; }

    /// <summary>What it was defined as when it was last used.</summary>
    public TableDefinition Definition => _access.Definition;

    /// <summary>The columns of its rows: inherited ones first, each group in the order of the numbers.</summary>
    public IReadOnlyList<ColumnDefinition> Columns => _access.Columns;

    internal DatabaseTables Tables { get; }

    /// <summary>Values to be put into rows; nothing is set yet.</summary>
    public RowValues NewRow()
    {
        using (Session.Enter())
            return new(Resolve());
    }

    /// <summary>
    /// Inserts a row. Columns that are not set have their default, or NULL; the engine sets those that count.
    /// </summary>
    /// <param name="values">Its values.</param>
    /// <returns>The key that the row stands under, which finds it again.</returns>
    /// <exception cref="EseException">
    /// −1605: there is a row of that key; −1504, −1053: a column is NULL that cannot be; −1102: another transaction has
    /// to do with that key, or with the definition; −1026: it is too long; −1048: a value is set that the engine sets;
    /// −1047, −1506, −1509: a value does not suit its column; −1406: an index orders UTF-16 text; −1054: no transaction
    /// is open; −1305: the table is gone.
    /// </exception>
    public byte[] Insert(RowValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        using (Session.Enter(mayWrite: true))
            return Resolve().Insert(values).ToArray();
    }

    /// <summary>Changes values of a row.</summary>
    /// <param name="bookmark">The key that it stands under.</param>
    /// <param name="values">What changes; all other columns stay as they are.</param>
    /// <exception cref="EseException">
    /// −1017: there is no such row; −1604: its primary key would change; else as <see cref="Insert"/>.
    /// </exception>
    public void Update(ReadOnlySpan<byte> bookmark, RowValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        using (Session.Enter(mayWrite: true))
            Resolve().Update(bookmark, values);
    }

    /// <summary>Deletes a row.</summary>
    /// <param name="bookmark">The key that it stands under.</param>
    /// <exception cref="EseException">
    /// −1017: there is no such row; −1102: another transaction changed it; −1054: no transaction is open; −1305: the
    /// table is gone.
    /// </exception>
    public void Delete(ReadOnlySpan<byte> bookmark)
    {
        using (Session.Enter(mayWrite: true))
            Resolve().Delete(bookmark);
    }

    /// <summary>Adds to a column that several transactions may add to at once.</summary>
    /// <param name="bookmark">The key that the row stands under.</param>
    /// <param name="column">Name of the column.</param>
    /// <param name="delta">How much.</param>
    /// <exception cref="EseException">
    /// −1017: there is no such row; −1048: the column is no such counter; −1047: it does not hold that much; −1102: another transaction changed the row in
    /// another way; −1054: no transaction is open; −1507: there is no such column; −1305: the table is gone.
    /// </exception>
    public void EscrowUpdate(ReadOnlySpan<byte> bookmark, string column, long delta)
    {
        using (Session.Enter(mayWrite: true))
        {
            var access = Resolve();
            access.Add(bookmark, access.IndexOf(column), delta);
        }
    }

    /// <summary>A cursor before the first row.</summary>
    /// <param name="index">
    /// Name of the index in whose order it goes; null for the primary one, or the rows' numbers.
    /// </param>
    /// <exception cref="EseException">−1404: there is no such index. −1305: the table is gone.</exception>
    public TableCursor OpenCursor(string? index = null)
    {
        using (Session.Enter())
            return new(this, Resolve(), index);
    }

    /// <summary>Finds a row by its primary key.</summary>
    /// <param name="key">The values of the key's columns.</param>
    /// <returns>A cursor on the row, good until the next call; null when there is no such row.</returns>
    /// <exception cref="EseException">−1519: the table has no primary index. −1305: the table is gone.</exception>
    public TableCursor? Find(params ReadOnlySpan<object?> key)
    {
        _lookup ??= OpenCursor();
        return _lookup.Seek(key) ? _lookup : null;
    }

    /// <summary>Closes it: whoever uses it or its cursors later is refused.</summary>
    public void Dispose() => _isClosed = true;

    /// <summary>The table in the definition that the session sees now. Within an operation.</summary>
    /// <exception cref="EseException">−1305: it is gone.</exception>
    internal TableAccess Resolve()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        var catalog = Tables.Schemas.Of(Session.Core);
        if (!catalog.TryFind(_name, out var definition) || definition.ObjectId != _id)
            throw new EseException(EseError.ObjectNotFound, $"the table {_name} is gone");
        if (definition != _access.Definition)
            _access = Session.Core.Access(Tables, definition);
        return _access;
    }
}
