namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>Who may change what another has changed.</summary>
public sealed class ConflictTests
{
    // First what one transaction does to row 1, then what another tries; rows 1 and 2 are there.
    [Theory]
    [InlineData("update", "update", EseError.WriteConflict)]
    [InlineData("update", "delete", EseError.WriteConflict)]
    [InlineData("update", "add", EseError.WriteConflict)]
    [InlineData("update", "insert", EseError.WriteConflict)]
    [InlineData("delete", "update", EseError.WriteConflict)]
    [InlineData("delete", "delete", EseError.WriteConflict)]
    [InlineData("delete", "add", EseError.WriteConflict)]
    [InlineData("delete", "insert", EseError.WriteConflict)]
    [InlineData("add", "update", EseError.WriteConflict)]
    [InlineData("add", "delete", EseError.WriteConflict)]
    [InlineData("add", "add", EseError.Success)]
    [InlineData("add", "insert", EseError.WriteConflict)]
    [InlineData("name", "take name", EseError.WriteConflict)]
    [InlineData("update", "other", EseError.Success)]
    [InlineData("nothing", "insert", EseError.KeyDuplicate)]
    [InlineData("nothing", "take name", EseError.KeyDuplicate)]
    public void Changes_of_others_are_not_overwritten(string first, string second, EseError expected)
    {
        foreach (string end in (string[])["open", "committed", "rolled back", "over before"])
        {
            using var rig = new TableRig();
            Fill(rig);
            using var one = rig.Engine.CreateSession();
            using var other = rig.Engine.CreateSession();
            var mine = one.OpenTable(rig.Database, "things");
            var theirs = other.OpenTable(rig.Database, "things");
            var begun = end == "over before" ? null : other.BeginTransaction();
            var transaction = one.BeginTransaction();
            Do(first, mine);
            if (end == "rolled back")
                transaction.Rollback();
            else if (end != "open")
                TableRig.Commit(transaction);
            begun ??= other.BeginTransaction();
            EseError found = Try(() => Do(second, theirs));
            EseError wanted = end is "open" or "committed" ? expected
                : end == "rolled back" ? Alone(second)
                : After(first, second);
            Assert.True(wanted == found, $"{first}, {end}, {second}: {found}, not {wanted}");
            begun.Rollback();
            transaction.Dispose();
        }
    }

    [Fact]
    public void A_transaction_sees_the_time_when_it_began()
    {
        using var rig = new TableRig();
        Fill(rig);
        using var session = rig.Engine.CreateSession();
        var table = session.OpenTable(rig.Database, "things");
        using (session.BeginTransaction())
        {
            rig.Do(other => other.OpenTable(rig.Database, "things").Delete(Key(1)));
            rig.Insert("things", 1, 7);
            rig.Do(other => Do("add 2", other.OpenTable(rig.Database, "things")));
            rig.Engine.CleanUp();
            Assert.Equal([1, 2], TableRig.Ids(table));
            Assert.Equal("ONE", table.Find(1)!.GetString("name"));
            Assert.Equal(0, table.Find(2)!.GetInt32("count"));
            Assert.Equal([1, 2], TableRig.Ids(table, "by-name"));
            Assert.Equal(3000, table.Find(1)!.GetBytes("note").Length);
        }

        Assert.Equal([1, 2, 7], TableRig.Ids(table));
        Assert.Equal(5, table.Find(2)!.GetInt32("count"));
        Assert.True(table.Find(1)!.IsNull("note"));
        Assert.Equal([2], TableRig.Ids(table, "by-name"));
        Assert.False(rig.Engine.CleanUp());
    }

    [Fact]
    public void Counters_of_several_transactions_add_up()
    {
        using var rig = new TableRig();
        Fill(rig);
        using var one = rig.Engine.CreateSession();
        using var other = rig.Engine.CreateSession();
        var mine = one.OpenTable(rig.Database, "things");
        var theirs = other.OpenTable(rig.Database, "things");
        var first = one.BeginTransaction();
        var second = other.BeginTransaction();
        Assert.Equal(EseError.InvalidBufferSize, TableRig.ErrorOf(() => mine.Find(1)!.EscrowUpdate("count", 1L << 31)));
        Assert.Equal(0, mine.Find(1)!.EscrowUpdate("count", 10));
        Assert.Equal(0, theirs.Find(1)!.EscrowUpdate("count", 100));
        Assert.Equal(10, mine.Find(1)!.EscrowUpdate("count", 1));
        Assert.Equal(100, theirs.Find(1)!.GetInt32("count"));
        first.Rollback();
        Assert.Equal(100, theirs.Find(1)!.GetInt32("count"));
        TableRig.Commit(second);
        Assert.Equal(100, mine.Find(1)!.GetInt32("count"));
    }

