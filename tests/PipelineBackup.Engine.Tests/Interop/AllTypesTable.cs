using System.Text;

namespace PipelineBackup.Engine.Tests.Interop;

/// <summary>
/// A table with columns of all types and storages, random rows in it, and what they hold: bytes as stored, several for
/// columns of several values.
/// </summary>
internal sealed class AllTypesTable(Random random)
{
    public const string Name = "everything";

    private static readonly string[] s_words = ["inbox", "Zulu", "0123", "message", "x-ray", "café", "AbC", "lorem"];

    /// <summary>Rows by id, then columns by name; none for NULL.</summary>
    public SortedDictionary<int, Dictionary<string, byte[][]>> Rows { get; } = [];

    public static NewTable Definition => new(Name)
    {
        Columns =
        [
            new("id", ColumnType.Long) { IsNotNull = true },
            new("f-bit", ColumnType.Bit), new("f-byte", ColumnType.UnsignedByte), new("f-short", ColumnType.Short),
            new("f-ushort", ColumnType.UnsignedShort), new("f-ulong", ColumnType.UnsignedLong),
            new("f-currency", ColumnType.Currency), new("f-longlong", ColumnType.LongLong),
            new("f-single", ColumnType.Single), new("f-double", ColumnType.Double), new("f-time", ColumnType.DateTime),
            new("f-guid", ColumnType.Guid),
            new("f-binary", ColumnType.Binary) { MaxLength = 20, Storage = ColumnStorage.Fixed },
            new("f-text", ColumnType.Text) { MaxLength = 10, Storage = ColumnStorage.Fixed, CodePage = 1252 },
            new("f-default", ColumnType.Long) { Default = new byte[] { 42, 0, 0, 0 } },
            new("f-version", ColumnType.Long) { IsVersion = true },
            new("f-counter", ColumnType.Long) { IsEscrow = true },
            new("v-binary", ColumnType.Binary), new("v-text", ColumnType.Text) { CodePage = 1252 },
            new("v-wide", ColumnType.Text) { MaxLength = 120 },
            new("t-binary", ColumnType.Binary) { Storage = ColumnStorage.Tagged },
            new("t-long", ColumnType.Long) { Storage = ColumnStorage.Tagged },
            new("t-default", ColumnType.Short) { Storage = ColumnStorage.Tagged, Default = new byte[] { 7, 0 } },
            new("t-many", ColumnType.Long) { IsMultiValued = true },
            new("t-names", ColumnType.Text) { IsMultiValued = true, CodePage = 1252, MaxLength = 60 },
            new("l-binary", ColumnType.LongBinary), new("l-text", ColumnType.LongText) { CodePage = 1252 },
            new("l-wide", ColumnType.LongText), new("l-many", ColumnType.LongBinary) { IsMultiValued = true },
            new("c-binary", ColumnType.LongBinary) { IsCompressed = true },
            new("c-text", ColumnType.LongText) { IsCompressed = true, CodePage = 1252 },
            new("c-wide", ColumnType.LongText) { IsCompressed = true },
        ],
        Indexes =
        [
            new("primary", "id") { IsPrimary = true },
            new("by-guid", "f-guid") { Nulls = IndexNulls.IgnoreAny },
            new("by-many", "t-many", "f-short"),
            new("by-text", new NewIndexSegment("v-text", IsDescending: true), "f-double"),
        ],
    };

    public void Insert(Table table, int id)
    {
        var row = new Dictionary<string, byte[][]>();
        var values = table.NewRow();
        foreach (var column in table.Columns)
        {
            bool isCounted = (column.Flags & (ColumnFlags.Version | ColumnFlags.Escrow)) != 0;
            bool isSet = !isCounted && (column.Name == "id" || random.Next(4) > 0);
            row[column.Name] = isCounted ? [new byte[4]]
                : !isSet ? column.Default is { } value ? [value.ToArray()] : []
                : column.Name == "id" ? [BitConverter.GetBytes(id)]
                : NewValues(column);
            if (isSet)
                Put(values, column, row[column.Name]);
        }

        table.Insert(values);
        Rows.Add(id, row);
    }

