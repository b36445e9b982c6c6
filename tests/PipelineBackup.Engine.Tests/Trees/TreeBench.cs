using System.Buffers.Binary;

namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>
/// A database in memory whose trees are changed, with the log of it. The log is only a list here, but what replays it
/// is the code that recovers databases.
/// </summary>
internal sealed class TreeBench : IChangeLog, IDisposable
{
    private readonly List<(LogPosition Position, byte[] Bytes)> _log = [];
    private readonly ScratchMemory _memory = NewMemory();
    private readonly RedoSession _session = new() { Id = 5 };
    private uint _transaction = 4, _version = 1;
    private long _bytes;

    private TreeBench(byte[] file, PageSize pageSize, DbTime lastTime, ObjectId lastObject)
    {
        Start = file;
        Cache = new(new MemoryFile([.. file]), pageSize, 1L << 30, () => new MemoryFile());
        Database = new(1, Cache);
        Versions = new(_memory);
        Editor = new(Database, Versions, this, lastTime, lastObject);
        Writer = new(Editor);
    }

    /// <summary>The file that the log begins with.</summary>
    public byte[] Start { get; }

    public PageCache Cache { get; }

    public RecoveringDatabase Database { get; }

    public VersionStore Versions { get; }

    public DatabaseEditor Editor { get; }

    public TreeWriter Writer { get; }

    public SpaceWriter Space => Writer.Space;

    public EngineTree Root { get; } = EngineTree.Database;

    public ChangeOrigin Origin => new(_session);

    /// <summary>Number of appended calls so far.</summary>
    public int LogCount => _log.Count;

    public long LogBytes => _bytes;

    /// <summary>All appended records, by call.</summary>
    public IEnumerable<byte[]> Log => _log.Select(entry => entry.Bytes);

    /// <summary>The trees that a catalog would name, tables before their own trees.</summary>
    public List<TreeIdentity> Named { get; } = [];

    /// <summary>An empty file that becomes a database without a catalog.</summary>
    public static TreeBench Bare(int pageSize)
    {
        var size = PageSize.Of(pageSize);
        var bench = new TreeBench(new byte[2 * pageSize], size, new(0x40), new(1));
        bench.Begin();
        var records = bench.Editor.Records;
        records.Clear();
        records.Add<DatabaseExtension>(LogRecordType.ExtendDatabase, new(1, new(62)));
        bench.Editor.Commit(bench.Origin);
        records.Clear();
        var change = bench.Editor.Change(
            bench.Origin, bench.Root, new(1), DbTime.Nil, bench.Editor.NextTime());
        records.Add<MultipleExtentTreeCreation>(
            LogRecordType.CreateMultipleExtentTree, new(change, new(1), new(2), new(3), default, 62, 0));
        bench.Editor.Commit(bench.Origin);
        bench.Commit();
        return bench;
    }

