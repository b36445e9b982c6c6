using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using PipelineBackup.Ese;

namespace PipelineBackup.Benchmarks;

/// <summary>
/// Scans and checks a tree of three levels in memory, 32 MiB of full leaves of records of about a hundred bytes, on one
/// core: the nodes divided by the mean are the rate, so are the bytes. The pages are inspected as those of a file are.
/// </summary>
[MemoryDiagnoser]
public class TreeScanBenchmarks
{
    private const int TreeBytes = 32 << 20;

    private MadeTree _tree = null!;
    private TreeCursor _cursor = null!;
    private byte[][] _keys = [];

    /// <summary>Page size in bytes.</summary>
    [Params(4096, 32768)]
    public int PageBytes { get; set; }

    /// <summary>Nodes of the tree, for the rate.</summary>
    public long Nodes => _tree.Nodes;

    [GlobalSetup]
    public void MakeTree()
    {
        _tree = new(PageSize.Of(PageBytes), TreeBytes / PageBytes);
        _cursor = new(_tree, _tree.Root, MadeTree.Id);
        var random = new Random(1);
        _keys = [.. Enumerable.Range(0, 1000).Select(_ => MadeTree.Key((uint)random.NextInt64(_tree.Nodes)))];
        long found = Scan(inspected: true);
        if (found != _tree.Nodes || !_keys.All(key => _cursor.Seek(key)) || Check() != 0)
            throw new InvalidOperationException($"{found} of {_tree.Nodes} nodes: the tree made is not sound");
        Console.WriteLine($"// {PageBytes}: {_tree.Nodes} nodes, {_tree.LastPage.Value * (long)PageBytes} bytes");
    }

    /// <summary>Every node with its key and data, the pages inspected as they are read.</summary>
    [Benchmark(Baseline = true)]
    public long Scan() => Scan(inspected: true);

    /// <summary>The same from pages that are known to be sound.</summary>
    [Benchmark]
    public long ScanTrusted() => Scan(inspected: false);

    /// <summary>A thousand keys sought, three pages each.</summary>
    [Benchmark]
    public int Seek()
    {
        _tree.Inspects = true;
        int found = 0;
        foreach (byte[] key in _keys)
            found += _cursor.Seek(key) ? 1 : 0;
        return found;
    }

    /// <summary>Levels, siblings, separators, order: the tree as the check of a database reads it.</summary>
    [Benchmark]
    public int Check()
    {
        _tree.Inspects = true;
        var findings = new FindingList(10);
        var seen = new PageSet(_tree.LastPage);
        new TreeCheck(_tree, findings, seen.Add).Run("made", _tree.Root, MadeTree.Id, PageFlags.None, default);
        return findings.Findings.Count;
    }

    private long Scan(bool inspected)
    {
        _tree.Inspects = inspected;
        long nodes = 0, bytes = 0;
        for (bool more = _cursor.MoveFirst(); more; more = _cursor.MoveNext())
        {
            bytes += _cursor.Key.Length + _cursor.Data.Length;
            nodes++;
        }

        return bytes > 0 ? nodes : 0;
    }

    /// <summary>A root and its leaves, whose nodes borrow half of their keys.</summary>
    private sealed class MadeTree : IPageFile
    {
        private const int LineBytes = 100, PrefixBytes = 8;

        private readonly byte[] _pages;
        private readonly uint _perLeaf;

        public MadeTree(PageSize size, int leaves)
        {
            PageSize = size;
            int room = size.Bytes - size.HeaderBytes - PrefixBytes - PageView.TagBytes;
            _perLeaf = (uint)(room / (LineBytes + PageView.TagBytes));

            // The levels between are as full as they can be: 18 bytes and a tag for each child.
            int fan = (size.Bytes - size.HeaderBytes - 64) / 24;
            int parents = (leaves + fan - 1) / fan;
            LastPage = new((uint)(1 + parents + leaves));
            _pages = new byte[LastPage.Value * size.Bytes];
            uint firstLeaf = 2 + (uint)parents;
            for (int leaf = 0; leaf < leaves; leaf++)
                MakeLeaf(leaf, leaves, firstLeaf);
            for (int parent = 0; parent < parents; parent++)
            {
                int from = parent * fan, count = Math.Min(fan, leaves - from);
                MakeInner(new(2 + (uint)parent), firstLeaf + (uint)from, count, parent == parents - 1,
                    PageFlags.ParentOfLeaf, child => (uint)(from + child + 1) * _perLeaf);
                Link(new(2 + (uint)parent), parent, parents);
            }

            MakeInner(Root, 2, parents, true, PageFlags.Root, child => (uint)((child + 1) * fan) * _perLeaf);
            for (uint number = 1; number <= LastPage.Value; number++)
                PageChecksum.Write(this[new(number)], new(number));
            Nodes = leaves * (long)_perLeaf;
        }

