using System.Buffers.Binary;
using System.Globalization;

namespace PipelineBackup.Engine;

/// <summary>
/// A table as one session uses it, in one definition: makes records of values, and changes rows with all their index
/// entries and long values.
/// </summary>
/// <remarks>
/// Each change of a row is a transaction within those of the session: it is done whole or not at all. Used within the
/// engine's latch, but for <see cref="Columns"/> and <see cref="IndexOf"/>.
/// </remarks>
internal sealed partial class TableAccess
{
    private readonly RowLayout _layout;
    private readonly Dictionary<string, int> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly RecordBuilder _builder;
    private readonly int _mostBytes;
    private RowKeys? _keys, _oldKeys;
    private byte[] _record = [], _key = [];

    /// <summary>A table.</summary>
    /// <param name="database">The database.</param>
    /// <param name="session">Who uses it.</param>
    /// <param name="definition">What it is defined as.</param>
    public TableAccess(DatabaseTables database, SessionCore session, TableDefinition definition)
    {
        Database = database;
        Session = session;
        Definition = definition;
        State = database.StateOf(definition);
        Values = new(database, session, definition);
        _layout = new(definition);
        _builder = new(definition, database.Format);
        _mostBytes = RecordLimits.MostBytes(database.PageSize, definition);
        for (int i = 0; i < _layout.Columns.Length; i++)
            _byName[_layout.Columns[i].Name] = i;
    }

    /// <summary>The database.</summary>
    public DatabaseTables Database { get; }

    /// <summary>Who uses it.</summary>
    public SessionCore Session { get; }

    /// <summary>What it is defined as.</summary>
    public TableDefinition Definition { get; }

    /// <summary>What all sessions share of it.</summary>
    public TableState State { get; }

    /// <summary>Its long values.</summary>
    public LongValueStore Values { get; }

    /// <summary>The columns of its rows: inherited ones first.</summary>
    public ColumnDefinition[] Columns => _layout.Columns;

    /// <summary>What makes columns of records.</summary>
    public RowLayout Layout => _layout;

    /// <summary>Index of a column.</summary>
    /// <param name="name">Its name, whatever the case.</param>
    /// <exception cref="EseException">−1507: there is none.</exception>
    public int IndexOf(string name) => _byName.TryGetValue(name, out int index) ? index
        : throw new EseException(EseError.ColumnNotFound, $"the table {Definition} has no column {name}");

    /// <summary>Inserts a row.</summary>
    /// <param name="values">Its values.</param>
    /// <returns>The row's key, good until the next change.</returns>
    public ReadOnlySpan<byte> Insert(RowValues values)
    {
        EnterChange();
        Session.Within(() =>
        {
            _builder.StartNew();
            Apply(values, isNew: true);
            Count(isNew: true);
            Finish();
            InsertBuilt();
        });
        return _key;
    }

    /// <summary>Inserts a row that is a record already.</summary>
    /// <param name="record">The record; all its values stand in it.</param>
    public void Insert(ReadOnlySpan<byte> record)
    {
        Take(record);
        Session.Within(InsertBuilt);
    }

    /// <summary>Inserts a row that a builder holds.</summary>
    /// <param name="build">Fills the builder.</param>
    public void Insert(Action<RecordBuilder> build)
    {
        build(_builder);
        _record = _builder.ToArray();
        Session.Within(InsertBuilt);
    }

    /// <summary>Changes values of a row.</summary>
    /// <param name="key">The row's key.</param>
    /// <param name="values">What changes.</param>
    public void Update(ReadOnlySpan<byte> key, RowValues values)
    {
        EnterChange();
        _key = key.ToArray();
        byte[] old = Database.Nodes.RequireFree(Session, State.Rows, _key).Data.ToArray();
        Session.Within(() =>
        {
            _builder.Load(new(old, Database.Format));
            Apply(values, isNew: false);
            Count(isNew: false);
            Finish();
            ReplaceBuilt(old);
        });
    }

