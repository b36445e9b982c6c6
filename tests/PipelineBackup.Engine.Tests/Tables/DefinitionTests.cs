using System.Text;

namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>Tables, columns and indexes come and go.</summary>
public sealed class DefinitionTests
{
    [Fact]
    public void A_table_is_there_for_others_when_it_is_committed()
    {
        using var rig = new TableRig();
        using var session = rig.Engine.CreateSession();
        using var other = rig.Engine.CreateSession();
        var transaction = session.BeginTransaction();
        session.CreateTable(rig.Database, TableRig.Things);
        var table = session.OpenTable(rig.Database, "THINGS");
        table.Insert(table.NewRow().Set("id", 4).Set("note", new byte[9000]));
        Assert.Equal(["things"], session.TableNames(rig.Database));
        Assert.Empty(other.TableNames(rig.Database));
        Assert.Equal(EseError.ObjectNotFound, TableRig.ErrorOf(() => other.OpenTable(rig.Database, "things")));
        Assert.Equal(EseError.WriteConflict, TableRig.ErrorOf(() => other.CreateTable(rig.Database, TableRig.Things)));
        TableRig.Commit(transaction);
        Assert.Equal([4], TableRig.Ids(other.OpenTable(rig.Database, "things")));
        Assert.Equal(EseError.TableDuplicate, TableRig.ErrorOf(() => other.CreateTable(rig.Database, TableRig.Things)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_table_goes_with_the_tree_of_long_values_that_was_made_meanwhile(bool isOwn)
    {
        using var rig = new TableRig();
        using var reader = rig.Engine.CreateSession();
        using var before = reader.BeginTransaction();
        Assert.Empty(reader.TableNames(rig.Database));
        rig.Do(session => session.CreateTable(rig.Database, TableRig.Things));
        rig.Insert("things", 1);
        using var session = rig.Engine.CreateSession();
        using var other = rig.Engine.CreateSession();
        var transaction = session.BeginTransaction();
        Assert.Equal(["things"], session.TableNames(rig.Database));
        using (var writing = (isOwn ? session : other).BeginTransaction())
        {
            var table = (isOwn ? session : other).OpenTable(rig.Database, "things");
            table.Insert(table.NewRow().Set("id", 2).Set("note", new byte[9000]));
            writing.Rollback();
        }

        // The catalog shows the tree to whoever sees the table, and to nobody else.
        rig.Do(session => session.CreateTable(rig.Database, TableRig.Things with { Name = "more" }));
        Assert.Empty(reader.TableNames(rig.Database));
        session.DeleteTable(rig.Database, "things");
        Assert.Empty(session.TableNames(rig.Database));
        TableRig.Commit(transaction);
        Assert.Equal(["more"], other.TableNames(rig.Database));
        Assert.Empty(reader.TableNames(rig.Database));
        before.Rollback();
        rig.Restart("deleted");
        Assert.Equal(["more"], rig.Engine.CreateSession().TableNames(rig.Database));
    }

    [Fact]
    public void What_is_rolled_back_leaves_nothing()
    {
        using var rig = new TableRig();
        rig.Do(session => session.CreateTable(rig.Database, TableRig.Things));
        rig.Insert("things", 1, 2, 3);
        rig.Restart("before");
        string[] before = rig.Rig.Dump(Life.LifeRig.Database);
        using (var session = rig.Engine.CreateSession())
        {
            var transaction = session.BeginTransaction();
            session.CreateTable(rig.Database, TableRig.Things with { Name = "others" });
            session.AddColumn(rig.Database, "things", new("more", ColumnType.LongText));
            session.CreateIndex(rig.Database, "things", new("by-count", "id", "name"));
            session.DeleteIndex(rig.Database, "things", "by-name");
            var others = session.OpenTable(rig.Database, "others");
            others.Insert(others.NewRow().Set("id", 1).Set("note", new byte[50000]));
            var things = session.OpenTable(rig.Database, "things");
            things.Insert(things.NewRow().Set("id", 9).Set("more", new string('m', 4000)));
            using (session.BeginTransaction())
                session.DeleteTable(rig.Database, "things");
            Assert.Equal([1, 2, 3, 9], TableRig.Ids(things, "by-count"));
            transaction.Rollback();
            Assert.Equal([1, 2, 3], TableRig.Ids(things));
            Assert.Equal(EseError.IndexNotFound, TableRig.ErrorOf(() => things.OpenCursor("by-count")));
        }

        Assert.False(rig.Engine.CleanUp());
        rig.Close("rolled back");
        Assert.Equal(before, rig.Rig.Dump(Life.LifeRig.Database));
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(32768)]
    public void A_deleted_table_gives_its_pages_back_when_nobody_sees_it(int pageSize)
    {
        using var rig = new TableRig(pageSize);
        rig.Do(session => session.CreateTable(rig.Database, TableRig.Things));
        rig.Do(session => Fill(session.OpenTable(rig.Database, "things"), 300));
        using var reader = rig.Engine.CreateSession();
        uint pages;
        using (reader.BeginTransaction())
        {
            var table = reader.OpenTable(rig.Database, "things");
            rig.Do(session => session.DeleteTable(rig.Database, "things"));
            Assert.True(rig.Engine.CleanUp());
            Assert.Equal(300, TableRig.Ids(table, "by-name").Length);
            Assert.Equal(20000, table.Find(7)!.GetBytes("note").Length);
            pages = rig.Database.Cache.LastPage.Value;
        }

        Assert.False(rig.Engine.CleanUp());
        Assert.Empty(reader.TableNames(rig.Database));
        rig.Do(session => session.CreateTable(rig.Database, TableRig.Things));
        rig.Do(session => Fill(session.OpenTable(rig.Database, "things"), 280));
        Assert.Equal(pages, rig.Database.Cache.LastPage.Value);
    }

    [Fact]
    public void Columns_are_added_and_deleted_under_rows_that_stay()
    {
        using var rig = new TableRig();
        rig.Do(session => session.CreateTable(rig.Database, TableRig.Things));
        rig.Insert("things", 1, 2);
        rig.Do(session =>
        {
            session.AddColumn(rig.Database, "things", new("size", ColumnType.Double) { Default = BitConverter.GetBytes(1.5) });
            session.AddColumn(rig.Database, "things", new("hits", ColumnType.Long) { IsEscrow = true });
            session.AddColumn(rig.Database, "things", new("text", ColumnType.LongText));
            var table = session.OpenTable(rig.Database, "things");
            Assert.Equal(1.5, table.Find(1)!.GetDouble("size"));
            Assert.Equal(0, table.Find(1)!.EscrowUpdate("hits", 3));
            Assert.Equal(3, table.Find(1)!.GetInt32("hits"));
            table.Find(2)!.Update(table.NewRow().Set("text", new string('x', 6000)).Set("size", 2.5));
        });
        rig.Do(session =>
        {
            session.DeleteColumn(rig.Database, "things", "text");
            session.DeleteColumn(rig.Database, "things", "size");
            Assert.Equal(EseError.ColumnInUse, TableRig.ErrorOf(() => session.DeleteColumn(rig.Database, "things", "name")));
            Assert.Equal(EseError.ColumnNotFound, TableRig.ErrorOf(() => session.DeleteColumn(rig.Database, "things", "text")));
        });
        rig.Restart("deleted columns");
        rig.Do(session =>
        {
            session.AddColumn(rig.Database, "things", new("text", ColumnType.LongText));
            var table = session.OpenTable(rig.Database, "things");
            Assert.True(table.Find(2)!.IsNull("text"));
            Assert.Equal(EseError.ColumnNotFound, TableRig.ErrorOf(() => table.Find(2)!.GetDouble("size")));
            Assert.Equal(3, table.Find(1)!.GetInt32("hits"));
            table.Find(2)!.Delete();
        });
        Assert.Equal([1], rig.Ids("things"));
    }

    [Fact]
    public void Indexes_are_built_over_the_rows_there_are()
    {
        using var rig = new TableRig();
        rig.Do(session => session.CreateTable(rig.Database, TableRig.Things));
        rig.Do(session => Fill(session.OpenTable(rig.Database, "things"), 500));
        rig.Do(session =>
        {
            session.CreateIndex(rig.Database, "things", new("down", new NewIndexSegment("name", IsDescending: true), "id"));
            session.CreateIndex(rig.Database, "things", new("parts", "name") { Tuples = new(3, 5, 10, 1, 0) });
            session.CreateIndex(rig.Database, "things", new("noted", "id") { Conditions = [new("note", MustBeNull: false)] });
            Assert.Equal(EseError.ColumnNotFound, TableRig.ErrorOf(() =>
                session.CreateIndex(rig.Database, "things", new("sizes", "size"))));
        });
        var ids = rig.Ids("things", "by-name");
        Assert.Equal(ids.Reverse(), rig.Ids("things", "down"));
        Assert.Equal(Enumerable.Range(0, 500).Where(id => id % 7 == 0), rig.Ids("things", "noted"));
        rig.Do(session => session.DeleteIndex(rig.Database, "things", "down"));
        rig.Restart("indexes");
        Assert.Equal(500, rig.Ids("things", "by-name").Length);
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        using var rig = new TableRig();
        rig.Do(session => session.CreateTable(rig.Database, TableRig.Things));
        rig.Do(one =>
        {
            var table = one.OpenTable(rig.Database, "things");
            table.Insert(table.NewRow().Set("id", 1).Set("note", [1]));
            table.Insert(table.NewRow().Set("id", 2).Set("note", [1]));
        });
        using var session = rig.Engine.CreateSession();
        var cases = new Dictionary<EseError, Action>
        {
            [EseError.ObjectNotFound] = () => session.DeleteTable(rig.Database, "none"),
            [EseError.CannotDeleteSystemTable] = () => session.DeleteTable(rig.Database, "MSysObjects"),
            [EseError.IndexMustStay] = () => session.DeleteIndex(rig.Database, "things", "primary"),
            [EseError.IndexNotFound] = () => session.DeleteIndex(rig.Database, "things", "none"),
            [EseError.IndexDuplicate] = () => session.CreateIndex(rig.Database, "things", new("by-name", "id")),
            [EseError.IndexHasPrimary] = () => session.CreateIndex(rig.Database, "things", new("p", "id") { IsPrimary = true }),
            [EseError.ColumnDuplicate] = () => session.AddColumn(rig.Database, "things", new("name", ColumnType.Long)),
            [EseError.NullInvalid] = () => session.AddColumn(rig.Database, "things", new("n", ColumnType.Long) { IsNotNull = true }),
            [EseError.TableNotEmpty] = () => session.AddColumn(rig.Database, "things", new("a", ColumnType.Long) { IsAutoIncrement = true }),
            [EseError.InvalidName] = () => session.CreateTable(rig.Database, new("a.b")),
            [EseError.KeyDuplicate] = () => session.CreateIndex(rig.Database, "things", new("u", "note") { IsUnique = true }),
            [EseError.IndexInvalidDef] = () => session.CreateTable(rig.Database, new("texts")
            {
                Columns = [new("text", ColumnType.Text)],
                Indexes = [new("by-text", "text")],
            }),
        };
        foreach (var (error, call) in cases)
            Assert.Equal(error, TableRig.ErrorOf(call));
        Assert.Equal(["things"], session.TableNames(rig.Database));
    }

    [Fact]
    public void Text_is_indexed_by_the_order_that_is_given()
    {
        using var rig = new TableRig(order: new ByUnits());
        rig.Do(session =>
        {
            session.CreateTable(rig.Database, new("texts")
            {
                Columns = [new("id", ColumnType.Long), new("text", ColumnType.Text)],
                Indexes = [new("by-text", "text")],
            });
            var table = session.OpenTable(rig.Database, "texts");
            string[] texts = ["beta", "alpha", "γ"];
            for (int i = 0; i < texts.Length; i++)
                table.Insert(table.NewRow().Set("id", i).Set("text", texts[i]));
            Assert.Equal([1, 0, 2], TableRig.Ids(table, "by-text"));
            Assert.True(table.OpenCursor("by-text").Seek("γ"));
        });
    }

    private static void Fill(Table table, int rows)
    {
        var row = table.NewRow();
        for (int i = 0; i < rows; i++)
        {
            row.Clear().Set("id", i).Set("name", $"NAME {i * 7919 % 1000}");
            if (i % 7 == 0)
                row.Set("note", new byte[20000]);
            table.Insert(row);
        }
    }

    private sealed class ByUnits : IUnicodeOrder
    {
        public int WriteSortKey(IndexDefinition index, ReadOnlySpan<byte> text, Span<byte> destination)
        {
            byte[] key = Encoding.BigEndianUnicode.GetBytes(Encoding.Unicode.GetString(text));
            key.AsSpan(0, Math.Min(key.Length, destination.Length)).CopyTo(destination);
            return key.Length;
        }
    }
}