    [Fact]
    public void Changes_need_a_transaction_and_one_thread()
    {
        using var rig = new TableRig();
        Fill(rig);
        using var session = rig.Engine.CreateSession();
        var table = session.OpenTable(rig.Database, "things");
        Assert.Equal(EseError.NotInTransaction, TableRig.ErrorOf(() => table.Insert(table.NewRow().Set("id", 3))));
        Assert.Equal(EseError.NotInTransaction, TableRig.ErrorOf(() => table.Delete(Key(1))));
        using (session.Enter())
            Assert.Equal(EseError.SessionSharingViolation, TableRig.ErrorOf(() => session.BeginTransaction()));
        using var outer = session.BeginTransaction();
        var inner = session.BeginTransaction();
        Assert.Throws<InvalidOperationException>(outer.Rollback);
        inner.Dispose();
        Assert.Throws<InvalidOperationException>(inner.Rollback);
        for (int i = session.Core.Level; i < SessionCore.MostLevels; i++)
            session.BeginTransaction();
        Assert.Equal(EseError.TransTooDeep, TableRig.ErrorOf(() => session.BeginTransaction()));
    }

    [Fact]
    public void A_transaction_that_ended_with_the_one_around_it_ends_nothing_else()
    {
        using var rig = new TableRig();
        Fill(rig);
        using var session = rig.Engine.CreateSession();
        var table = session.OpenTable(rig.Database, "things");
        var outer = session.BeginTransaction();
        var inner = session.BeginTransaction();
        table.Delete(Key(1));
        outer.Dispose();
        using var next = session.BeginTransaction();
        table.Delete(Key(2));
        inner.Dispose();
        outer.Dispose();
        Assert.Throws<InvalidOperationException>(inner.Rollback);
        TableRig.Commit(next);
        Assert.Equal([1], TableRig.Ids(table));
        var cursor = table.OpenCursor();
        table.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cursor.MoveNext());
    }

    [Fact]
    public void Sessions_and_transactions_may_outlive_their_engine()
    {
        var rig = new TableRig();
        Fill(rig);
        var session = rig.Engine.CreateSession();
        var transaction = session.BeginTransaction();
        rig.Close("a reader is left");
        transaction.Dispose();
        Assert.Equal(EseError.NotInitialized, TableRig.ErrorOf(() => session.BeginTransaction()));
        session.Dispose();
    }

    [Fact]
    public void Changes_that_nobody_can_forget_are_bounded()
    {
        using var rig = new TableRig(versionBytes: 100_000);
        Fill(rig);
        using var reader = rig.Engine.CreateSession();
        var snapshot = reader.BeginTransaction();
        Assert.Equal(EseError.VersionStoreOutOfMemory, TableRig.ErrorOf(() =>
        {
            for (int i = 0; i < 1000; i++)
                rig.Do(session => Do("update", session.OpenTable(rig.Database, "things")));
        }));
        Assert.Equal(3000, reader.OpenTable(rig.Database, "things").Find(1)!.GetBytes("note").Length);
        snapshot.Dispose();
        Assert.False(rig.Engine.CleanUp());
        rig.Do(session => Do("update", session.OpenTable(rig.Database, "things")));
    }

    private static void Fill(TableRig rig) => rig.Do(session =>
    {
        session.CreateTable(rig.Database, TableRig.Things);
        var table = session.OpenTable(rig.Database, "things");
        table.Insert(table.NewRow().Set("id", 1).Set("name", "ONE").Set("note", new byte[3000]));
        table.Insert(table.NewRow().Set("id", 2).Set("name", "TWO"));
    });

    private static byte[] Key(int id) => [0x7F, 0x80, 0, 0, (byte)id];

    private static void Do(string what, Table table)
    {
        switch (what)
        {
            case "update":
                table.Update(Key(1), table.NewRow().Set("note", [1, 2]));
                break;
            case "delete":
                table.Delete(Key(1));
                break;
            case "add":
                table.EscrowUpdate(Key(1), "count", 5);
                break;
            case "add 2":
                table.EscrowUpdate(Key(2), "count", 5);
                break;
            case "insert":
                table.Insert(table.NewRow().Set("id", 1));
                break;
            case "name":
                table.Update(Key(1), table.NewRow().Set("name", "UNO"));
                break;
            case "take name":
                table.Update(Key(2), table.NewRow().Set("name", "ONE"));
                break;
            case "other":
                table.Update(Key(2), table.NewRow().Set("note", [1, 2]));
                break;
        }
    }

    private static EseError Try(Action call)
    {
        try
        {
            call();
            return EseError.Success;
        }
        catch (EseException e)
        {
            return e.Error;
        }
    }

    private static EseError Alone(string what) =>
        what is "insert" or "take name" ? EseError.KeyDuplicate : EseError.Success;

    private static EseError After(string first, string second) => (first, second) switch
    {
        ("delete", "insert") or ("name", "take name") => EseError.Success,
        ("delete", "update" or "delete" or "add") => EseError.RecordDeleted,
        _ => Alone(second),
    };
}
