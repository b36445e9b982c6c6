using System.Text;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Engine.Tests.Tables;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Interop;

/// <summary>Indexes on UTF-16 text need somebody who orders it: with one they are indexes, without one they stay as they are.</summary>
public sealed class UnicodeIndexTests
{
    private const string TableName = "texts";

    private static readonly NewTable s_table = new(TableName)
    {
        Columns =
        [
            new("id", ColumnType.Long) { IsNotNull = true }, new("text", ColumnType.Text), new("long", ColumnType.LongText),
            new("plain", ColumnType.Text) { CodePage = 1252 },
        ],
        Indexes =
        [
            new("primary", "id") { IsPrimary = true },
            new("by-text", "text", "id"), new("by-long", new NewIndexSegment("long", IsDescending: true)),
        ],
    };

    [Theory]
    [InlineData(4096)]
    [InlineData(32768)]
    public void Text_is_ordered_by_who_is_given_and_by_nobody_else(int pageSize)
    {
        var rig = new LifeRig(new() { Unit = pageSize });
        var options = rig.Options with { PageSize = PageSize.Of(pageSize), UnicodeOrder = new Caseless() };
        var held = new SortedDictionary<int, string>();
        Use(options, held, isNew: true);
        rig.Disk.Crash(CrashKind.PowerLoss, new(pageSize));
        Use(options, held, isNew: false, isClosed: true);
        rig.RequireSound(LifeRig.Database, "with an order", mayLeak: true);
        Refuse(options with { UnicodeOrder = null }, held);
        rig.RequireSound(LifeRig.Database, "without an order", mayLeak: true);
    }

    private static void Use(EngineOptions options, SortedDictionary<int, string> held, bool isNew, bool isClosed = false)
    {
        var random = new Random(held.Count);
        var engine = LifeRig.Open(options);
        var database = isNew
            ? LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database)) : LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        using (var session = engine.CreateSession())
        {
            using var transaction = session.BeginTransaction();
            if (isNew)
                session.CreateTable(database, s_table);
            var table = session.OpenTable(database, TableName);
            RequireOrder(table, held);
            for (int i = 0; i < 400; i++)
            {
                int id = random.Next(500);
                string text = $"{(char)random.Next('A', 'z')}{(random.Next(2) == 0 ? "é" : "Ω")}{new string('ä', random.Next(30))}";
                var row = table.NewRow().Set("text", text).Set("long", text + text);
                if (random.Next(5) == 0 && held.Remove(id))
                    table.Find(id)!.Delete();
                else if (held.ContainsKey(id))
                    table.Find(id)!.Update(row);
                else
                    table.Insert(row.Set("id", id));
                if (table.Find(id) is not null)
                    held[id] = text;
            }

            RequireOrder(table, held);
            var some = held.ElementAt(held.Count / 2);
            var cursor = table.OpenCursor("by-text");
            Assert.True(cursor.Seek(some.Value.ToUpperInvariant(), some.Key));
            Assert.Equal(some.Key, cursor.GetInt32("id"));
            LifeRig.Now(transaction.CommitAsync());
        }

        if (isClosed)
            LifeRig.Now(engine.CloseAsync());
    }

    private static void Refuse(EngineOptions options, SortedDictionary<int, string> held)
    {
        var engine = LifeRig.Open(options);
        var database = LifeRig.Now(engine.AttachDatabaseAsync(LifeRig.Database));
        using (var session = engine.CreateSession())
        {
            using var transaction = session.BeginTransaction();
            var table = session.OpenTable(database, TableName);
            RequireOrder(table, held);
            int id = held.Keys.First();
            Action[] refused =
            [
                () => table.Insert(table.NewRow().Set("id", 1000)),
                () => table.Find(id)!.Update(table.NewRow().Set("text", "other")),
                () => table.Find(id)!.Delete(),
                () => table.OpenCursor("by-text").Seek("a"),
                () => session.CreateIndex(database, TableName, new("again", "text")),
                () => session.CreateTable(database, s_table with { Name = "other" }),
            ];
            foreach (var call in refused)
                Assert.Equal(EseError.IndexInvalidDef, TableRig.ErrorOf(call));
            RequireOrder(table, held);

            // Without such an index the table can be changed again; one on other text may come.
            session.DeleteIndex(database, TableName, "by-text");
            session.DeleteIndex(database, TableName, "by-long");
            session.CreateIndex(database, TableName, new("by-plain", "plain"));
            table.Insert(table.NewRow().Set("id", 1000).Set("text", "new").Set("plain", "new"));
            Assert.True(table.OpenCursor("by-plain").Seek("new"));
            LifeRig.Now(transaction.CommitAsync());
        }

        LifeRig.Now(engine.CloseAsync());
    }

    private static void RequireOrder(Table table, SortedDictionary<int, string> held)
    {
        Assert.Equal(held.Keys, TableRig.Ids(table));
        Assert.Equal(held.OrderBy(row => row.Value.ToUpperInvariant(), StringComparer.Ordinal).ThenBy(row => row.Key)
            .Select(row => row.Key), TableRig.Ids(table, "by-text"));
        Assert.Equal(held.OrderByDescending(row => (row.Value + row.Value).ToUpperInvariant(), StringComparer.Ordinal)
            .ThenBy(row => row.Key).Select(row => row.Key), TableRig.Ids(table, "by-long"));
    }

    /// <summary>By units of the upper-case text; stands for what Windows has in its tables.</summary>
    private sealed class Caseless : IUnicodeOrder
    {
        public int WriteSortKey(IndexDefinition index, ReadOnlySpan<byte> text, Span<byte> destination)
        {
            // The end of a text is less than all that could follow.
            byte[] key = Encoding.BigEndianUnicode.GetBytes(Encoding.Unicode.GetString(text).ToUpperInvariant() + '\0');
            key.AsSpan(0, Math.Min(key.Length, destination.Length)).CopyTo(destination);
            return key.Length;
        }
    }
}
