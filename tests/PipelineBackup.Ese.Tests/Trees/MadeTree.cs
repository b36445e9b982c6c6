using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Trees;

/// <summary>A tree made for a test: as many levels as asked for, with few nodes a page.</summary>
internal sealed class MadeTree
{
    private const int PageBytes = 2048;

    private uint _next = 1;

    /// <summary>Makes a tree of nodes 0, 2, 4, …; what is odd is not in it.</summary>
    /// <param name="levels">How many levels.</param>
    /// <param name="fan">Nodes of every page.</param>
    /// <param name="repeating">All keys are the same and the data tells nodes apart.</param>
    public MadeTree(int levels, int fan, bool repeating = false)
    {
        IsRepeating = repeating;
        long pages = 0, level = 1;
        for (int i = 0; i < levels; i++, level *= fan)
            pages += level;
        Nodes = (int)level;
        Pages = new(PageSize.Of(PageBytes), new byte[(pages + PageNumber.HeaderPages) * PageBytes]);
        var below = new List<(PageNumber Page, byte[]? End)>();
        for (int height = 0; height < levels; height++)
            below = MakeLevel(height, levels - 1, fan, below);
        Root = below[0].Page;
    }

    public static ObjectId Id => new(7);

    public bool IsRepeating { get; }

    public int Nodes { get; }

    public MemoryPages Pages { get; }

    public PageNumber Root { get; }

    public PageFlags Kind => IsRepeating ? PageFlags.Index | PageFlags.NonUniqueKeys : PageFlags.None;

    /// <summary>Key and data of a node.</summary>
    public (byte[] Key, byte[] Data) Node(int n) => IsRepeating ? ([0x7F, 1, 2], Number(n)) : (Number(n), [1, 2, 3]);

    /// <summary>All findings of a check of the tree.</summary>
    public IReadOnlyList<CheckFinding> Check()
    {
        var findings = new FindingList(1000);
        var seen = new HashSet<PageNumber>();
        var check = new TreeCheck(Pages, findings, seen.Add);
        check.Run("made", Root, Id, Kind, CancellationToken.None);
        return findings.Findings;
    }

    private List<(PageNumber, byte[]?)> MakeLevel(int height, int top, int fan, List<(PageNumber Page, byte[]? End)> below)
    {
        int pages = (height == 0 ? Nodes : below.Count) / fan;
        var made = new List<(PageNumber, byte[]?)>();
        for (int i = 0; i < pages; i++)
        {
            var lines = new List<byte[]>();
            for (int k = i * fan; k < (i + 1) * fan; k++)
            {
                var (key, data) = height == 0 ? Node(2 * k) : (below[k].End ?? [], BitConverter.GetBytes(below[k].Page.Value));
                lines.Add([(byte)key.Length, 0, .. key, .. data]);
            }

            // The separator above: what comes first on the next page, cut no further than it has to be.
            var (nextKey, nextData) = Node(2 * (i + 1) * (int)Math.Pow(fan, height + 1));
            byte[]? end = i == pages - 1 ? null : IsRepeating ? [.. nextKey, .. nextData] : nextKey;
            var number = new PageNumber(_next++);
            var flags = Kind | (height == 0 ? PageFlags.Leaf : height == 1 ? PageFlags.ParentOfLeaf : PageFlags.None)
                | (height == top ? PageFlags.Root : PageFlags.None);
            Write(number, lines, flags, i > 0 ? number.Value - 1 : 0, i < pages - 1 ? number.Value + 1 : 0);
            made.Add((number, end));
        }

        return made;
    }

    private void Write(PageNumber number, List<byte[]> lines, PageFlags flags, uint previous, uint next)
    {
        int header = Pages.PageSize.HeaderBytes, at = 0;
        var page = Pages[number];
        SamplePages.Tag(page, 0, 0, 0);
        for (int i = 0; i < lines.Count; i++)
        {
            SamplePages.Tag(page, i + 1, at, lines[i].Length);
            lines[i].CopyTo(page[(header + at)..]);
            at += lines[i].Length;
        }

        int tags = lines.Count + 1;
        BinaryPrimitives.WriteUInt64LittleEndian(page[8..], 0x40);
        BinaryPrimitives.WriteUInt32LittleEndian(page[16..], previous);
        BinaryPrimitives.WriteUInt32LittleEndian(page[20..], next);
        BinaryPrimitives.WriteUInt32LittleEndian(page[24..], Id.Value);
        BinaryPrimitives.WriteUInt16LittleEndian(page[28..], (ushort)(PageBytes - header - at - 4 * tags));
        BinaryPrimitives.WriteUInt16LittleEndian(page[32..], (ushort)at);
        BinaryPrimitives.WriteUInt16LittleEndian(page[34..], (ushort)(tags | 1 << 12));
        BinaryPrimitives.WriteUInt32LittleEndian(page[36..],
            (uint)(flags | PageFlags.NewRecordFormat | PageFlags.EccChecksum) | 0x8000);
        Pages.Seal(number);
    }

    private static byte[] Number(int n)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, n);
        return bytes;
    }
}
