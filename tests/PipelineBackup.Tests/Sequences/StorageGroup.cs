using System.Globalization;
using PipelineBackup.Engine;
using PipelineBackup.Ese;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Sequences;

/// <summary>An engine with databases that all have one table, and what was committed to each.</summary>
internal sealed class StorageGroup : IAsyncDisposable
{
    private const string Table = "rows";

    private readonly EngineOptions _options;
    private readonly List<SortedDictionary<int, string>> _committed = [];
    private int _lastId;

    private StorageGroup(EngineOptions options) => (_options, Name) = (options, options.InstanceName!);

    public string Name { get; }

    public EmbeddedEngine Engine { get; private set; } = null!;

    public List<EngineDatabase> Databases { get; } = [];

    public string LogDirectory => _options.LogDirectory;

    public IEnumerable<string> Logs => Directory.GetFiles(LogDirectory, "edb0*.log").Order(StringComparer.Ordinal);

    public static async Task<StorageGroup> OpenAsync(EngineHost host, Scratch scratch, string name, int databases,
        bool isCircular = false, bool hasBackgroundWork = false)
    {
        var group = new StorageGroup(new()
        {
            Host = host,
            InstanceName = name,
            LogDirectory = Directory.CreateDirectory(scratch[$"{name}-logs"]).FullName,
            LogFileBytes = 64 << 10,
            CheckpointDepthBytes = 64 << 10,
            CircularLogging = isCircular,
            HasBackgroundWork = hasBackgroundWork,
        });
        group.Engine = await EmbeddedEngine.OpenAsync(group._options);
        for (int i = 1; i <= databases; i++)
            await group.CreateAsync(Path.Combine(Directory.CreateDirectory(scratch[$"{name}-data"]).FullName, $"{name}{i}.edb"));
        return group;
    }

    public async Task CreateAsync(string path)
    {
        var database = await Engine.CreateDatabaseAsync(path);
        using var session = Engine.CreateSession();
        session.CreateTable(database, new(Table)
        {
            Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("text", ColumnType.LongText)],
            Indexes = [new("primary", "id") { IsPrimary = true }],
        });
        Databases.Add(database);
        _committed.Add([]);
    }

    public async Task AddAsync(int rows, int database = 0, int length = 900)
    {
        using var session = Engine.CreateSession();
        using var table = session.OpenTable(Databases[database], Table);
        for (int i = 1; i <= rows; i++)
        {
            await using var transaction = session.BeginTransaction();
            int id = ++_lastId;
            string text = id.ToString(CultureInfo.InvariantCulture).PadRight(length, (char)('a' + id % 26));
            table.Insert(table.NewRow().Set("id", id).Set("text", text));
            await transaction.CommitAsync(i == rows ? CommitMode.Durable : CommitMode.Lazy);
            lock (_committed)
                _committed[database].Add(id, text);
        }
    }

    /// <summary>What is committed now.</summary>
    public SortedDictionary<int, string> Rows(int database = 0)
    {
        lock (_committed)
            return new(_committed[database]);
    }

    public async Task ReopenAsync()
    {
        var paths = Databases.Select(database => database.Path).ToList();
        await Engine.CloseAsync();
        Engine = await EmbeddedEngine.OpenAsync(_options);
        Databases.Clear();
        foreach (string path in paths)
            Databases.Add(await Engine.AttachDatabaseAsync(path));
    }

    public DatabaseHeader HeaderOf(int database = 0)
    {
        using var file = File.OpenHandle(Databases[database].Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return HeaderPair.Read(file).Header!;
    }

    /// <summary>The rows of a restored database, which no engine has open.</summary>
    public static async Task<SortedDictionary<int, string>> ReadAsync(string path)
    {
        await using var engine = await EmbeddedEngine.OpenAsync(
            new() { LogDirectory = GoldenSets.NewFolder("reader"), HasBackgroundWork = false });
        var database = await engine.AttachDatabaseAsync(path);
        using var session = engine.CreateSession();
        using var table = session.OpenTable(database, Table);
        var rows = new SortedDictionary<int, string>();
        var cursor = table.OpenCursor();
        while (cursor.MoveNext())
            rows.Add((int)cursor.GetInt64("id")!.Value, cursor.GetString("text")!);
        return rows;
    }

    public ValueTask DisposeAsync() => Engine.DisposeAsync();
}
