namespace PipelineBackup.Engine;

// The row that it stands on.
public sealed partial class TableCursor
{
    private byte[] _plain = [];

    /// <summary>Whether a column is NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <exception cref="EseException">
    /// −1603: it stands on no row; −1017: the row is not there any more; −1507: there is no such column.
    /// </exception>
    public bool IsNull(string column) => Count(column) == 0;

    /// <summary>Number of values that the row has in a column; 0 is NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <exception cref="EseException">As <see cref="IsNull"/> has them.</exception>
    public int Count(string column)
    {
        Renew();
        return Values(_access.IndexOf(column)).Count;
    }

    /// <summary>The bytes of a value; good until the next call.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="index">Which of its values, from 0.</param>
    /// <returns>Nothing when it is NULL.</returns>
    /// <exception cref="EseException">
    /// −1526, −1620: the value is damaged; −1622: it is encrypted; else as <see cref="IsNull"/> has them.
    /// </exception>
    public ReadOnlySpan<byte> GetBytes(string column, int index = 0)
    {
        Renew();
        int at = _access.IndexOf(column);
        var values = Values(at);
        if ((uint)index >= (uint)values.Count)
            return [];
        var value = values[index];
        if (value.IsPlain)
            return value.Stored;
        using (Begin())
        {
            RenewNow();
            var bytes = _access.Values.Read(Values(at)[index]);
            if (_plain.Length < bytes.Length)
                _plain = new byte[bytes.Length];
            bytes.CopyTo(_plain);
            return _plain.AsSpan(0, bytes.Length);
        }
    }

    /// <summary>Length of a value in bytes; 0 when it is NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="index">Which of its values, from 0.</param>
    /// <exception cref="EseException">As <see cref="GetBytes"/> has them.</exception>
    public long GetLength(string column, int index = 0)
    {
        using (Begin())
        {
            RenewNow();
            var values = Values(_access.IndexOf(column));
            return (uint)index < (uint)values.Count ? _access.Values.LengthOf(values[index]) : 0;
        }
    }

    /// <summary>Reads part of a value, of a long one only the part.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="offset">From where, in bytes.</param>
    /// <param name="destination">Takes the bytes.</param>
    /// <param name="index">Which of its values, from 0.</param>
    /// <returns>Bytes read; fewer at the end of the value, 0 when it is NULL.</returns>
    /// <exception cref="EseException">As <see cref="GetBytes"/> has them.</exception>
    public int Read(string column, long offset, Span<byte> destination, int index = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        using (Begin())
        {
            RenewNow();
            var values = Values(_access.IndexOf(column));
            if ((uint)index >= (uint)values.Count)
                return 0;
            if (values[index].IsSeparated)
                return _access.Values.ReadPart(values[index].Stored, offset, destination);
            var plain = _access.Values.Read(values[index]);
            plain = plain[(int)Math.Min(offset, plain.Length)..];
            plain = plain[..Math.Min(plain.Length, destination.Length)];
            plain.CopyTo(destination);
            return plain.Length;
        }
    }

    /// <summary>A whole number; null when it is NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="index">Which of its values, from 0.</param>
    /// <exception cref="EseException">
    /// −1047: the column holds none; −1206: the value is damaged; else as <see cref="IsNull"/>.
    /// </exception>
    public long? GetInt64(string column, int index = 0) =>
        Find(column, index, out var definition, out var bytes) ? ColumnCodec.ReadInteger(definition, bytes) : null;

    /// <summary>A whole number of 32 bits; null when it is NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="index">Which of its values, from 0.</param>
    /// <exception cref="EseException">
    /// −1047: the column holds none; −1206: the value is damaged; else as <see cref="IsNull"/>.
    /// </exception>
    /// <exception cref="OverflowException">It has more bits.</exception>
    public int? GetInt32(string column, int index = 0) => checked((int?)GetInt64(column, index));

    /// <summary>A number with a fraction; null when it is NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="index">Which of its values, from 0.</param>
    /// <exception cref="EseException">
    /// −1047: the column holds none; −1206: the value is damaged; else as <see cref="IsNull"/>.
    /// </exception>
    public double? GetDouble(string column, int index = 0) =>
        Find(column, index, out var definition, out var bytes) ? ColumnCodec.ReadDouble(definition, bytes) : null;

