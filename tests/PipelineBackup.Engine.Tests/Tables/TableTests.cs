namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>What tables and cursors do.</summary>
public sealed class TableTests
{
    [Theory]
    [InlineData(60)]
    [InlineData(900)]
    [InlineData(9000)]
    public void Behind_the_end_of_a_value_there_is_nothing(int length)
    {
        using var rig = new TableRig();
        rig.Do(session => session.CreateTable(rig.Database, TableRig.Things));
        rig.Do(session =>
        {
            byte[] note = new byte[length], part = new byte[100];
            new Random(length).NextBytes(note);
            var table = session.OpenTable(rig.Database, "things");
            table.Insert(table.NewRow().Set("id", 1).Set("note", note));
            var cursor = table.Find(1)!;
            foreach (long from in (long[])[0, length - 7, length - 1, length, length + 1, length + 5000, long.MaxValue])
            {
                byte[] expected = from < length ? note[(int)from..Math.Min(length, (int)from + 100)] : [];
                Assert.Equal(expected.Length, cursor.Read("note", from, part));
                Assert.Equal(expected, part[..expected.Length]);
            }
        });
    }

    [Fact]
    public void Values_of_all_types_come_back()
    {
        using var rig = new TableRig();
        var guid = new Guid("01234567-89ab-cdef-0123-456789abcdef");
        var time = new DateTime(2024, 2, 29, 12, 30, 15, DateTimeKind.Unspecified);
        rig.Do(session =>
        {
            session.CreateTable(rig.Database, new("all")
            {
                Columns =
                [
                    new("bit", ColumnType.Bit), new("byte", ColumnType.UnsignedByte), new("short", ColumnType.Short),
                    new("long", ColumnType.Long), new("currency", ColumnType.Currency),
                    new("single", ColumnType.Single),
                    new("double", ColumnType.Double), new("time", ColumnType.DateTime),
                    new("binary", ColumnType.Binary),
                    new("text", ColumnType.Text), new("longbinary", ColumnType.LongBinary),
                    new("longtext", ColumnType.LongText) { IsCompressed = true }, new("ulong", ColumnType.UnsignedLong),
                    new("longlong", ColumnType.LongLong), new("guid", ColumnType.Guid),
                    new("ushort", ColumnType.UnsignedShort),
                    new("ulonglong", ColumnType.UnsignedLongLong),
                    new("many", ColumnType.LongText) { IsMultiValued = true },
                ],
            });
            var table = session.OpenTable(rig.Database, "all");
            table.Insert(table.NewRow().Set("bit", true).Set("byte", 255).Set("short", -3).Set("long", int.MinValue)
                .Set("currency", long.MaxValue).Set("single", 1.25).Set("double", -0.5).Set("time", time)
                .Set("binary", [1, 2]).Set("text", "Zürich").Set("longbinary", new byte[5000])
                .Set("longtext", new string('a', 9000)).Set("ulong", uint.MaxValue).Set("longlong", -1)
                .Set("guid", guid).Set("ushort", 65535).Set("ulonglong", (object)ulong.MaxValue)
                .Add("many", "one").Add("many", new string('2', 3000)).Add("many", "three"));
        });
        rig.Restart("all types");
        using var reader = rig.Engine.CreateSession();
        var row = reader.OpenTable(rig.Database, "all").OpenCursor();
        Assert.True(row.MoveNext());
        Assert.Equal((true, 255L, -3, int.MinValue, long.MaxValue), (row.GetBoolean("bit"), row.GetInt64("byte"),
            row.GetInt32("short"), row.GetInt32("long"), row.GetInt64("currency")));
        Assert.Equal((1.25, -0.5, time), (row.GetDouble("single"), row.GetDouble("double"), row.GetDateTime("time")));
        Assert.Equal(("Zürich", guid, 9000, -1L), (row.GetString("text"), row.GetGuid("guid"),
            row.GetString("longtext")!.Length, row.GetInt64("longlong")));
        Assert.Equal(ulong.MaxValue, unchecked((ulong)row.GetInt64("ulonglong")!.Value));
        Assert.Equal((3, "one", 3000, "three"), (row.Count("many"), row.GetString("many"),
            row.GetString("many", 1)!.Length, row.GetString("many", 2)));
        Assert.Equal(5000, row.GetLength("longbinary"));
        Assert.Equal(6000, row.GetLength("many", 1));
        byte[] part = new byte[100];
        Assert.Equal(100, row.Read("longtext", 8000, part));
        Assert.Equal([(byte)'a', 0], part[..2]);
        Assert.Equal(2, row.Read("longbinary", 4998, part));
        Assert.Equal(EseError.InvalidBufferSize, TableRig.ErrorOf(() => row.GetString("long")));
        Assert.Equal(EseError.ColumnNotFound, TableRig.ErrorOf(() => row.GetString("none")));
    }

