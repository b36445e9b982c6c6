using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Interop;

/// <summary>
/// Somebody else's reader finds in a database of this engine what was written. It cannot read the newest format, also
/// not what the engine of Windows wrote in it, so databases of older ones are made.
/// </summary>
public sealed class EsedbexportTests
{
    [Theory]
    [InlineData(8020, 4096)]
    [InlineData(8020, 32768)]
    [InlineData(8920, 8192)]
    [InlineData(8920, 16384)]
    public void It_exports_every_value_that_was_written(int format, int pageSize)
    {
        Esedbexport.Require();
        var rig = new LifeRig();
        var options = rig.Options with
        {
            Format = EngineFormat.All.Single(one => one.Number == format),
            PageSize = PageSize.Of(pageSize),
        };
        var rows = Write(rig, options, new(format + pageSize));
        byte[] written = rig.Disk.ReadAll(LifeRig.Database);
        var kinds = Kinds(written, rows);
        var (said, tables) = Esedbexport.Run(written);
        Assert.True(tables is not null, said);
        string[] names = [AllTypesTable.Name, "MSysLocales", "MSysObjects", "MSysObjectsShadow", "MSysObjids"];
        Assert.Equal(names, tables.Keys.Order(StringComparer.Ordinal).OrderBy(name => name.StartsWith("MSys", StringComparison.Ordinal)));
        Assert.Equal(tables["MSysObjects"], tables["MSysObjectsShadow"]);
        string[][] lines = tables[AllTypesTable.Name];
        Assert.Equal(rows.Rows.Count, lines.Length - 1);
        var columns = AllTypesTable.Definition.Columns.ToDictionary(column => column.Name);
        int compared = 0;
        foreach (string[] line in lines.Skip(1))
        {
            Assert.Equal(lines[0].Length, line.Length);
            int id = int.Parse(line[0], CultureInfo.InvariantCulture);
            for (int i = 0; i < line.Length; i++)
            {
                string name = lines[0][i];
                var kind = kinds.GetValueOrDefault((id, name));
                compared += Compare(columns[name], rows.Rows[id][name], kind, line[i]) ? 1 : 0;
            }
        }

        Assert.True(compared > rows.Rows.Count * 20, $"{compared} values of {rows.Rows.Count} rows");
    }

    // Half of the rows before a crash, half behind it.
    private static AllTypesTable Write(LifeRig rig, EngineOptions options, Random random)
    {
        var rows = new AllTypesTable(random);
        for (int run = 0; run < 2; run++)
        {
            var engine = LifeRig.Open(options);
            if (run == 0)
                LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
            var database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
            Assert.Equal(options.Format.Database, database.Version);
            using var session = engine.CreateSession();
            if (run == 0)
                session.CreateTable(database, AllTypesTable.Definition);
            using var table = session.OpenTable(database, AllTypesTable.Name);
            for (int i = 0; i < 40; i++)
            {
                using var transaction = session.BeginTransaction();
                rows.Insert(table, run * 100 + i);
                if (i % 2 == 0)
                    rows.Change(table);
                LifeRig.Now(transaction.CommitAsync(i == 39 ? CommitMode.Durable : CommitMode.Lazy));
            }

            if (run == 0)
            {
                rig.Disk.Crash(CrashKind.AllLost, new(1));
                continue;
            }

            session.Dispose();
            LifeRig.Now(engine.CloseAsync());
            rig.RequireSound(LifeRig.Database, "written");
        }

        return rows;
    }

    private static Dictionary<(int Id, string Column), TaggedValueKind> Kinds(byte[] database, AllTypesTable rows)
    {
        string path = Path.Combine(GoldenSets.NewFolder("written"), "a.edb");
        File.WriteAllBytes(path, database);
        using var file = DatabaseFile.Open(path);
        return rows.RequireIn(file);
    }

    // Whether it was compared. Left out is what the program shows otherwise in databases of the engine of Windows too:
    // what is at a fixed place it shows, NULL or not; of several values and of separated ones it shows nothing, of
    // a default outside of the record neither; fractions of 32 bits are 0, and compressed text of one byte a character
    // is read as UTF-16. Of XPRESS it shows the compressed bytes.
    private static bool Compare(NewColumn column, byte[][] values, TaggedValueKind kind, string shown)
    {
        bool isFixed = column.Name.StartsWith("f-", StringComparison.Ordinal);
        bool isDefault = column.Default is not null && shown.Length == 0;
        if ((values.Length == 0 && isFixed) || values.Length > 1 || kind == TaggedValueKind.Separated || isDefault
            || column.Type == ColumnType.Single)
            return false;
        bool isXpress = column.Type == ColumnType.LongBinary && shown.StartsWith("18", StringComparison.Ordinal);
        if (kind == TaggedValueKind.Compressed && (isXpress || (column.Type.IsText() && column.CodePage == 1252)))
            return false;
        string expected = values.Length == 0 ? "" : Text(column, values[0]);
        Assert.True(shown == expected, $"{column.Name}: {Short(shown)}, not {Short(expected)}");
        return true;
    }

    private static string Text(NewColumn column, byte[] value) => column.Type switch
    {
        ColumnType.Bit => value[0] == 0 ? "false" : "true",
        ColumnType.UnsignedByte => value[0].ToString(CultureInfo.InvariantCulture),
        ColumnType.Short => BinaryPrimitives.ReadInt16LittleEndian(value).ToString(CultureInfo.InvariantCulture),
        ColumnType.UnsignedShort => BinaryPrimitives.ReadUInt16LittleEndian(value).ToString(CultureInfo.InvariantCulture),
        ColumnType.Long => BinaryPrimitives.ReadInt32LittleEndian(value).ToString(CultureInfo.InvariantCulture),
        ColumnType.UnsignedLong => BinaryPrimitives.ReadUInt32LittleEndian(value).ToString(CultureInfo.InvariantCulture),
        ColumnType.LongLong => BinaryPrimitives.ReadInt64LittleEndian(value).ToString(CultureInfo.InvariantCulture),
        ColumnType.Currency => BinaryPrimitives.ReadUInt64LittleEndian(value).ToString(CultureInfo.InvariantCulture),
        ColumnType.Double => BinaryPrimitives.ReadDoubleLittleEndian(value).ToString("F6", CultureInfo.InvariantCulture),
        ColumnType.DateTime => $"(0x{BinaryPrimitives.ReadUInt32LittleEndian(value.AsSpan(4)):x8} 0x{BinaryPrimitives.ReadUInt32LittleEndian(value):x8})",
        _ when column.Type.IsText() => (column.CodePage == 1252 ? Encoding.Latin1 : Encoding.Unicode).GetString(value),
        _ => Convert.ToHexStringLower(value),
    };

    private static string Short(string text) => text.Length > 120 ? $"{text[..120]}… ({text.Length})" : text;
}