    /// <summary>Replaces a row by a record; what does not stand in either stays as it is.</summary>
    /// <param name="key">The row's key.</param>
    /// <param name="record">The record from then on.</param>
    public void Replace(ReadOnlySpan<byte> key, ReadOnlySpan<byte> record)
    {
        _key = key.ToArray();
        byte[] old = Database.Nodes.RequireFree(Session, State.Rows, _key).Data.ToArray();
        Take(record);
        Session.Within(() => ReplaceBuilt(old));
    }

    /// <summary>Deletes a row.</summary>
    /// <param name="key">Its key.</param>
    public void Delete(ReadOnlySpan<byte> key)
    {
        EnterChange();
        _key = key.ToArray();
        byte[] old = Database.Nodes.RequireFree(Session, State.Rows, _key).Data.ToArray();
        Session.Within(() => DeleteRow(old));
    }

    /// <summary>Deletes a row of a table of the engine.</summary>
    /// <param name="key">Its key.</param>
    public void Erase(ReadOnlySpan<byte> key)
    {
        _key = key.ToArray();
        byte[] old = Database.Nodes.RequireFree(Session, State.Rows, _key).Data.ToArray();
        Session.Within(() => DeleteRow(old));
    }

    /// <summary>Adds to a counter of a row, which others may do at the same time.</summary>
    /// <param name="key">The row's key.</param>
    /// <param name="column">Index of the column.</param>
    /// <param name="delta">How much.</param>
    /// <exception cref="EseException">
    /// −1048: the column is no such counter. −1047: that is more than it holds. −1504: it is NULL.
    /// </exception>
    public void Add(ReadOnlySpan<byte> key, int column, long delta)
    {
        var definition = Columns[column];
        if ((definition.Flags & ColumnFlags.Escrow) == 0)
            throw new EseException(EseError.ColumnNotUpdatable, $"the column {definition} is no counter");
        if (definition.FixedBytes == sizeof(int) && delta is < int.MinValue or > int.MaxValue)
            throw ColumnCodec.Unfit(definition, delta.ToString(CultureInfo.InvariantCulture));
        EnterChange();
        _key = key.ToArray();
        if (!Database.Trees.TryFind(State.Rows, _key, [], out var node))
            throw Deleted();
        var record = new RecordView(node.Data, Database.Format);
        var state = record.Fixed(definition.Id, definition.RecordOffset, definition.FixedBytes, out _);
        if (state == ColumnState.Null)
            throw new EseException(EseError.NullInvalid, $"the counter {definition} is NULL");
        if (state == ColumnState.Absent)
            Extend(column);
        Database.Nodes.Move(Session, State.Rows, _key, definition.RecordOffset, delta,
            definition.FixedBytes == sizeof(long));
    }

    private void EnterChange()
    {
        if (Session.Outer is not { } outer)
            throw SessionCore.NoTransaction();
        if (Definition.IsSystem)
            throw new EseException(EseError.PermissionDenied, $"{Definition} is a table of the engine");

        // Told before anything is changed: an index may order text that nobody here can order.
        _ = Keys;
        State.EnterChange(outer);
    }

    // A row from before the column was added: what it lacks is put in first.
    private void Extend(int column)
    {
        byte[] old = Database.Nodes.RequireFree(Session, State.Rows, _key).Data.ToArray();
        Session.Within(() =>
        {
            _builder.Load(new(old, Database.Format));
            _builder.Set(column, Columns[column].Default is { } value
                ? value.Span
                : new byte[Columns[column].FixedBytes]);
            Finish();
            ReplaceBuilt(old);
        });
    }

    private void Take(ReadOnlySpan<byte> record) => _record = record.ToArray();