    [Fact]
    public void Rows_are_numbered_and_counted()
    {
        using var rig = new TableRig();
        rig.Do(session => session.CreateTable(rig.Database, new("log")
        {
            Columns =
            [
                new("id", ColumnType.LongLong) { IsAutoIncrement = true },
                new("version", ColumnType.Long) { IsVersion = true },
                new("text", ColumnType.LongText),
            ],
        }));
        var keys = new List<byte[]>();
        for (int run = 0; run < 3; run++)
        {
            rig.Do(session =>
            {
                var table = session.OpenTable(rig.Database, "log");
                keys.Add(table.Insert(table.NewRow().Set("text", "kept")));
                using (session.BeginTransaction())
                    table.Insert(table.NewRow().Set("text", "rolled back"));
                keys.Add(table.Insert(table.NewRow()));
                table.Update(keys[^1], table.NewRow().Set("text", "changed"));
                Assert.Equal(EseError.ColumnNotUpdatable,
                    TableRig.ErrorOf(() => table.Insert(table.NewRow().Set("id", 5))));
                Assert.Equal(EseError.NoCurrentIndex, TableRig.ErrorOf(() => table.Find(5)));
            });
            rig.Restart($"run {run}");
        }

        using var reader = rig.Engine.CreateSession();
        var cursor = reader.OpenTable(rig.Database, "log").OpenCursor();
        Assert.Equal(keys.Count, keys.Select(Convert.ToHexString).Distinct().Count());
        long last = 0;
        foreach (byte[] key in keys)
        {
            Assert.True(cursor.Goto(key));
            Assert.True(cursor.GetInt64("id") > last, "numbers ascend");
            last = cursor.GetInt64("id")!.Value;
            Assert.Equal(cursor.GetString("text") == "changed" ? 1 : 0, cursor.GetInt32("version"));
        }
    }

    [Fact]
    public void Cursors_go_on_when_rows_around_them_come_and_go()
    {
        using var rig = new TableRig();
        rig.Do(session => session.CreateTable(rig.Database, TableRig.Things));
        rig.Insert("things", [.. Enumerable.Range(0, 400)]);
        using var session = rig.Engine.CreateSession();
        var table = session.OpenTable(rig.Database, "things");
        using var transaction = session.BeginTransaction();
        var cursor = table.OpenCursor();
        var seen = new List<int>();
        while (cursor.MoveNext())
        {
            int id = cursor.GetInt32("id")!.Value;
            seen.Add(id);
            if (id % 2 == 0)
                cursor.Delete();
            else if (id < 400)
                table.Insert(table.NewRow().Set("id", id + 1000).Set("note", new byte[400]));
        }

        Assert.Equal(Enumerable.Range(0, 400).Concat(Enumerable.Range(0, 200).Select(i => 1001 + 2 * i)), seen);
        for (int i = seen.Count - 1; i >= 0; i--)
        {
            if (seen[i] < 1000 && seen[i] % 2 == 0)
                continue;
            Assert.True(cursor.MovePrevious());
            Assert.Equal(seen[i], cursor.GetInt32("id"));
        }

        Assert.False(cursor.MovePrevious());
        Assert.Equal(EseError.NoCurrentRecord, TableRig.ErrorOf(() => cursor.GetInt32("id")));
        Assert.True(cursor.SeekAtLeast(101));
        Assert.Equal(101, cursor.GetInt32("id"));
        Assert.False(cursor.Seek(100));
        TableRig.Commit(transaction);
        Assert.Equal(400, table.OpenCursor() is var all ? CountOf(all) : 0);
    }

    [Fact]
    public void What_a_table_cannot_hold_is_refused_and_leaves_nothing()
    {
        using var rig = new TableRig();
        rig.Do(session =>
        {
            session.CreateTable(rig.Database, TableRig.Things);
            session.CreateTable(rig.Database, new("wide")
            {
                Columns = [.. Enumerable.Range(0, 20).Select(i => new NewColumn($"c{i}", ColumnType.Binary))],
            });
            var table = session.OpenTable(rig.Database, "things");
            table.Insert(table.NewRow().Set("id", 1).Set("name", "A"));
            table.Insert(table.NewRow().Set("id", 2).Set("name", "B"));
            Assert.Equal(EseError.NullInvalid, TableRig.ErrorOf(() => table.Insert(table.NewRow().Set("name", "C"))));
            Assert.Equal(EseError.KeyDuplicate, TableRig.ErrorOf(
                () => table.Insert(table.NewRow().Set("id", 3).Set("name", "a").Set("note", new byte[20000]))));
            Assert.Equal(EseError.KeyDuplicate,
                TableRig.ErrorOf(() => table.Find(2)!.Update(table.NewRow().Set("name", "a"))));
            Assert.Equal(EseError.RecordPrimaryChanged,
                TableRig.ErrorOf(() => table.Find(2)!.Update(table.NewRow().Set("id", 5))));
            Assert.Equal(EseError.ColumnNotUpdatable,
                TableRig.ErrorOf(() => table.Find(2)!.Update(table.NewRow().Set("count", 5))));
            Assert.Equal(EseError.ColumnNotUpdatable, TableRig.ErrorOf(() => table.Find(2)!.EscrowUpdate("id", 5)));
            Assert.Equal(EseError.InvalidBufferSize, TableRig.ErrorOf(() => table.NewRow().Set("id", 1L << 40)));
            Assert.Equal(EseError.ColumnTooBig, TableRig.ErrorOf(
                () => table.Insert(table.NewRow().Set("id", 6).Set("name", new string('n', 300)))));
            var wide = session.OpenTable(rig.Database, "wide");
            var row = wide.NewRow();
            for (int i = 0; i < 20; i++)
                row.Set($"c{i}", new byte[255]);
            Assert.Equal(EseError.RecordTooBig, TableRig.ErrorOf(() => wide.Insert(row)));
            Assert.Equal(EseError.PermissionDenied, TableRig.ErrorOf(() =>
            {
                var system = session.OpenTable(rig.Database, "MSysObjids");
                system.Insert(system.NewRow().Set("objid", 500));
            }));
        });
        rig.Restart("refused");
        Assert.Equal([1, 2], rig.Ids("things"));
        Assert.Equal(2, rig.Ids("things", "by-name").Length);
    }

