using PipelineBackup.Engine.Tests.Life;

namespace PipelineBackup.Engine.Tests.Backup;

/// <summary>
/// A table whose rows come, change and go by chance, in transactions of several sessions, beside a model of what is
/// committed.
/// </summary>
internal sealed class WrittenRows
{
    private const string Name = "rows";

    private EmbeddedEngine _engine;
    private readonly Random _random;
    private readonly int _keys, _longest;
    private readonly List<Writer> _writers = [];

    public WrittenRows(EmbeddedEngine engine, EngineDatabase database, Random random, int sessions = 2, int keys = 2000,
        int longest = 400)
    {
        (_engine, _random, _keys, _longest) = (engine, random, keys, longest);
        using (var session = engine.CreateSession())
        {
            session.CreateTable(database, new(Name)
            {
                Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("text", ColumnType.LongText),
                    new("note", ColumnType.LongBinary)],
                Indexes = [new("primary", "id") { IsPrimary = true }],
            });
        }

        Open(database, sessions);
    }

    /// <summary>Goes on with the table as it is, in an engine that was opened again.</summary>
    public void GoOn(EmbeddedEngine engine, EngineDatabase database)
    {
        _engine = engine;
        Committed.Clear();
        foreach (var (id, text) in Read(engine, database))
            Committed.Add(id, text);
        _writers.Clear();
        Open(database, 2);
    }

    /// <summary>What is committed.</summary>
    public SortedDictionary<int, string> Committed { get; } = [];

    /// <summary>Where growing and shrinking take turns: keys around it.</summary>
    public int Middle { get; set; }

    /// <summary>Whether more rows go than come.</summary>
    public bool IsShrinking { get; set; }

    /// <summary>Whether nobody waits for the disk.</summary>
    public bool IsLazy { get; set; }

    /// <summary>One step of one of the sessions.</summary>
    public void Step()
    {
        var writer = _writers[_random.Next(_writers.Count)];
        if (writer.Transaction is null)
        {
            writer.Begin();
            return;
        }

        if (_random.Next(8) == 0)
            End(writer, _random.Next(5) > 0);
        else
            Change(writer);
    }

    /// <summary>Many steps.</summary>
    public void Steps(int count)
    {
        for (int i = 0; i < count; i++)
            Step();
    }

    /// <summary>Ends what is open, and the sessions.</summary>
    public void Close()
    {
        foreach (var writer in _writers)
        {
            if (writer.Transaction is not null)
                End(writer, isCommitted: true);
            writer.Session.Dispose();
        }

        _writers.Clear();
    }

    /// <summary>The rows of a database of an engine.</summary>
    public static SortedDictionary<int, string> Read(EmbeddedEngine engine, EngineDatabase database)
    {
        var rows = new SortedDictionary<int, string>();
        using var session = engine.CreateSession();
        using var table = session.OpenTable(database, Name);
        var cursor = table.OpenCursor();
        while (cursor.MoveNext())
            rows.Add((int)cursor.GetInt64("id")!.Value, cursor.GetString("text")!);
        return rows;
    }

    /// <summary>The rows of a database that nobody has open.</summary>
    public static SortedDictionary<int, string> Read(LifeRig rig, string path, int pageSize)
    {
        var engine = LifeRig.Open(rig.Options with { PageSize = PageSize.Of(pageSize) });
        try
        {
            return Read(engine, LifeRig.Now(engine.AttachDatabaseAsync(path)));
        }
        finally
        {
            LifeRig.Now(engine.CloseAsync());
        }
    }

    private void Open(EngineDatabase database, int sessions)
    {
        for (int i = 0; i < sessions; i++)
            _writers.Add(new(_engine.CreateSession(), database));
    }

    private void End(Writer writer, bool isCommitted)
    {
        if (isCommitted)
        {
            bool isDurable = _random.Next(3) == 0 && !IsLazy;
            LifeRig.Now(writer.Transaction!.CommitAsync(isDurable ? CommitMode.Durable : CommitMode.Lazy));
            foreach (var (id, text) in writer.Changes)
            {
                if (text is null)
                    Committed.Remove(id);
                else
                    Committed[id] = text;
            }
        }
        else
        {
            writer.Transaction!.Rollback();
        }

        writer.Transaction = null;
        writer.Changes.Clear();
        if (_random.Next(4) == 0)
            _engine.CleanUp();
    }

    private void Change(Writer writer)
    {
        // What goes goes together, so that pages become empty.
        int span = IsShrinking ? _keys / 8 : _keys;
        int id = Math.Clamp(Middle + _random.Next(span) - span / 2, 0, 1 << 20);
        try
        {
            var found = writer.Table.Find(id);
            if (found is null)
                Insert(writer, id);
            else if (_random.Next(IsShrinking ? 8 : 3) > 0 == IsShrinking)
                Delete(writer, found, id);
            else
                Update(writer, found, id);
        }
        catch (EseException conflict) when (conflict.Error == EseError.WriteConflict)
        {
            End(writer, isCommitted: false);
        }
    }

    private void Insert(Writer writer, int id)
    {
        if (IsShrinking && _random.Next(4) > 0)
            return;
        string text = Text();
        writer.Table.Insert(writer.Table.NewRow().Set("id", id).Set("text", text));
        writer.Changes[id] = text;
    }

    private void Update(Writer writer, TableCursor row, int id)
    {
        string text = Text();
        row.Update(writer.Table.NewRow().Set("text", text));
        writer.Changes[id] = text;
    }

    private static void Delete(Writer writer, TableCursor row, int id)
    {
        row.Delete();
        writer.Changes[id] = null;
    }

    private string Text() => new((char)('a' + _random.Next(26)), 1 + _random.Next(_longest));

    private sealed class Writer(EngineSession session, EngineDatabase database)
    {
        public EngineSession Session { get; } = session;

        public Table Table { get; } = session.OpenTable(database, Name);

        public Transaction? Transaction { get; set; }

        public Dictionary<int, string?> Changes { get; } = [];

        public void Begin() => Transaction = Session.BeginTransaction();
    }
}