        public static ObjectId Id => new(7);

        public PageNumber Root => new(1);

        public long Nodes { get; }

        public bool Inspects { get; set; } = true;

        public PageSize PageSize { get; }

        public PageNumber LastPage { get; }

        private Span<byte> this[PageNumber number] =>
            _pages.AsSpan((int)(number.Value - 1) * PageSize.Bytes, PageSize.Bytes);

        public static byte[] Key(uint n)
        {
            byte[] key = new byte[PrefixBytes + 4];
            BinaryPrimitives.WriteUInt32BigEndian(key.AsSpan(PrefixBytes), n);
            return key;
        }

        public PageVerdict Read(PageNumber number, Span<byte> page)
        {
            if (number == PageNumber.None || number.CompareTo(LastPage) > 0)
                return PageInspector.Inspect([], number);
            this[number].CopyTo(page);
            return Inspects ? PageInspector.Inspect(page, number) : default;
        }

        private void MakeLeaf(int leaf, int leaves, uint firstLeaf)
        {
            var number = new PageNumber(firstLeaf + (uint)leaf);
            var page = this[number];
            int header = PageSize.HeaderBytes;
            Tag(page, 0, 0, PrefixBytes, 0);
            for (int i = 0; i < _perLeaf; i++)
            {
                int at = PrefixBytes + i * LineBytes;
                var line = page.Slice(header + at, LineBytes);
                line.Fill((byte)i);
                int marks = (int)LineFlags.Compressed << 13;
                BinaryPrimitives.WriteUInt16LittleEndian(line,
                    (ushort)(PrefixBytes | (PageSize.IsSmall ? 0 : marks)));
                BinaryPrimitives.WriteUInt16LittleEndian(line[2..], 4);
                BinaryPrimitives.WriteUInt32BigEndian(line[4..], (uint)leaf * _perLeaf + (uint)i);
                Tag(page, i + 1, at, LineBytes, PageSize.IsSmall ? marks : 0);
            }

            Finish(number, PrefixBytes + (int)_perLeaf * LineBytes, (int)_perLeaf + 1, PageFlags.Leaf);
            Link(number, leaf, leaves);
        }

        private void MakeInner(PageNumber number, uint firstChild, int count, bool isLast, PageFlags flags,
            Func<int, uint> separator)
        {
            var page = this[number];
            int at = 0;
            Tag(page, 0, 0, 0, 0);
            for (int i = 0; i < count; i++)
            {
                byte[] key = isLast && i == count - 1 ? [] : Key(separator(i));
                var line = page[(PageSize.HeaderBytes + at)..];
                BinaryPrimitives.WriteUInt16LittleEndian(line, (ushort)key.Length);
                key.CopyTo(line[2..]);
                BinaryPrimitives.WriteUInt32LittleEndian(line[(2 + key.Length)..], firstChild + (uint)i);
                Tag(page, i + 1, at, key.Length + 6, 0);
                at += key.Length + 6;
            }

            Finish(number, at, count + 1, flags);
        }

        private void Finish(PageNumber number, int used, int tags, PageFlags flags)
        {
            var page = this[number];
            int free = page.Length - PageSize.HeaderBytes - used - PageView.TagBytes * tags;
            BinaryPrimitives.WriteUInt64LittleEndian(page[8..], 0x1000);
            BinaryPrimitives.WriteUInt32LittleEndian(page[24..], Id.Value);
            BinaryPrimitives.WriteUInt16LittleEndian(page[28..], (ushort)free);
            BinaryPrimitives.WriteUInt16LittleEndian(page[32..], (ushort)used);
            BinaryPrimitives.WriteUInt16LittleEndian(page[34..], (ushort)(tags | 1 << 12));
            BinaryPrimitives.WriteUInt32LittleEndian(page[36..],
                (uint)(flags | PageFlags.NewRecordFormat | PageFlags.EccChecksum) | 0x8000);
            if (!PageSize.IsSmall)
                BinaryPrimitives.WriteUInt32LittleEndian(page[64..], number.Value);
        }

        private void Link(PageNumber number, int at, int count)
        {
            var page = this[number];
            BinaryPrimitives.WriteUInt32LittleEndian(page[16..], at == 0 ? 0 : number.Value - 1);
            BinaryPrimitives.WriteUInt32LittleEndian(page[20..], at == count - 1 ? 0 : number.Value + 1);
        }

        private static void Tag(Span<byte> page, int index, int offset, int length, int marks)
        {
            var tag = page[^(PageView.TagBytes * (index + 1))..];
            BinaryPrimitives.WriteUInt16LittleEndian(tag, (ushort)length);
            BinaryPrimitives.WriteUInt16LittleEndian(tag[2..], (ushort)(offset | marks));
        }
    }
}