    /// <summary>A truth value; null when it is NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="index">Which of its values, from 0.</param>
    /// <exception cref="EseException">
    /// −1047: the column holds none; −1206: the value is damaged; else as <see cref="IsNull"/>.
    /// </exception>
    public bool? GetBoolean(string column, int index = 0) => GetInt64(column, index) is { } number ? number != 0 : null;

    /// <summary>Text; null when it is NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="index">Which of its values, from 0.</param>
    /// <exception cref="EseException">
    /// −1047: the column holds none; else as <see cref="GetBytes"/> has them.
    /// </exception>
    public string? GetString(string column, int index = 0) =>
        Find(column, index, out var definition, out var bytes) ? ColumnCodec.ReadText(definition, bytes) : null;

    /// <summary>A GUID; null when it is NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="index">Which of its values, from 0.</param>
    /// <exception cref="EseException">
    /// −1047: the column holds none; −1206: the value is damaged; else as <see cref="IsNull"/>.
    /// </exception>
    public Guid? GetGuid(string column, int index = 0) =>
        Find(column, index, out var definition, out var bytes) ? ColumnCodec.ReadGuid(definition, bytes) : null;

    /// <summary>A point in time; null when it is NULL.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="index">Which of its values, from 0.</param>
    /// <exception cref="EseException">
    /// −1047: the column holds none; −1206: the value is damaged; else as <see cref="IsNull"/>.
    /// </exception>
    public DateTime? GetDateTime(string column, int index = 0) =>
        Find(column, index, out var definition, out var bytes) ? ColumnCodec.ReadTime(definition, bytes) : null;

    /// <summary>Changes values of the row.</summary>
    /// <param name="values">What changes; all other columns stay as they are.</param>
    /// <exception cref="EseException">
    /// −1603: it stands on no row; else as <see cref="Table.Update"/> has them.
    /// </exception>
    public void Update(RowValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        using (Begin(mayWrite: true))
            _access.Update(Bookmark, values);
    }

    /// <summary>Deletes the row. The cursor stays where it was: the next move is to the one behind.</summary>
    /// <exception cref="EseException">
    /// −1603: it stands on no row; else as <see cref="Table.Delete"/> has them.
    /// </exception>
    public void Delete()
    {
        using (Begin(mayWrite: true))
            _access.Delete(Bookmark);
    }

    /// <summary>Adds to a column that several transactions may add to at once.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="delta">How much.</param>
    /// <returns>The value before, as this transaction sees it.</returns>
    /// <exception cref="EseException">−1603: it stands on no row; else as <see cref="Table.EscrowUpdate"/>.</exception>
    public long EscrowUpdate(string column, long delta)
    {
        long before = GetInt64(column) ?? 0;
        using (Begin(mayWrite: true))
            _access.Add(Bookmark, _access.IndexOf(column), delta);
        return before;
    }

    private bool Find(string column, int index, out ColumnDefinition definition, out ReadOnlySpan<byte> bytes)
    {
        bool isThere = (uint)index < (uint)Count(column);
        definition = _access.Columns[_access.IndexOf(column)];
        bytes = isThere ? GetBytes(column, index) : [];
        return isThere;
    }

    private ColumnValues Values(int column) =>
        _access.Layout.Values(new RecordView(_rows.Data, _table.Tables.Format), column);

    // What the session did since may have changed the row.
    private void Renew()
    {
        if (!Walker.IsOnNode)
            throw NoRow();
        if (_seen == _table.Session.Core.Changes)
            return;
        using (Begin())
            RenewNow();
    }

    private void RenewNow()
    {
        if (!Walker.IsOnNode)
            throw NoRow();
        if (!_rows.Refresh())
        {
            throw new EseException(EseError.RecordDeleted,
                $"the row of {_access.Definition} that the cursor stands on is not there any more");
        }

        _seen = _table.Session.Core.Changes;
    }
}
