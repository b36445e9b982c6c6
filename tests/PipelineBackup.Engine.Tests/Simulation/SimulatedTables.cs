using PipelineBackup.Engine.Tests.Life;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>The tables of a simulation: everything in a row follows from its key and one number.</summary>
internal static class SimulatedTables
{
    /// <summary>The table whose numbers several transactions move at once.</summary>
    public const string Counters = "counters";

    /// <summary>Tables that come and go.</summary>
    public static IReadOnlyList<string> Names { get; } = ["t0", "t1", Counters];

    /// <summary>Rows that a table may have.</summary>
    public static int Most(string table) => table == Counters ? 8 : 300;

    /// <summary>Definition of a table.</summary>
    public static NewTable Define(string table) => table == Counters
        ? new(table)
        {
            Columns = [new("id", ColumnType.Long) { IsNotNull = true },
                new("value", ColumnType.Long) { IsEscrow = true }],
            Indexes = [new("primary", "id") { IsPrimary = true }],
        }
        : new(table)
        {
            Columns =
            [
                new("id", ColumnType.Long) { IsNotNull = true },
                new("value", ColumnType.Long),
                new("name", ColumnType.Text) { CodePage = 1252 },
                new("tags", ColumnType.Long) { IsMultiValued = true },
                new("note", ColumnType.LongBinary) { IsCompressed = table == "t1" },
            ],
            Indexes =
            [
                new("primary", "id") { IsPrimary = true },
                new("by-name", "name"),
                new("by-tag", "tags"),
            ],
        };

    /// <summary>Sets all that follows from the number of a row.</summary>
    public static RowValues Put(RowValues values, string table, int value)
    {
        if (table == Counters)
            return values;
        values.Set("value", value).Set("name", Name(value)).SetNull("tags");
        for (int tag = value % 4; tag > 0; tag--)
            values.Add("tags", tag + value % 50);
        return values.Set("note", (object?)Note(value));
    }

    /// <summary>All rows of a database, each as its number says.</summary>
    public static void Read(EmbeddedEngine engine, EngineDatabase database, int number, Dictionary<RowName, int> rows)
    {
        using var session = engine.CreateSession();
        foreach (string table in session.TableNames(database))
        {
            rows.Add(RowName.Of(number, table), 0);
            var cursor = session.OpenTable(database, table).OpenCursor();
            while (cursor.MoveNext())
            {
                int key = cursor.GetInt32("id")!.Value, value = cursor.GetInt32("value")!.Value;
                rows.Add(new(number, table, key), value);
                if (table == Counters)
                    continue;
                string what = $"database {number}, {table}, row {key}";
                Assert.True(cursor.GetString("name") == Name(value), $"{what}: name");
                Assert.True(cursor.Count("tags") == value % 4, $"{what}: tags");
                byte[]? note = Note(value), found = cursor.IsNull("note") ? null : [.. cursor.GetBytes("note")];
                Assert.True(note is null ? found is null : found is not null && found.SequenceEqual(note),
                    $"{what}, number {value}: its note has {found?.Length} bytes, was {note?.Length}; "
                    + $"the same up to {found?.AsSpan().CommonPrefixLength(note)}");
            }
        }
    }

    private static string Name(int value) => new((char)('a' + value % 26), 1 + value % 120);

    // Within the record, or apart from it, in one chunk or several.
    private static byte[]? Note(int value)
    {
        int length = (value % 16) switch { 0 => 9000, 1 or 2 => 1500, < 9 => 1 + value % 90, _ => 0 };
        if (length == 0)
            return null;
        byte[] note = new byte[length];
        if (value % 3 == 0)
            new Random(value).NextBytes(note);
        else
            note.AsSpan().Fill((byte)value);
        return note;
    }
}
