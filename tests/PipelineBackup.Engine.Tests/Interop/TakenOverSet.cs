using PipelineBackup.Engine.Tests.Backup;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Engine.Tests.Tables;
using PipelineBackup.Ese.Tests.Simulation;
using Rows = System.Collections.Generic.Dictionary<
    string, System.Collections.Generic.SortedDictionary<string, byte[][][]>>;

namespace PipelineBackup.Engine.Tests.Interop;

/// <summary>
/// Databases of the engine of Windows that this engine goes on with: changed by chance, row by row and in their
/// definitions, killed, changed again, backed up; and what has to be in them.
/// </summary>
internal sealed class TakenOverSet
{
    private const string AddedTable = "added here", AddedColumn = "AddedHere", AddedIndex = "ByAddedHere";

    private readonly LifeRig _rig;
    private readonly EngineOptions _options;
    private readonly Random _random;
    private readonly Dictionary<string, Rows> _held = [];
    private readonly Dictionary<string, long> _leaked = [];

    /// <summary>Takes databases over.</summary>
    /// <param name="disk">The disk, with logs that recovery takes, or none.</param>
    /// <param name="logs">Where the logs are.</param>
    /// <param name="baseName">What their names begin with.</param>
    /// <param name="databases">Where the databases are.</param>
    public TakenOverSet(SimulatedDisk disk, string logs, string baseName, params string[] databases)
    {
        _rig = new(disk) { BaseName = baseName };
        _random = new(databases[0].Length);
        PageSize pageSize;
        using (var file = disk.Open(databases[0], DiskAccess.Read))
            pageSize = HeaderPair.Read(file).PageSize;
        _options = _rig.Options with
        {
            LogDirectory = logs,
            PageSize = pageSize,
            Map = [.. databases.Select(path => new DatabaseMapping($@"X:\c\{Path.GetFileName(path)}", path))],
        };
        foreach (string path in databases)
            _held.Add(path, []);
    }

    /// <summary>Changes of rows that were made.</summary>
    public int Changed { get; private set; }

    /// <summary>Tables that are not changed, because an index orders UTF-16 text.</summary>
    public int Refused { get; private set; }

    /// <summary>What the databases are called in the logs; only needed where it is not <c>X:\c\</c> and the name.</summary>
    public IReadOnlyList<DatabaseMapping>? Map { get; init; }

    /// <summary>Recovers, and reads what is there.</summary>
    public void Recover()
    {
        var engine = Open();
        LifeRig.Now(engine.CloseAsync());
        foreach (string path in _held.Keys.ToList())
        {
            _held[path] = _rig.Read(path, RealRows.ReadAll);
            _leaked[path] = _rig.Read(path, file => new DatabaseCheck(file, file.Header).Run().LeakedPages);
        }
    }

    /// <summary>The rows are those of a dump of the engine of Windows.</summary>
    public void RequireDump(string path, string[] dump) => Assert.Equal(dump, _rig.Dump(path, system: false));

    /// <summary>Changes everything that can be changed.</summary>
    /// <param name="isKilled">Whether the engine is killed, and opened again, rather than closed.</param>
    public void Change(bool isKilled)
    {
        var engine = Open();
        LogPosition last = default;
        foreach (string path in _held.Keys)
        {
            var database = LifeRig.Now(engine.AttachDatabaseAsync(path));
            using var session = engine.CreateSession();
            foreach (string name in session.TableNames(database))
                Change(session, database, name, _held[path][name]);
            Define(session, database, _held[path]);
            last = engine.Log.Tip;
        }

        if (isKilled)
        {
            LifeRig.Now(engine.Log.FlushAsync(last, CancellationToken.None));
            _rig.Disk.Crash(CrashKind.AllLost, _random);
            engine = Open();
        }

        LifeRig.Now(engine.CloseAsync());
        Require(_rig, _held.Keys, isKilled ? "killed" : "closed", mayLeak: isKilled);
        _rig.RequireSoundLogs("logs", _options.LogDirectory);
    }

    /// <summary>Takes an online backup while rows change, restores it, and finds what was there at its log roll.</summary>
    public void BackUp()
    {
        var engine = Open();
        var attached = _held.Keys.ToDictionary(path => path, path => LifeRig.Now(engine.AttachDatabaseAsync(path)));
        var session = engine.CreateSession();
        var (changing, database) = attached.First();
        bool isRolled = false;
        var taken = BackupRig.Take(engine, new(), between: step =>
        {
            isRolled |= step > 0;
            if (!isRolled && _held[changing].TryGetValue(AddedTable, out var rows) && _random.Next(3) == 0)
                Change(session, database, AddedTable, rows, 5);
        });
        session.Dispose();
        LifeRig.Now(engine.CloseAsync());
        Require(_rig, _held.Keys, "backed up", mayLeak: true);
        var (restored, _) = BackupRig.Restore(_rig.BaseName, taken);
        foreach (var (path, rows) in _held)
        {
            string copy = BackupRig.PathOf(taken.Databases.Keys.Single(file => file.OriginalPath == path));
            Require(restored, copy, rows, "restored", mayLeak: true);
        }
    }

