using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Directories;

/// <summary>
/// An engine whose table gets the rows 1, 2, 3 …, each in a transaction of its own, and a directory for its backups: so
/// what is restored is right when it is all rows up to one of them.
/// </summary>
internal sealed class DirectoryRig
{
    private EngineSession? _session;
    private Table? _table;

    public DirectoryRig(
        SimulatedDisk? disk = null, Func<EngineOptions, EngineOptions>? with = null, string? database = null)
    {
        database ??= LifeRig.Database;
        Rig = new(disk);
        Disk.AddDirectory(Target);
        var options = Rig.Options with { Events = new Heard<EngineEvent>(Events.Add), Time = new HastyTime() };
        Engine = LifeRig.Open(with is null ? options : with(options));
        bool isNew = !Disk.FileExists(database);
        Database = LifeRig.Now(isNew ? Engine.CreateDatabaseAsync(database) : Engine.AttachDatabaseAsync(database));
        _session = Engine.CreateSession();
        if (isNew)
        {
            _session.CreateTable(Database, new("rows")
            {
                Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("text", ColumnType.LongText)],
                Indexes = [new("primary", "id") { IsPrimary = true }],
            });
        }

        _table = _session.OpenTable(Database, "rows");
        Rows = Count(Engine, Database);
    }

    /// <summary>Where backups go.</summary>
    public static string Target { get; } = Path.GetFullPath("/disk/backup");

    public LifeRig Rig { get; }

    public SimulatedDisk Disk => Rig.Disk;

    public EmbeddedEngine Engine { get; }

    public EngineDatabase Database { get; }

    public List<EngineEvent> Events { get; } = [];

    public List<BackupStatus> Statuses { get; } = [];

    /// <summary>How many rows are committed.</summary>
    public int Rows { get; private set; }

    /// <summary>Header of the database, as it is on the disk.</summary>
    public DatabaseHeader Header => HeaderOf(Disk);

    /// <summary>Generations of the closed logs of the engine.</summary>
    public int[] Logs => Generations(LifeRig.Logs);

    public static DatabaseHeader HeaderOf(SimulatedDisk disk)
    {
        using var file = disk.Open(LifeRig.Database, DiskAccess.Read);
        return HeaderPair.Read(file).Require("a.edb");
    }

    /// <summary>Commits more rows.</summary>
    public void Insert(int count)
    {
        for (; count > 0; count--)
        {
            using var transaction = _session!.BeginTransaction();
            _table!.Insert(_table.NewRow().Set("id", Rows + 1).Set("text", new string((char)('a' + Rows % 26), 300)));
            LifeRig.Now(transaction.CommitAsync(CommitMode.Lazy));
            Rows++;
        }
    }

    /// <summary>A row that is not committed until the result is disposed of, and then rolled back.</summary>
    public EngineSession BeginRow()
    {
        var session = Engine.CreateSession();
        session.BeginTransaction();
        var table = session.OpenTable(Database, "rows");
        table.Insert(table.NewRow().Set("id", 1_000_000).Set("text", "open"));
        return session;
    }

    /// <summary>Makes a backup.</summary>
    public DirectoryBackupReport Back(
        DirectoryBackupOptions options = DirectoryBackupOptions.None, string? path = "", IProgress<BackupStatus>? status = null) =>
        LifeRig.Now(Engine.BackupToDirectoryAsync(
            path?.Length == 0 ? Target : path, options, status ?? new Heard<BackupStatus>(Statuses.Add)));

    /// <summary>The error with which a backup is refused; it leaves everything as it was.</summary>
    public int ErrorOf(DirectoryBackupOptions options = DirectoryBackupOptions.None, string? path = "")
    {
        var (before, header, logs) = (Content(Disk, Target), Marks(Header), Logs);
        var error = Assert.Throws<SourceException>(() => Back(options, path)).Error;
        Assert.Equal(before, Content(Disk, Target));
        Assert.Equal(header, Marks(Header));
        Assert.Equal(logs, logs.Intersect(Logs));
        return error!.Value.Number;
    }

    public void Close()
    {
        _session?.Dispose();
        (_session, _table) = (null, null);
        LifeRig.Now(Engine.CloseAsync());
    }

    public int[] Generations(string directory) => Generations(Disk, directory);

    public static int[] Generations(SimulatedDisk disk, string directory) => !disk.DirectoryExists(directory) ? [] :
    [
        .. disk.ListFiles(directory)
            .Select(path => LogFileName.TryParse(Path.GetFileName(path), out var name) ? name : default)
            .Where(name => name.Kind == LogFileKind.Numbered && name.Number > 0).Select(name => name.Number).Order(),
    ];

    /// <summary>All files below a directory, each with what is in it.</summary>
    public static SortedDictionary<string, string> Content(SimulatedDisk disk, string directory)
    {
        var content = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in disk.Files.Where(path => path.StartsWith(directory, StringComparison.Ordinal)))
            content.Add(path, Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(disk.ReadAll(path))));
        return content;
    }

    /// <summary>What a header says of backups.</summary>
    public static (BackupInfo, BackupInfo, BackupInfo, BackupInfo) Marks(DatabaseHeader header) =>
        (header.PreviousFull, header.PreviousIncremental, header.PreviousCopy, header.PreviousDifferential);

    /// <summary>Restores a directory on a disk of its own, and counts the rows: 1, 2, 3 …, none between missing.</summary>
    public static int Restore(SimulatedDisk from, string? path = null, bool isSoundToo = false)
    {
        var rig = new LifeRig(from.Copy());
        string work = Path.GetFullPath("/restored/logs"), data = Path.GetFullPath("/restored/data");
        rig.Disk.AddDirectory(work).AddDirectory(data);
        var engine = EmbeddedEngine.Create(rig.Options with { LogDirectory = work });
        LifeRig.Now(engine.RestoreDirectoryAsync(path ?? Target, data));
        string database = Path.Combine(data, "a.edb");
        if (isSoundToo)
            rig.RequireSoundDatabase(database, "restored");
        LifeRig.Now(engine.InitializeAsync());
        int rows = Count(engine, LifeRig.Now(engine.AttachDatabaseAsync(database)));
        LifeRig.Now(engine.CloseAsync());
        Assert.Equal(0, rig.Disk.OpenFiles);
        return rows;
    }

    /// <summary>Rows of a database.</summary>
    public static int Count(EmbeddedEngine engine, EngineDatabase database)
    {
        using var session = engine.CreateSession();
        using var table = session.OpenTable(database, "rows");
        var cursor = table.OpenCursor();
        int rows = 0;
        while (cursor.MoveNext())
            Assert.Equal(++rows, cursor.GetInt64("id"));
        return rows;
    }
}

/// <summary>Hears what is told, at once.</summary>
internal sealed class Heard<T>(Action<T> hear) : IProgress<T>
{
    public void Report(T value) => hear(value);
}

/// <summary>A clock whose waits are over at once.</summary>
internal sealed class HastyTime : TimeProvider
{
    /// <summary>How long the waits would have been, in milliseconds.</summary>
    public List<int> Waits { get; } = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Waits.Add((int)dueTime.TotalMilliseconds);
        callback(state);
        return new Done();
    }

    private sealed class Done : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
