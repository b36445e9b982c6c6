using System.Buffers.Binary;
using System.Text;

namespace PipelineBackup.Engine.Tests.Life;

/// <summary>
/// Rows of MSysLocales, a table that every database has: written in transactions of one session, so that what the
/// engine promises can be tested without tables of users.
/// </summary>
internal sealed class LocaleRows : IValueSource
{
    private const byte Kind = 2;

    private readonly EmbeddedEngine _engine;
    private readonly EngineDatabase _database;
    private readonly EngineTree _tree;
    private readonly TableDefinition _table;
    private readonly RecordFormat _format;
    private readonly RedoSession _session;
    private readonly RowKeys _keys;

    public LocaleRows(EngineDatabase database)
    {
        (_engine, _database) = (database.Engine, database);
        _table = CatalogReader.Read(database.Cache).Find("MSysLocales");
        _tree = new(_table.Root, _table.ObjectId, PageFlags.None, database.Root);
        _format = database.PageSize.IsSmall ? RecordFormat.Small : RecordFormat.Large;
        _keys = new(_table, this);
        lock (_engine.Latch)
            _session = _engine.Transactions.Open();
    }

    /// <summary>Rows of a database as it stands.</summary>
    public static SortedDictionary<string, int> Read(IPageFile file)
    {
        var reader = new TableReader(file, CatalogReader.Read(file).Find("MSysLocales"));
        var rows = new SortedDictionary<string, int>(StringComparer.Ordinal);
        int kind = reader.IndexOf("Type"), key = reader.IndexOf("Key"), value = reader.IndexOf("iValue");
        while (reader.MoveNext())
        {
            var row = reader.Row;
            if (row[kind][0].Stored[0] == Kind)
            {
                rows.Add(Encoding.Unicode.GetString(row[key][0].Stored[..^2]),
                    BinaryPrimitives.ReadInt32LittleEndian(row[value][0].Stored));
            }
        }

        return rows;
    }

    /// <summary>Whether its transaction is open.</summary>
    public bool IsOpen => _session.Level > 0;

    public void Begin()
    {
        lock (_engine.Latch)
            _engine.Transactions.Begin(_session, 1, _engine.Transactions.Next());
    }

    public void Insert(string key, int value) => Change(key, value, record =>
        Assert.True(_database.Trees.Insert(new(_session), _tree, _keys.Primary, record, Version(), Version())));

    public void Replace(string key, int value) => Change(key, value, record =>
        Assert.True(_database.Trees.Replace(new(_session), _tree, _keys.Primary, record, Version())));

    public void Delete(string key) => Change(key, 0, _ =>
        Assert.True(_database.Trees.FlagDelete(new(_session), _tree, _keys.Primary, [], Version())));

    public LogPosition Commit()
    {
        lock (_engine.Latch)
        {
            var position = _engine.Transactions.Commit(_session);
            _engine.AfterOperation();
            return position;
        }
    }

    public void CommitDurably() => LifeRig.Now(_engine.Log.FlushAsync(Commit(), CancellationToken.None));

    public void Close()
    {
        lock (_engine.Latch)
            _engine.Transactions.Close(_session);
    }

    ReadOnlySpan<byte> IValueSource.Read(RecordValue value) => value.Stored;

    private uint Version() => _engine.Transactions.NextVersion();

    private void Change(string key, int value, Action<byte[]> change)
    {
        var builder = new RecordBuilder(_table, _format);
        new LocaleRow(Kind, value, key).Build(builder);
        byte[] record = builder.ToArray();
        _keys.Make(new RecordView(record, _format));
        lock (_engine.Latch)
        {
            change(record);
            _engine.AfterOperation();
        }
    }
}
