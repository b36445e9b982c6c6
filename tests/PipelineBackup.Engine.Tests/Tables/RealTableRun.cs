using System.Buffers.Binary;

namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>Changes rows of any table by chance, and what is expected of them.</summary>
internal sealed class RealTableRun(Table table, SortedDictionary<string, byte[][][]> rows, Random random)
{
    private readonly ColumnDefinition[] _columns = [.. table.Columns];
    private readonly TableCursor _cursor = table.OpenCursor();

    public int Go(int steps)
    {
        int done = 0;
        for (int i = 0; i < steps; i++)
        {
            try
            {
                int kind = random.Next(10);
                if (kind < 4 || rows.Count == 0)
                    Insert();
                else if (kind < 8)
                    Update();
                else
                    Delete();
                done++;
            }
            catch (EseException e) when (e.Error is EseError.KeyDuplicate or EseError.NullKeyDisallowed
                or EseError.KeyTruncated or EseError.RecordPrimaryChanged or EseError.RecordTooBig)
            {
            }
        }

        return done;
    }

    private void Insert()
    {
        byte[][][] row = new byte[_columns.Length][][];
        var values = table.NewRow();
        for (int i = 0; i < _columns.Length; i++)
        {
            var column = _columns[i];
            bool isCounted = (column.Flags & (ColumnFlags.AutoIncrement | ColumnFlags.Version)) != 0;
            bool isNeeded = (column.Flags & ColumnFlags.NotNull) != 0;
            isCounted |= (column.Flags & ColumnFlags.Encrypted) != 0;
            row[i] = isCounted ? [] : NewValues(column, isNeeded ? 1 : random.Next(column.IsMultiValued ? 4 : 2));
            if (row[i].Length == 0 && !isCounted)
            {
                // What is not set has its default.
                row[i] = column.Default is { } value ? [value.ToArray()] : [];
                continue;
            }

            foreach (byte[] value in row[i])
            {
                if (column.IsMultiValued)
                    values.Add(column.Name, value);
                else
                    values.Set(column.Name, value);
            }
        }

        byte[] key = table.Insert(values);
        Assert.True(_cursor.Goto(key), table.Definition.Name);
        for (int i = 0; i < _columns.Length; i++)
        {
            if ((_columns[i].Flags & (ColumnFlags.AutoIncrement | ColumnFlags.Version)) != 0)
                row[i] = [_cursor.GetBytes(_columns[i].Name).ToArray()];
        }

        Assert.True(rows.TryAdd(Convert.ToHexString(key), row));
    }

    private void Update()
    {
        string key = rows.Keys.ElementAt(random.Next(rows.Count));
        byte[] bookmark = Convert.FromHexString(key);
        byte[][][] row = [.. rows[key]];
        int at = random.Next(_columns.Length);
        var column = _columns[at];
        var values = table.NewRow();
        if ((column.Flags & ColumnFlags.Escrow) != 0)
        {
            table.EscrowUpdate(bookmark, column.Name, 5);
            long next = column.FixedBytes == 4
                ? BinaryPrimitives.ReadInt32LittleEndian(row[at][0]) + 5
                : BinaryPrimitives.ReadInt64LittleEndian(row[at][0]) + 5;
            rows[key] = row;
            row[at] = [BitConverter.GetBytes(next)[..column.FixedBytes]];
            return;
        }

        if ((column.Flags & ColumnFlags.Encrypted) != 0)
        {
            Assert.Equal(EseError.ColumnNoEncryptionKey, TableRig.ErrorOf(
                () => table.Update(bookmark, table.NewRow().Set(column.Name, new byte[4]))));
            return;
        }

        if ((column.Flags & (ColumnFlags.AutoIncrement | ColumnFlags.Version)) == 0)
        {
            bool isNeeded = (column.Flags & ColumnFlags.NotNull) != 0;
            row[at] = NewValues(column, isNeeded ? 1 : random.Next(column.IsMultiValued ? 4 : 2));
            values.Set(column.Name, row[at].Length > 0 ? row[at][0] : (object?)null);
            foreach (byte[] value in row[at].Skip(1))
                values.Add(column.Name, value);
        }

        table.Update(bookmark, values);
        for (int i = 0; i < _columns.Length; i++)
        {
            if ((_columns[i].Flags & ColumnFlags.Version) == 0)
                continue;
            int version = row[i].Length > 0 ? BinaryPrimitives.ReadInt32LittleEndian(row[i][0]) + 1 : 0;
            row[i] = [BitConverter.GetBytes(version)];
        }

        rows[key] = row;
    }

    private void Delete()
    {
        string key = rows.Keys.ElementAt(random.Next(rows.Count));
        table.Delete(Convert.FromHexString(key));
        rows.Remove(key);
    }

    private byte[][] NewValues(ColumnDefinition column, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => NewValue(column))];

    private byte[] NewValue(ColumnDefinition column)
    {
        int fixedBytes = column.Type.FixedBytes();
        int most = column.StoredLength > 0 ? (int)Math.Min(column.StoredLength, 20000) : column.Type.IsLong() ? 20000 : 255;
        int usual = random.Next(4) == 0 ? most : Math.Min(most, 30);
        bool isPadded = column.Id.IsFixed && fixedBytes == 0;
        byte[] value = new byte[fixedBytes > 0 ? fixedBytes : isPadded ? (int)column.StoredLength : random.Next(1, usual + 1)];
        if (column.IsUnicode)
            Array.Resize(ref value, value.Length & ~1);
        if (column.Type == ColumnType.Bit)
            value[0] = (byte)(random.Next(2) * 0xFF);
        else if (column.Type.IsText())
        {
            for (int i = 0; i < value.Length; i++)
                value[i] = column.IsUnicode && i % 2 == 1 ? (byte)0 : (byte)('a' + random.Next(26));
        }
        else if (column.Type is ColumnType.Single or ColumnType.Double or ColumnType.DateTime)
            BitConverter.GetBytes(random.Next(1000) / 8.0).AsSpan(8 - fixedBytes).CopyTo(value);
        else
            random.NextBytes(value);
        return value;
    }
}