    public void Change(Table table)
    {
        var (id, row) = Rows.ElementAt(random.Next(Rows.Count));
        var cursor = table.Find(id)!;
        if (random.Next(5) == 0)
        {
            cursor.Delete();
            Rows.Remove(id);
            return;
        }

        if (random.Next(4) == 0)
        {
            cursor.EscrowUpdate("f-counter", 5);
            Raise(row, "f-counter", 5);
            return;
        }

        var values = table.NewRow();
        foreach (var column in table.Columns)
        {
            if (random.Next(6) > 0 || column.Name == "id" || (column.Flags & (ColumnFlags.Version | ColumnFlags.Escrow)) != 0)
                continue;
            // NULL where NULL is not what a row has that sets nothing: few readers know of it.
            bool isOver = column.Default is not null && !column.Id.IsFixed;
            row[column.Name] = random.Next(5) == 0 && !isOver ? [] : NewValues(column);
            values.SetNull(column.Name);
            Put(values, column, row[column.Name]);
        }

        cursor.Update(values);
        Raise(row, "f-version", 1);
    }

    /// <summary>The rows of a table are those that were written.</summary>
    /// <returns>How the single values stand there, by id and column.</returns>
    public Dictionary<(int Id, string Column), TaggedValueKind> RequireIn(IPageFile file)
    {
        var kinds = new Dictionary<(int Id, string Column), TaggedValueKind>();
        var reader = new TableReader(file, CatalogReader.Read(file).Find(Name));
        foreach (var (id, row) in Rows)
        {
            Assert.True(reader.MoveNext(), $"row {id} is missing");
            for (int i = 0; i < reader.Columns.Count; i++)
            {
                var values = reader.Row[i];
                byte[][] expected = row[reader.Columns[i].Name];
                Assert.True(expected.Length == values.Count, $"row {id}: {values.Count} values in {reader.Columns[i]}");
                for (int j = 0; j < values.Count; j++)
                    Assert.True(reader.Read(values[j]).SequenceEqual(expected[j]), $"row {id}: {reader.Columns[i]}");
                if (values.Count == 1)
                    kinds.Add((id, reader.Columns[i].Name), values[0].Kind);
            }
        }

        Assert.False(reader.MoveNext());
        return kinds;
    }

    private static void Raise(Dictionary<string, byte[][]> row, string column, int by) =>
        row[column] = [BitConverter.GetBytes(BitConverter.ToInt32(row[column][0]) + by)];

    private static void Put(RowValues values, ColumnDefinition column, byte[][] all)
    {
        foreach (byte[] value in all)
        {
            if (column.IsMultiValued)
                values.Add(column.Name, value);
            else
                values.Set(column.Name, value);
        }
    }

    private byte[][] NewValues(ColumnDefinition column) =>
        [.. Enumerable.Range(0, column.IsMultiValued ? random.Next(1, 4) : 1).Select(_ => NewValue(column))];

    private byte[] NewValue(ColumnDefinition column)
    {
        int most = !column.Type.IsLong() ? (int)column.StoredLength
            : random.Next(12) == 0 ? 150_000 : random.Next(4) == 0 ? 9000 : 300;
        bool isFixed = column.Id.IsFixed;
        if (column.Type == ColumnType.Bit)
            return [(byte)(random.Next(2) * 0xFF)];
        if (column.Type is ColumnType.Single)
            return BitConverter.GetBytes(random.Next(-1000, 1000) / 8f);
        if (column.Type is ColumnType.Double or ColumnType.DateTime)
            return BitConverter.GetBytes(random.Next(-100_000, 100_000) / 8.0);
        if (column.Type.FixedBytes() is var bytes and > 0)
            return Bytes(bytes);
        if (!column.Type.IsText())
            return isFixed ? Bytes(most) : random.Next(2) == 0 ? Bytes(random.Next(1, most + 1)) : Repeated(random.Next(1, most + 1));
        byte[] text = Text(column.IsUnicode ? most / 2 : most, isFixed, column.IsUnicode);
        return text;
    }

    private byte[] Bytes(int count)
    {
        byte[] value = new byte[count];
        random.NextBytes(value);
        return value;
    }

    private byte[] Repeated(int count)
    {
        byte[] value = new byte[count], some = Bytes(16);
        for (int i = 0; i < count; i++)
            value[i] = some[i % some.Length];
        return value;
    }

    private byte[] Text(int most, bool isFull, bool isUnicode)
    {
        var text = new StringBuilder();
        int length = isFull ? most : random.Next(1, most + 1);
        while (text.Length < length)
            text.Append(s_words[random.Next(s_words.Length)]).Append(' ');
        text.Length = length;
        text[^1] = 'e';
        string whole = text.ToString();
        return isUnicode ? Encoding.Unicode.GetBytes(whole) : Encoding.Latin1.GetBytes(whole);
    }
}
