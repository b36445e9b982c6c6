using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>A small database on a disk in memory, and records replayed into it one by one.</summary>
internal sealed class RedoRig : IDisposable
{
    public const ushort Session = 3;

    private readonly LogRecordWriter _writer = new();
    private readonly ScratchMemory _memory;
    private readonly IDiskFile _file;
    private int _records;

    public RedoRig(int pageBytes, int pages = 20, bool holdsFuture = true, long memoryBytes = 1 << 20)
    {
        Disk = new SimulatedDisk().Put("/d/db", new byte[(pages + 2) * pageBytes]).AddDirectory("/s");
        _memory = new(Disk, "/s/undo.tmp", memoryBytes: 1 << 16);
        Versions = new(_memory);
        _file = Disk.Open("/d/db", DiskAccess.ReadWrite);
        Cache = new(_file, PageSize.Of(pageBytes), memoryBytes, () => Disk.Open("/s/pages.tmp", DiskAccess.CreateNew));
        Database = new(1, Cache);
        Pages.MayHoldLaterChanges = holdsFuture;
        var session = new RedoSession { Id = Session };
        session.Enter(1);
        Context = new(Database, session, Versions);
    }

    public static ObjectId Tree => new(7);

    public static PageNumber Leaf => new(5);

    public static DbTime LeafTime => new(100);

    public SimulatedDisk Disk { get; }

    public PageCache Cache { get; }

    public RecoveringDatabase Database { get; }

    public RedoPages Pages => Database.Redo;

    public VersionStore Versions { get; }

    public RedoContext Context { get; }

    /// <summary>A page with some nodes, on the disk.</summary>
    public PageView MakePage(PageNumber number, DbTime time, PageFlags flags, byte[] header, params string[] nodes)
    {
        var page = Cache.Create(number).Edit();
        page.Initialize(number, Tree, flags, time);
        Assert.True(page.TrySetExternalHeader(header));
        for (int i = 0; i < nodes.Length; i++)
        {
            var (key, data, marks) = Parse(nodes[i]);
            Assert.True(page.TryInsert(i, key, page.Borrow(key), data, marks));
        }

        Cache.Flush();
        return Cache.Require(number).View;
    }

    /// <summary>The leaf that most tests change.</summary>
    public PageView MakeLeaf(params string[] nodes) => MakePage(Leaf, LeafTime, PageFlags.Leaf, "prefix"u8.ToArray(), nodes);

    /// <summary>A change of the leaf as the next record has it.</summary>
    public static NodeChange Node(int line, uint version = 0, ulong before = 100, ulong after = 101, uint page = 5,
        PageChangeFlags flags = PageChangeFlags.Unique) => new(
            new(Session, 1, new(page), new(after), new(before), new(9), 1, (ushort)line,
                flags | (version == 0 ? 0 : PageChangeFlags.Versioned)),
            version, new(4), Tree);

    /// <summary>Replays one record.</summary>
    public bool Apply(Action<LogRecordWriter> write)
    {
        _writer.Clear();
        write(_writer);
        var position = Position(++_records);
        return Redo.Apply(Context, new(_writer.Written, position, position));
    }

    public void Fails(EseError error, Action<LogRecordWriter> write)
    {
        var thrown = Assert.Throws<EseException>(() => Apply(write));
        Assert.True(thrown.Error == error, $"{thrown.Error}, not {error}: {thrown.Message}");
    }

    /// <summary>What stands on a page: sound in full, and told in one line a node.</summary>
    public string[] Nodes(PageNumber number)
    {
        var view = Cache.Require(number).View;
        Assert.Equal(PageRule.None, PageLogic.Check(view, InspectionDepth.Full));
        var nodes = new string[view.NodeCount];
        for (int i = 0; i < nodes.Length; i++)
        {
            view.Node(i, out var node);
            string marks = (node.Flags & LineFlags.Deleted) != 0 ? "-" : "";
            marks += (node.Flags & LineFlags.Versioned) != 0 ? "*" : "";
            nodes[i] = $"{marks}{Text(node.KeyToArray())}={Text(node.Data)}";
        }

        return nodes;
    }

    public static LogPosition Position(int record) => new(new(1), 2, record);

    public static byte[] Bytes(string text) => System.Text.Encoding.Latin1.GetBytes(text);

    public void Dispose()
    {
        Cache.Dispose();
        _file.Dispose();
        _memory.Dispose();
    }

    private static string Text(ReadOnlySpan<byte> bytes) => System.Text.Encoding.Latin1.GetString(bytes);

    private static (byte[] Key, byte[] Data, LineFlags Marks) Parse(string node)
    {
        var marks = node[0] == '-' ? LineFlags.Deleted : LineFlags.None;
        string[] parts = node.TrimStart('-').Split('=');
        return (Bytes(parts[0]), Bytes(parts[1]), marks);
    }
}
