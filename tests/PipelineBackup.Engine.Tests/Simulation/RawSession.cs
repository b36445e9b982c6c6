namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>A session whose transactions change rows of MSysLocales, in several databases.</summary>
/// <param name="engine">Its engine.</param>
/// <param name="deleted">Nodes that open transactions of any session deleted.</param>
internal sealed class RawSession(EmbeddedEngine engine, HashSet<(byte, string)> deleted) : IValueSource
{
    private const byte Kind = 2;

    private readonly RedoSession _session = engine.Transactions.Open();
    private readonly Dictionary<EngineDatabase, RawTable> _tables = [];
    private readonly HashSet<(byte, string)> _own = [];

    /// <summary>What its open transaction changed.</summary>
    public RowChanges Changes { get; private set; } = [];

    public bool IsOpen => _session.Level > 0;

    /// <summary>The session ends.</summary>
    public void End() => engine.Transactions.Close(_session);

    public void Begin() => engine.Transactions.Begin(_session, 1, engine.Transactions.Next());

    public void Insert(EngineDatabase database, RowName row, int value)
    {
        var table = Table(database);
        byte[] record = Record(table, row, value);
        Assert.True(database.Trees.Insert(
            new(_session), table.Tree, table.Keys.Primary, record, Version(), Version()), $"{row.Key} is there");
        Changes[row] = value;
        engine.AfterOperation();
    }

    public void Replace(EngineDatabase database, RowName row, int value)
    {
        var table = Table(database);
        byte[] record = Record(table, row, value);
        Assert.True(database.Trees.Replace(
            new(_session), table.Tree, table.Keys.Primary, record, Version()), $"{row.Key} is not there");
        Changes[row] = value;
        engine.AfterOperation();
    }

    public void Delete(EngineDatabase database, RowName row)
    {
        var table = Table(database);
        Record(table, row, 0);
        Assert.True(database.Trees.FlagDelete(
            new(_session), table.Tree, table.Keys.Primary, [], Version()), $"{row.Key} is not there");
        Changes[row] = null;
        _own.Add((database.Slot, Convert.ToHexString(table.Keys.Primary)));
        deleted.UnionWith(_own);
        engine.AfterOperation();
    }

    /// <summary>Takes nodes out that are deleted, those that somebody still needs excepted.</summary>
    public void CleanUp(EngineDatabase database, RowName row)
    {
        var table = Table(database);
        Record(table, row, 0);
        database.Trees.CleanUp(new(_session, IsSystemTask: true), table.Tree, table.Keys.Primary, [],
            (key, _) => deleted.Contains((database.Slot, Convert.ToHexString(key))));
        engine.AfterOperation();
    }

    public LogPosition Commit()
    {
        var position = engine.Transactions.Commit(_session);
        Changes = [];
        deleted.ExceptWith(_own);
        _own.Clear();
        engine.AfterOperation();
        return position;
    }

    ReadOnlySpan<byte> IValueSource.Read(RecordValue value) => value.Stored;

    private uint Version() => engine.Transactions.NextVersion();

    private RawTable Table(EngineDatabase database)
    {
        if (!_tables.TryGetValue(database, out var table))
            _tables[database] = table = new(database, this);
        return table;
    }

    private static byte[] Record(RawTable table, RowName row, int value)
    {
        var builder = new RecordBuilder(table.Definition, table.Format);
        new LocaleRow(Kind, value, row.Key).Build(builder);
        byte[] record = builder.ToArray();
        table.Keys.Make(new RecordView(record, table.Format));
        return record;
    }

    private sealed class RawTable
    {
        public RawTable(EngineDatabase database, IValueSource values)
        {
            Definition = CatalogReader.Read(database.Cache).Find("MSysLocales");
            Tree = new(Definition.Root, Definition.ObjectId, PageFlags.None, database.Root);
            Format = database.PageSize.IsSmall ? RecordFormat.Small : RecordFormat.Large;
            Keys = new(Definition, values);
        }

        public TableDefinition Definition { get; }

        public EngineTree Tree { get; }

        public RecordFormat Format { get; }

        public RowKeys Keys { get; }
    }
}