    private void Apply(RowValues values, bool isNew)
    {
        foreach (var change in values.Changes)
        {
            int column = IndexOf(change.Column.Name);
            var definition = Columns[column];
            var locked = isNew
                ? ColumnFlags.AutoIncrement | ColumnFlags.Version
                : ColumnFlags.AutoIncrement | ColumnFlags.Version | ColumnFlags.Escrow;
            if ((definition.Flags & ColumnFlags.Encrypted) != 0)
            {
                throw new EseException(EseError.ColumnNoEncryptionKey,
                    $"the values of {definition} are encrypted, the key is with the application");
            }

            if ((definition.Flags & locked) != 0)
                throw new EseException(EseError.ColumnNotUpdatable, $"the engine itself sets the column {definition}");
            switch (change.Kind)
            {
                case ValueChangeKind.Null:
                    _builder.SetNull(column);
                    break;
                case ValueChangeKind.Remove:
                    _builder.Remove(column, change.At);
                    break;
                default:
                    Set(column, definition, change.Kind == ValueChangeKind.Add, values.BytesOf(change));
                    break;
            }
        }
    }

    private void Set(int column, ColumnDefinition definition, bool isAdded, ReadOnlySpan<byte> value)
    {
        bool isLong = definition.Type.IsLong() && definition.Id.IsTagged;
        if (!isLong || value.Length <= RecordLimits.MostInRecord)
        {
            if (isAdded)
                _builder.Set(column, _builder.Count(column), value);
            else
                _builder.Set(column, value);
            return;
        }

        ColumnRules.CheckLength(definition, value.Length);
        var id = Values.Insert(value.ToArray(), (definition.Flags & ColumnFlags.Compressed) != 0);
        if (isAdded)
        {
            _builder.SetSeparated(column, _builder.Count(column), id);
            return;
        }

        while (_builder.Count(column) > 1)
            _builder.Remove(column, _builder.Count(column) - 1);
        _builder.SetSeparated(column, 0, id);
    }

    // Numbers of rows, and of their changes.
    private void Count(bool isNew)
    {
        Span<byte> bytes = stackalloc byte[ColumnCodec.MostFixedBytes];
        for (int i = 0; i < Columns.Length; i++)
        {
            var column = Columns[i];
            if ((column.Flags & ColumnFlags.Version) != 0)
            {
                int next = isNew ? 0 : unchecked(VersionOf(i) + 1);
                BinaryPrimitives.WriteInt32LittleEndian(bytes, next);
                _builder.Set(i, bytes[..sizeof(int)]);
            }
            else if (isNew && (column.Flags & ColumnFlags.AutoIncrement) != 0)
            {
                ulong next = NextAutoIncrement(i);
                _builder.Set(i, bytes[..ColumnCodec.WriteInteger(column, unchecked((long)next), bytes)]);
            }
        }
    }

    private int VersionOf(int column)
    {
        var values = _layout.Values(new(_builder.ToArray(), Database.Format), column);
        return values.IsNull ? -1 : BinaryPrimitives.ReadInt32LittleEndian(values[0].Stored);
    }

    // What does not fit stands apart; then the record is what will be written.
    private void Finish()
    {
        foreach (var (column, index) in RecordLimits.Separate(_builder, _mostBytes, Database.PageSize))
        {
            bool mayCompress = (Columns[column].Flags & ColumnFlags.Compressed) != 0;
            var kind = _builder.Value(column, index, out var stored);
            byte[] plain = kind == TaggedValueKind.Compressed
                ? Values.Read(new(stored, isCompressed: true)).ToArray()
                : stored.ToArray();
            _builder.SetSeparated(column, index, Values.Insert(plain, mayCompress));
        }

        _record = _builder.ToArray();
        var record = new RecordView(_record, Database.Format);
        for (int i = 0; i < Columns.Length; i++)
        {
            if ((Columns[i].Flags & ColumnFlags.NotNull) != 0 && _layout.Values(record, i).IsNull)
                throw new EseException(EseError.NullInvalid, $"the column {Columns[i]} of {Definition} cannot be NULL");
        }
    }

    private EseException Deleted() =>
        new(EseError.RecordDeleted, $"the row of {Definition} is not there any more");
}