    /// <summary>A database that the engine wrote and closed.</summary>
    public static TreeBench Over(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        using var database = DatabaseFile.Open(path);
        var header = database.Header;
        var bench = new TreeBench(file, database.PageSize, header.DbTime,
            new(BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(212))));
        foreach (var table in CatalogReader.Read(database).Tables)
            bench.Named.AddRange(CatalogCheck.TreesOf(table));
        return bench;
    }

    public LogPosition Append(ReadOnlySpan<byte> records)
    {
        var position = new LogPosition(new LogGeneration(1), 1 + (int)(_bytes >> 15), (int)(_bytes & 0x7FFF));
        _log.Add((position, records.ToArray()));
        _bytes += records.Length;
        return position;
    }

    /// <summary>Begins a transaction.</summary>
    public void Begin()
    {
        var writer = new LogRecordWriter();
        writer.Add<OuterBegin>(LogRecordType.Begin0, new(new(_session.Id, 0, 1), new(_transaction)));
        Append(writer.Written);
        _session.HasBegun = true;
        _session.Transaction = new(_transaction);
        _session.Enter(1);
        Editor.OldestActive = new(Editor.LastTime.Value + 1);
    }

    /// <summary>Commits it.</summary>
    public void Commit()
    {
        var writer = new LogRecordWriter();
        writer.Add<OuterCommit>(LogRecordType.Commit0, new(new(_session.Id, 0), new(_transaction + 4)));
        Append(writer.Written);
        _transaction += 8;
        _session.CommitTo(0);
        Editor.OldestActive = DbTime.Nil;
    }

    public uint NextVersion() => _version += 2;

    /// <summary>Makes a tree that checks know of.</summary>
    public EngineTree Create(EngineTree parent, PageFlags kind, uint pages, bool hasSpaceTrees = false)
    {
        var tree = Space.CreateTree(Origin, parent, kind, pages, hasSpaceTrees);
        Named.Add(new($"tree {tree.ObjectId}", tree.Root, tree.ObjectId, parent.Root) { Kind = kind });
        return tree;
    }

    public void Drop(EngineTree tree)
    {
        Space.DeleteTree(Origin, tree, new(_transaction));
        Named.RemoveAll(one => one.ObjectId == tree.ObjectId || one.Parent == tree.Root);
    }

    /// <summary>Every page, tree and extent is sound.</summary>
    public void RequireSound(string what)
    {
        var findings = new FindingList(50);
        var space = new SpaceCheck(Cache, findings);
        var tables = new List<SpaceCheck.OwnedSpace>();
        foreach (var table in Named.Where(tree => tree.Parent.Value == 1))
        {
            var owned = Named.Where(tree => tree.Parent == table.Root)
                .Select(tree => space.Run(tree, 2, [], default)).ToList();
            tables.Add(space.Run(table, 1, owned, default));
        }

        space.Run(TreeIdentity.Database, 0, tables, default);
        Assert.True(space.Leaked == 0, $"{what}: {space.Leaked} pages are of no use");
        Assert.True(findings.Findings.Count == 0, $"{what}: {string.Join('\n', findings.Findings)}");
        for (uint number = 1; number <= Cache.LastPage.Value; number++)
        {
            if (Cache.Get(new(number), out var page).Error != EseError.Success || page!.View.IsZero)
                continue;
            var rule = PageLogic.Check(page.View, InspectionDepth.Full);
            Assert.True(rule == PageRule.None, $"{what}: page {number}: {rule}");
            Assert.True(page.View.DbTime.CompareTo(Editor.LastTime) <= 0, $"{what}: page {number} is too new");
        }
    }

    /// <summary>Replays the log into a file.</summary>
    /// <param name="file">The file; changed.</param>
    /// <param name="from">The first call that is replayed.</param>
    public PageCache Replay(byte[] file, int from = 0)
    {
        var cache = new PageCache(new MemoryFile(file), Cache.PageSize, 1L << 30, () => new MemoryFile());
        using var memory = NewMemory();
        var replay = new TreeReplay(new(1, cache), new(memory));
        foreach (var (position, bytes) in _log.Skip(from))
            replay.Apply(bytes, position);
        return cache;
    }

    /// <summary>Two databases hold the same, page by page.</summary>
    public void RequireSame(PageCache other, string what)
    {
        Assert.True(Cache.LastPage == other.LastPage, $"{what}: {Cache.LastPage} pages became {other.LastPage}");
        for (uint number = 1; number <= Cache.LastPage.Value; number++)
        {
            string mine = PageText.Of(Cache, new(number)), theirs = PageText.Of(other, new(number));
            Assert.True(mine == theirs, $"{what}: page {number} is\n{mine}\nand became\n{theirs}");
        }
    }

    public void Dispose()
    {
        Cache.Dispose();
        _memory.Dispose();
    }

    private static ScratchMemory NewMemory() =>
        new(LocalDisk.Instance, Path.Combine(GoldenSets.NewFolder("versions"), "versions.tmp"), 1L << 30);
}
