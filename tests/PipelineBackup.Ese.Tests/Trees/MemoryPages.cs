using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Trees;

/// <summary>The pages of a database in memory, to be damaged; every page is inspected as a file's would be.</summary>
internal sealed class MemoryPages : IPageFile
{
    private readonly byte[] _file;

    public MemoryPages(PageSize size, byte[] file)
    {
        PageSize = size;
        _file = file;
        LastPage = PageNumber.FromFileIndex(file.Length / size.Bytes - 1);
    }

    public PageSize PageSize { get; }

    public PageNumber LastPage { get; }

    /// <summary>Header of the database.</summary>
    public DatabaseHeader Header => new(_file.AsMemory(0, PageSize.Bytes));

    /// <summary>How deep pages are inspected; null hands on whatever is there.</summary>
    public InspectionDepth? Depth { get; set; } = InspectionDepth.Basic;

    /// <summary>How many pages were read.</summary>
    public int Reads { get; private set; }

    public static MemoryPages Golden(string set)
    {
        var (size, file) = SamplePages.Golden(set);
        return new(size, file);
    }

    public static MemoryPages Load(string path)
    {
        var (size, file) = SamplePages.ReadDatabase(path);
        return new(size, file);
    }

    /// <summary>The same pages once more, to be damaged apart.</summary>
    public MemoryPages Copy() => new(PageSize, (byte[])_file.Clone()) { Depth = Depth };

    /// <summary>The bytes of a page, to be changed; <see cref="Seal"/> follows.</summary>
    public Span<byte> this[PageNumber number] => _file.AsSpan((int)number.FileOffset(PageSize), PageSize.Bytes);

    public PageView View(PageNumber number) => new(this[number]);

    /// <summary>Changes a page and makes its checksums right.</summary>
    public void Change(PageNumber number, Action<byte[]> change)
    {
        byte[] page = this[number].ToArray();
        change(page);
        page.CopyTo(this[number]);
        Seal(number);
    }

    public void Seal(PageNumber number) => PageChecksum.Write(this[number], number);

    public void Write32(PageNumber number, int offset, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(this[number][offset..], value);
        Seal(number);
    }

    public PageVerdict Read(PageNumber number, Span<byte> page)
    {
        Reads++;
        if (number == PageNumber.None || number.CompareTo(LastPage) > 0)
            return PageVerdict.Truncated;
        this[number].CopyTo(page);
        if (Depth is { } depth)
            return PageInspector.InspectAndRepair(page, number, depth: depth);
        return new PageView(page).IsZero ? PageVerdict.Uninitialized : PageVerdict.Ok;
    }

    /// <summary>The bytes of one node's line, to be changed; <see cref="Seal"/> follows.</summary>
    public Span<byte> Line(PageNumber number, int line)
    {
        var tag = View(number).Tag(line + View(number).ReservedTags);
        return this[number].Slice(tag.Offset, tag.Length);
    }

    /// <summary>Makes a node of an inner page lead to another page.</summary>
    public void SetChild(PageNumber number, int line, PageNumber child)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Line(number, line)[^4..], child.Value);
        Seal(number);
    }

    /// <summary>Marks a node as deleted.</summary>
    public void Delete(PageNumber number, int line)
    {
        int tag = line + View(number).ReservedTags;
        if (PageSize.IsSmall)
            this[number][PageSize.Bytes - 4 * (tag + 1) + 3] |= (byte)LineFlags.Deleted << 5;
        else
            Line(number, line)[1] |= (byte)LineFlags.Deleted << 5;
        Seal(number);
    }

    /// <summary>The child that a node of an inner page leads to.</summary>
    public PageNumber Child(PageNumber number, int line)
    {
        Assert.Equal(PageRule.None, View(number).Node(line, out var node));
        return node.Child;
    }

    /// <summary>The first page directly above the leaves of a tree.</summary>
    public PageNumber AboveLeaves(PageNumber root)
    {
        var number = root;
        while ((View(number).Flags & PageFlags.ParentOfLeaf) == 0)
        {
            Assert.False(View(number).IsLeaf, $"the tree {root} is one leaf");
            number = Child(number, 0);
        }

        return number;
    }

    /// <summary>
    /// Roots of all trees but space trees, found by their pages: flagged root, not given up, with a space header.
    /// </summary>
    public IEnumerable<(PageNumber Root, ObjectId ObjectId)> Roots()
    {
        for (uint number = 1; number <= LastPage.Value; number++)
        {
            var page = View(new(number));
            if (!page.IsZero && page.IsRoot && (page.Flags & (PageFlags.SpaceTree | PageFlags.Empty)) == 0
                && RootHeader.TryRead(page.ExternalHeader, out _))
                yield return (new(number), page.ObjectId);
        }
    }
}