    private EmbeddedEngine Open() => LifeRig.Open(_options with { Map = Map ?? _options.Map });

    private void Require(LifeRig rig, IEnumerable<string> paths, string what, bool mayLeak)
    {
        foreach (string path in paths)
            Require(rig, path, _held[path], what, mayLeak || _leaked[path] > 0);
    }

    private static void Require(LifeRig rig, string path, Rows held, string what, bool mayLeak)
    {
        rig.RequireSoundDatabase(path, what, mayLeak);
        var found = rig.Read(path, RealRows.ReadAll);
        Assert.Equal(held.Keys.Order(), found.Keys.Order());
        foreach (string name in held.Keys)
            RealRows.Compare(held[name], found[name], $"{path}, {what}: {name}");
    }

    private void Change(EngineSession session, EngineDatabase database, string name,
        SortedDictionary<string, byte[][][]> rows, int steps = 40)
    {
        var table = session.OpenTable(database, name);
        if ((table.Definition.Flags & TableFlags.Template) != 0)
            return;
        if (table.Definition.Indexes.Any(index => !KeyNormalizer.CanNormalize(index)))
        {
            using var refused = session.BeginTransaction();
            Assert.Equal(EseError.IndexInvalidDef, TableRig.ErrorOf(() => table.Insert(table.NewRow())));
            Refused++;
            return;
        }

        using (var transaction = session.BeginTransaction())
        {
            Changed += new RealTableRun(table, rows, _random).Go(steps);
            TableRig.Commit(transaction);
        }

        using (session.BeginTransaction())
            new RealTableRun(table, new(rows), _random).Go(steps / 2);
        CompareIndexes(table, rows.Count);
        AddTo(session, database, table, rows);
    }

    // What an index without conditions lists is as much as there are rows.
    private static void CompareIndexes(Table table, int rows)
    {
        foreach (var index in table.Definition.Indexes)
        {
            bool isWhole = !index.IsPrimary && index.Conditions.Count == 0 && index.Tuples is null
                && (index.Flags & (IndexFlags.MultiValued | IndexFlags.AllowAllNulls)) == IndexFlags.AllowAllNulls
                && (index.Flags & IndexFlags.AllowSomeNulls) != 0 && (index.Flags & IndexFlags.AllowFirstNull) != 0;
            if (!isWhole)
                continue;
            int count = 0;
            for (var cursor = table.OpenCursor(index.Name); cursor.MoveNext();)
                count++;
            Assert.True(count == rows, $"{table.Definition}: {index} lists {count} of {rows} rows");
        }
    }

    // A column with a default, and an index over it: once, and the index is deleted the next time.
    private static void AddTo(
        EngineSession session, EngineDatabase database, Table table, SortedDictionary<string, byte[][][]> rows)
    {
        string name = table.Definition.Name;
        if ((table.Definition.Flags & TableFlags.FixedDefinition) != 0)
        {
            Assert.Equal(EseError.FixedDDL, TableRig.ErrorOf(() =>
                session.AddColumn(database, name, new(AddedColumn, ColumnType.Long))));
            return;
        }

        using var transaction = session.BeginTransaction();
        if (table.Definition.FindColumn(AddedColumn) is null)
        {
            byte[] value = [5, 0, 0, 0];
            session.AddColumn(database, name, new(AddedColumn, ColumnType.Long) { Storage = ColumnStorage.Tagged, Default = value });
            session.CreateIndex(database, name, new(AddedIndex, new NewIndexSegment(AddedColumn, IsDescending: true)));
            foreach (string key in rows.Keys.ToList())
                rows[key] = [.. rows[key], [value]];
        }
        else if (table.Definition.FindIndex(AddedIndex) is not null)
            session.DeleteIndex(database, name, AddedIndex);
        TableRig.Commit(transaction);
    }

    // A table comes and stays, another comes and goes.
    private void Define(EngineSession session, EngineDatabase database, Rows rows)
    {
        if (rows.ContainsKey(AddedTable))
            return;
        foreach (string name in (string[])["brief", AddedTable])
        {
            using var transaction = session.BeginTransaction();
            session.CreateTable(database, AllTypesTable.Definition with { Name = name });
            var held = new SortedDictionary<string, byte[][][]>(StringComparer.Ordinal);
            new RealTableRun(session.OpenTable(database, name), held, _random).Go(60);
            TableRig.Commit(transaction);
            rows[name] = held;
        }

        session.DeleteTable(database, "brief");
        rows.Remove("brief");
    }
}
