using PipelineBackup.Engine.Tests.Life;

namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>An engine with one database, in which nothing happens by itself.</summary>
internal sealed class TableRig : IDisposable
{
    private bool _isClosed;

    public TableRig(int pageSize = 4096, IUnicodeOrder? order = null, long versionBytes = 1 << 24)
    {
        Options = Rig.Options with
        {
            PageSize = PageSize.Of(pageSize), UnicodeOrder = order, VersionBytes = versionBytes,
        };
        Engine = LifeRig.Open(Options);
        Database = LifeRig.Now(Engine.CreateDatabaseAsync(LifeRig.Database));
    }

    public LifeRig Rig { get; } = new();

    public EngineOptions Options { get; }

    public EmbeddedEngine Engine { get; private set; }

    public EngineDatabase Database { get; private set; }

    public static NewTable Things => new("things")
    {
        Columns =
        [
            new("id", ColumnType.Long) { IsNotNull = true },
            new("name", ColumnType.Text) { CodePage = 1252 },
            new("count", ColumnType.Long) { IsEscrow = true },
            new("note", ColumnType.LongBinary),
        ],
        Indexes = [new("primary", "id") { IsPrimary = true },
            new("by-name", "name") { IsUnique = true, Nulls = IndexNulls.IgnoreAny }],
    };

    public static EseError ErrorOf(Action call) => Assert.Throws<EseException>(call).Error;

    public static void Commit(Transaction transaction) => LifeRig.Now(transaction.CommitAsync(CommitMode.Lazy));

    /// <summary>Does something in a transaction of its own.</summary>
    public void Do(Action<EngineSession> work)
    {
        using var session = Engine.CreateSession();
        using var transaction = session.BeginTransaction();
        work(session);
        Commit(transaction);
    }

    public void Insert(string table, params int[] ids) => Do(session =>
    {
        var open = session.OpenTable(Database, table);
        foreach (int id in ids)
            open.Insert(open.NewRow().Set("id", id));
    });

    public int[] Ids(string table, string? index = null)
    {
        using var session = Engine.CreateSession();
        return Ids(session.OpenTable(Database, table), index);
    }

    public static int[] Ids(Table table, string? index = null)
    {
        var cursor = table.OpenCursor(index);
        var ids = new List<int>();
        while (cursor.MoveNext())
            ids.Add(cursor.GetInt32("id")!.Value);
        return [.. ids];
    }

    /// <summary>Closes the engine, has the database checked, and opens it again.</summary>
    public void Restart(string what)
    {
        Close(what);
        Engine = LifeRig.Open(Options);
        Database = LifeRig.Now(Engine.AttachDatabaseAsync(LifeRig.Database));
        _isClosed = false;
    }

    public void Close(string what)
    {
        LifeRig.Now(Engine.CloseAsync());
        _isClosed = true;
        Rig.RequireSound(LifeRig.Database, what);
    }

    public void Dispose()
    {
        if (!_isClosed)
            Close("at the end of the test");
    }
}
