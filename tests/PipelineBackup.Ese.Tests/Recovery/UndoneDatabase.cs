using PipelineBackup.Ese.Tests.Trees;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>
/// A database of one tree, in a file of pages and a cache over it that a crash loses. The root leads to leaves by the
/// first byte of the key.
/// </summary>
internal sealed class UndoneDatabase : IPageFile, IUndoTarget
{
    public const int Leaves = 4;

    private readonly byte[] _file;
    private readonly Dictionary<PageNumber, byte[]> _cache = [];

    public UndoneDatabase(PageSize size, bool isUnique = true)
    {
        PageSize = size;
        IsUnique = isUnique;
        _file = new byte[(2 + Leaves) * size.Bytes];
        var kind = isUnique ? PageFlags.None : PageFlags.Index | PageFlags.NonUniqueKeys;
        var root = Editor(RecordMaker.Root);
        root.Initialize(RecordMaker.Root, RecordMaker.Tree, kind | PageFlags.Root | PageFlags.ParentOfLeaf, new(Time));
        for (uint i = 0; i < Leaves; i++)
        {
            byte[] end = i == Leaves - 1 ? [] : [(byte)(i + 1)];
            Assert.True(root.TryInsert((int)i, end, 0, BitConverter.GetBytes(Leaf(i).Value), LineFlags.None));
            var leaf = Editor(Leaf(i));
            leaf.Initialize(Leaf(i), RecordMaker.Tree, kind | PageFlags.Leaf, new(Time));
            leaf.SetPrevious(i == 0 ? PageNumber.None : Leaf(i - 1));
            leaf.SetNext(i == Leaves - 1 ? PageNumber.None : Leaf(i + 1));
        }

        WriteAll();
    }

    private UndoneDatabase(UndoneDatabase other)
    {
        PageSize = other.PageSize;
        IsUnique = other.IsUnique;
        _file = (byte[])other._file.Clone();
    }

    public bool IsUnique { get; }

    /// <summary>The highest dbtime seen.</summary>
    public ulong Time { get; set; } = 100;

    public PageSize PageSize { get; }

    public PageNumber LastPage => Leaf(Leaves - 1);

    public IPageFile Pages => this;

    /// <summary>Pages that the cache has.</summary>
    public IReadOnlyList<PageNumber> Dirty => [.. _cache.Keys.Order()];

    /// <summary>The same file, as it is found after a crash.</summary>
    public UndoneDatabase Crashed() => new(this);

    public static PageNumber Leaf(uint index) => new(2 + index);

    public PageView View(PageNumber page) =>
        new(_cache.TryGetValue(page, out byte[]? cached) ? cached : InFile(page), PageSize);

    public PageEditor Editor(PageNumber page)
    {
        if (!_cache.TryGetValue(page, out byte[]? cached))
            _cache.Add(page, cached = InFile(page).ToArray());
        return new(cached);
    }

    public void Write(PageNumber page)
    {
        _cache[page].CopyTo(InFile(page));
        _cache.Remove(page);
    }

    public void WriteAll()
    {
        foreach (var page in Dirty)
            Write(page);
    }

    public PageVerdict Read(PageNumber number, Span<byte> page)
    {
        if (number == PageNumber.None || number.CompareTo(LastPage) > 0)
            return PageVerdict.Truncated;
        View(number).Bytes.CopyTo(page);
        return PageVerdict.Ok;
    }

    public PageEditor Edit(PageNumber page, LogPosition position) => Editor(page);

    public DbTime NextTime() => new(++Time);

    /// <summary>All nodes that are not deleted, key and data in hexadecimal.</summary>
    public SortedDictionary<string, string> Content()
    {
        var content = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var cursor = new TreeCursor(this, RecordMaker.Root, RecordMaker.Tree);
        while (cursor.MoveNext())
        {
            Assert.True(IsUnique || !cursor.Data.IsEmpty);
            string key = Convert.ToHexString(cursor.Key), data = Convert.ToHexString(cursor.Data);
            content.Add(IsUnique ? key : $"{key} {data}", data);
        }

        for (uint i = 0; i < Leaves; i++)
            Assert.Equal(PageRule.None, PageLogic.Check(View(Leaf(i)), InspectionDepth.Full));
        return content;
    }

    /// <summary>The leaf that a key belongs to, as the root has it.</summary>
    public PageNumber LeafOf(byte[] key)
    {
        var root = View(RecordMaker.Root);
        for (int line = 0; ; line++)
        {
            Assert.Equal(PageRule.None, root.Node(line, out var node));
            if (node.HasEmptyKey || node.CompareKey(key) > 0)
                return node.Child;
        }
    }

    /// <summary>Line of the first node that is not before a key, and whether it has it.</summary>
    public (int Line, bool IsThere) Find(PageNumber page, byte[] key)
    {
        var view = View(page);
        for (int line = 0; line < view.NodeCount; line++)
        {
            Assert.Equal(PageRule.None, view.Node(line, out var node));
            int order = node.CompareKey(key);
            if (order >= 0)
                return (line, order == 0);
        }

        return (view.NodeCount, false);
    }

    private Span<byte> InFile(PageNumber page) => _file.AsSpan((int)(page.Value - 1) * PageSize.Bytes, PageSize.Bytes);
}