    [Fact]
    public void Derived_tables_have_the_columns_and_indexes_of_their_template()
    {
        using var rig = new TableRig();
        rig.Do(session =>
        {
            session.CreateTable(rig.Database, TableRig.Things with { Name = "template", IsTemplate = true });
            session.CreateTable(rig.Database, new("derived")
            {
                Template = "template",
                Columns = [new("own", ColumnType.LongText), new("size", ColumnType.Long)],
                Indexes = [new("by-size", "size", "name")],
            });
            Assert.Equal(EseError.CannotDeleteTemplateTable,
                TableRig.ErrorOf(() => session.DeleteTable(rig.Database, "template")));
            Assert.Equal(EseError.FixedDDL,
                TableRig.ErrorOf(() => session.AddColumn(rig.Database, "template", new("x", ColumnType.Long))));
            var table = session.OpenTable(rig.Database, "derived");
            for (int i = 0; i < 50; i++)
            {
                table.Insert(table.NewRow().Set("id", i).Set("name", $"N{i}").Set("own", new string('o', i * 100))
                    .Set("size", i % 3).Set("note", new byte[i * 50]));
            }

            table.Find(7)!.Update(table.NewRow().Set("own", "other").SetNull("name"));
            table.Find(8)!.Delete();
        });
        rig.Restart("derived");
        Assert.Equal(49, rig.Ids("derived", "by-size").Length);
        Assert.Equal(48, rig.Ids("derived", "by-name").Length);
    }

    [Fact]
    public void A_long_value_that_several_rows_refer_to_goes_with_the_last()
    {
        using var rig = new TableRig();
        rig.Do(session =>
        {
            session.CreateTable(rig.Database, TableRig.Things);
            var table = session.OpenTable(rig.Database, "things");
            byte[] first = table.Insert(table.NewRow().Set("id", 1).Set("note", new byte[9000]));

            // As the engine of Windows does it when a row is copied: another reference to the same value.
            using var operation = session.Enter(mayWrite: true);
            var access = table.Resolve();
            var builder = new RecordBuilder(access.Definition, access.Database.Format);
            Assert.True(access.Database.Trees.TryFind(access.State.Rows, first, [], out var node));
            builder.Load(new RecordView(node.Data, access.Database.Format));
            Assert.Equal(TaggedValueKind.Separated, builder.Value(access.IndexOf("note"), 0, out var reference));
            Assert.True(LongValueId.TryReadReference(reference, out var id));
            for (int other = 2; other < 4; other++)
            {
                byte[] key = new byte[LongValueId.MaxKeyBytes];
                access.Database.Nodes.Move(session.Core, access.State.LongValues!, key.AsSpan(0, id.WriteRootKey(key)),
                    0, 1, false);
                builder.Set(access.IndexOf("id"), BitConverter.GetBytes(other));
                access.Insert(builder.ToArray());
            }
        });
        rig.Restart("three references");
        using var one = rig.Engine.CreateSession();
        using var two = rig.Engine.CreateSession();
        var mine = one.OpenTable(rig.Database, "things");
        var theirs = two.OpenTable(rig.Database, "things");
        rig.Do(session => session.OpenTable(rig.Database, "things").Find(1)!.Delete());
        var first = one.BeginTransaction();
        var second = two.BeginTransaction();
        mine.Find(2)!.Delete();
        theirs.Find(3)!.Update(theirs.NewRow().Set("note", [1]));
        TableRig.Commit(first);
        Assert.Equal(9000, theirs.Find(2)!.GetBytes("note").Length);
        TableRig.Commit(second);
        Assert.False(rig.Engine.CleanUp());
        rig.Close("all gone");
        string dump = string.Join('\n', rig.Rig.Dump(Life.LifeRig.Database, system: false));
        Assert.Contains("\"note\":\"01\"", dump, StringComparison.Ordinal);
        rig.Rig.RequireLongValues("things", 0);
    }

    private static int CountOf(TableCursor cursor)
    {
        int count = 0;
        while (cursor.MoveNext())
            count++;
        return count;
    }
}
