namespace PipelineBackup.Engine;

/// <summary>
/// Values of columns, to be put into a row: all that are to be set of a new one, or those that change of an old one.
/// Can be used again and again.
/// </summary>
/// <example>
/// <code>
/// var row = table.NewRow();
/// table.Insert(row.Set("id", 1).Set("name", "Ada").Add("tags", "first").Add("tags", "second"));
/// cursor.Update(row.Clear().SetNull("name"));
/// </code>
/// </example>
/// <remarks>Not for several threads at once.</remarks>
public sealed class RowValues
{
    private readonly TableAccess _table;
    private readonly List<ValueChange> _changes = [];
    private byte[] _bytes = new byte[256];
    private int _used;

    internal RowValues(TableAccess table) => _table = table;

    internal List<ValueChange> Changes => _changes;

    /// <summary>Forgets all values.</summary>
    public RowValues Clear()
    {
        _changes.Clear();
        _used = 0;
        return this;
    }

    /// <summary>Sets a column to a whole number.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="value">The number.</param>
    /// <exception cref="EseException">−1507: there is no such column. −1047: it does not hold that.</exception>
    public RowValues Set(string column, long value)
    {
        var definition = Find(column);
        Span<byte> bytes = stackalloc byte[ColumnCodec.MostFixedBytes];
        return Put(definition, ValueChangeKind.Set, bytes[..ColumnCodec.WriteInteger(definition, value, bytes)]);
    }

    /// <summary>Sets a column to a number with a fraction.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="value">The number.</param>
    /// <exception cref="EseException">−1507: there is no such column. −1047: it does not hold that.</exception>
    public RowValues Set(string column, double value)
    {
        var definition = Find(column);
        Span<byte> bytes = stackalloc byte[ColumnCodec.MostFixedBytes];
        return Put(definition, ValueChangeKind.Set, bytes[..ColumnCodec.WriteDouble(definition, value, bytes)]);
    }

    /// <summary>Sets a column to a truth value.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="EseException">−1507: there is no such column. −1047: it does not hold that.</exception>
    public RowValues Set(string column, bool value) => Set(column, value ? 1L : 0L);

    /// <summary>Sets a column to text; a column of several values loses all others.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="value">The text.</param>
    /// <exception cref="EseException">−1507: there is no such column. −1047: it does not hold that.</exception>
    public RowValues Set(string column, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var definition = Find(column);
        return Put(definition, ValueChangeKind.Set, ColumnCodec.WriteText(definition, value));
    }

    /// <summary>Sets a column to a point in time, as the type DateTime has it.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="value">The time; what is smaller than a millisecond is lost.</param>
    /// <exception cref="EseException">−1507: there is no such column. −1047: it does not hold that.</exception>
    public RowValues Set(string column, DateTime value) => Set(column, (object)value);

    /// <summary>Sets a column to a GUID.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="value">The GUID.</param>
    /// <exception cref="EseException">−1507: there is no such column. −1047: it does not hold that.</exception>
    public RowValues Set(string column, Guid value) => Set(column, (object)value);

    /// <summary>Sets a column to bytes as they are stored; a column of several values loses all others.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="value">The bytes.</param>
    /// <exception cref="EseException">−1507: there is no such column.</exception>
    public RowValues Set(string column, ReadOnlySpan<byte> value) => Put(Find(column), ValueChangeKind.Set, value);

    /// <summary>Sets a column to bytes as they are stored; a column of several values loses all others.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="value">The bytes.</param>
    /// <exception cref="EseException">−1507: there is no such column.</exception>
    public RowValues Set(string column, byte[] value) => Set(column, value.AsSpan());

    /// <summary>Sets a column to a value of any type that it takes, or to NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="value">A number, text, bytes, a truth value, a GUID, a point in time; null is NULL.</param>
    /// <exception cref="EseException">−1507: there is no such column. −1047: it does not hold that.</exception>
    public RowValues Set(string column, object? value)
    {
        var definition = Find(column);
        return value is null ? Put(definition, ValueChangeKind.Null, [])
            : Put(definition, ValueChangeKind.Set, ColumnCodec.Write(definition, value));
    }

    /// <summary>Sets a column to NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <exception cref="EseException">−1507: there is no such column.</exception>
    public RowValues SetNull(string column) => Put(Find(column), ValueChangeKind.Null, []);

    /// <summary>Adds one more value to a column that may have several.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="value">A value as <see cref="Set(string, object?)"/> takes it; not null.</param>
    /// <exception cref="EseException">−1507: there is no such column. −1047: it does not hold that.</exception>
    public RowValues Add(string column, object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var definition = Find(column);
        return Put(definition, ValueChangeKind.Add, ColumnCodec.Write(definition, value));
    }

    /// <summary>Takes one value of a column that may have several; those behind it move up.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="index">From 0.</param>
    /// <exception cref="EseException">−1507: there is no such column.</exception>
    public RowValues Remove(string column, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        _changes.Add(new(Find(column), ValueChangeKind.Remove, index, 0));
        return this;
    }

    internal ReadOnlySpan<byte> BytesOf(ValueChange change) => _bytes.AsSpan(change.At, change.Length);

    private ColumnDefinition Find(string column)
    {
        ArgumentNullException.ThrowIfNull(column);
        return _table.Columns[_table.IndexOf(column)];
    }

    private RowValues Put(ColumnDefinition column, ValueChangeKind kind, ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - _used < bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_used + bytes.Length, 2 * _bytes.Length));
        bytes.CopyTo(_bytes.AsSpan(_used));
        _changes.Add(new(column, kind, _used, bytes.Length));
        _used += bytes.Length;
        return this;
    }
}

/// <summary>What is done to a column.</summary>
internal enum ValueChangeKind : byte
{
    /// <summary>It gets one value.</summary>
    Set,

    /// <summary>It becomes NULL.</summary>
    Null,

    /// <summary>It gets one more value.</summary>
    Add,

    /// <summary>It loses one value.</summary>
    Remove,
}

/// <summary>A change of one column of a row.</summary>
/// <param name="Column">The column.</param>
/// <param name="Kind">What is done to it.</param>
/// <param name="At">Where the value is among the bytes; of a removal its index.</param>
/// <param name="Length">Length of the value.</param>
internal readonly record struct ValueChange(ColumnDefinition Column, ValueChangeKind Kind, int At, int Length);
