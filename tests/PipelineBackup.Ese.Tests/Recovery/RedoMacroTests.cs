namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Macros that the engine's sets do not hold, and such that no engine writes.</summary>
public sealed class RedoMacroTests
{
    private const ulong Before = 100, After = 200;
    private static readonly PageNumber s_root = new(4), s_leaf = new(5), s_new = new(6), s_right = new(7);

    public static TheoryData<int, int> SizesAndStaleness
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int size in (int[])[2048, 4096, 32768])
            {
                for (int stale = 0; stale < 16; stale++)
                    data.Add(size, stale);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(SizesAndStaleness))]
    public void A_deleted_node_comes_back_larger_and_splits_its_page(int size, int stale)
    {
        using var rig = Tree(size, "prefixA=1", "-prefixB=2", "prefixC=3", "prefixD=4");
        byte[] image = rig.Cache.Require(s_leaf).View.Bytes.ToArray();
        Freshen(rig, stale);
        Apply(rig, Right(SplitOperation.FlagInsertReplace, at: 1, first: 2, lines: 4, image), writer =>
            writer.FlagInsertReplace(Operation(1, version: 31), 32, "prefixB"u8, "22222"u8));
        bool needsRoot = (stale & 1) != 0, needsLeaf = (stale & 2) != 0, needsNew = (stale & 4) != 0;
        if (needsRoot)
            Assert.Equal([$"prefixC={Text(5)}", $"={Text(6)}"], rig.Nodes(s_root));
        if (needsLeaf)
            Assert.Equal(["prefixA=1", "*prefixB=22222"], rig.Nodes(s_leaf));
        if (needsNew)
            Assert.Equal(["prefixC=3", "prefixD=4"], rig.Nodes(s_new));
        foreach (var page in (PageNumber[])[s_root, s_leaf, s_new, s_right])
            Assert.Equal(After, rig.Cache.Require(page).View.DbTime.Value);
        Assert.Equal((s_new, s_right), ((needsLeaf ? rig.Cache.Require(s_leaf).View.Next : s_new), (needsNew ? rig.Cache.Require(s_new).View.Next : s_right)));

        // The insertion can always be undone, the old data are known where the page needed the change.
        Assert.True(Took(rig, 31, "prefixB", out _));
        Assert.Equal(needsLeaf, Took(rig, 32, "prefixB", out string old));
        Assert.Equal(needsLeaf ? "2" : "", old);
    }

    [Theory]
    [MemberData(nameof(SizesAndStaleness))]
    public void A_replacing_told_by_its_difference_splits_a_page(int size, int stale)
    {
        using var rig = Tree(size, "A=11", "B=22", "C=33");
        byte[] image = rig.Cache.Require(s_leaf).View.Bytes.ToArray();
        byte[] difference = new byte[20];
        int length = DataDifference.WriteEdit(difference, isLarge: false, 1, 0, "xxx"u8);
        Freshen(rig, stale);
        Apply(rig, Right(SplitOperation.Replace, at: 2, first: 1, lines: 3, image), writer =>
            writer.ReplaceDifference(Operation(2, version: 31), false, 5, 5, difference.AsSpan(0, length)));
        if ((stale & 2) != 0)
            Assert.Equal(["A=11"], rig.Nodes(s_leaf));
        if ((stale & 4) != 0)
            Assert.Equal(["B=22", "*C=3xxx3"], rig.Nodes(s_new));
        Assert.Equal((stale & 4) != 0, Took(rig, 31, "C", out string old));
        Assert.Equal((stale & 4) != 0 ? "33" : "", old);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(16384)]
    public void An_inner_page_without_children_leaves_its_tree(int size)
    {
        using var rig = new RedoRig(size);
        PageNumber inner = new(8), left = new(9), right = new(10);
        Page(rig, s_root, PageFlags.Root, $"C={Text(9)}", $"F={Text(8)}", $"={Text(10)}");
        Page(rig, left, PageFlags.ParentOfLeaf, $"C={Text(11)}");
        Page(rig, inner, PageFlags.ParentOfLeaf, $"F={Text(5)}");
        Page(rig, right, PageFlags.ParentOfLeaf, $"={Text(12)}");
        Page(rig, s_leaf, PageFlags.Leaf, "-D=1");
        Link(rig, left, inner, right);
        var records = new MacroRecords();
        Add(records, writer => writer.Merge(Merge(s_root, MergeType.None, MergeFlags.DeleteNode, line: 1), [], 0, []));
        Add(records, writer => writer.Merge(Merge(inner, MergeType.EmptyPage, MergeFlags.EmptyPage) with
        {
            Parent = s_root, ParentBefore = new(Before), Left = left, LeftBefore = new(Before), Right = right, RightBefore = new(Before),
        }, [], 0, []));
        Add(records, writer => writer.Merge(Merge(s_leaf, MergeType.EmptyPage, MergeFlags.EmptyPage) with
        {
            Parent = inner, ParentBefore = new(Before),
        }, [], 0, []));
        RedoMacro.Apply(rig.Context, records);
        Assert.Equal([$"C={Text(9)}", $"={Text(10)}"], rig.Nodes(s_root));
        Assert.Equal((right, left), (rig.Cache.Require(left).View.Next, rig.Cache.Require(right).View.Previous));
        foreach (var page in (PageNumber[])[inner, s_leaf])
        {
            var view = rig.Cache.Require(page).View;
            Assert.Equal((PageFlags.Empty, 0, After), (view.Flags & PageFlags.Empty, view.NodeCount, view.DbTime.Value));
        }
    }

    [Fact]
    public void The_last_node_of_a_level_takes_all_when_the_one_behind_it_goes()
    {
        using var rig = new RedoRig(4096);
        Page(rig, s_root, PageFlags.Root | PageFlags.ParentOfLeaf, $"C={Text(5)}", $"={Text(7)}");
        Page(rig, s_leaf, PageFlags.Leaf, "A=1");
        Page(rig, s_right, PageFlags.Leaf, "-D=1");
        var records = new MacroRecords();
        Add(records, writer => writer.Merge(Merge(s_root, MergeType.None, MergeFlags.DeleteNode, line: 1), [], 0, []));
        Add(records, writer => writer.Merge(Merge(s_right, MergeType.EmptyPage, MergeFlags.EmptyPage) with
        {
            Parent = s_root, ParentBefore = new(Before), Left = s_leaf, LeftBefore = new(Before),
        }, "C"u8, 0, []));
        RedoMacro.Apply(rig.Context, records);
        Assert.Equal([$"={Text(5)}"], rig.Nodes(s_root));
        Assert.Equal(PageNumber.None, rig.Cache.Require(s_leaf).View.Next);
    }

    public static TheoryData<string> Lies => [.. LiesTold().Keys];

    [Theory]
    [MemberData(nameof(Lies))]
    public void Records_that_no_engine_writes_are_refused_before_a_page_is_changed(string lie)
    {
        using var rig = Tree(4096, "A=1", "B=2", "C=3");
        byte[] image = rig.Cache.Require(s_leaf).View.Bytes.ToArray();
        var pages = ((PageNumber[])[s_root, s_leaf, s_right]).Select(page => rig.Cache.Require(page)).ToList();
        var before = pages.ConvertAll(page => page.View.Bytes.ToArray());
        var records = new MacroRecords();
        LiesTold()[lie](records, image);
        var thrown = Assert.Throws<EseException>(() => RedoMacro.Apply(rig.Context, records));
        Assert.Contains(thrown.Error, (EseError[])[EseError.LogCorrupted, EseError.LogFileCorrupt, EseError.BadLogVersion,
            EseError.DatabaseCorrupted, EseError.DatabaseBufferDependenciesCorrupted]);
        for (int i = 0; i < pages.Count; i++)
            Assert.Equal(before[i], pages[i].View.Bytes.ToArray());
    }

    private static Dictionary<string, Action<MacroRecords, byte[]>> LiesTold()
    {
        static void Told(MacroRecords records, SplitChange split, byte[] image, string key = "C", SplitChange? path = null, NodeChange? operation = null)
        {
            Add(records, writer => writer.Split(path ?? Path(), [], [], [], 0, []));
            Add(records, writer => writer.Split(split, RedoRig.Bytes(key), [], [], 0, image));
            if (split.Operation != SplitOperation.None)
                Add(records, writer => writer.Insert(operation ?? Operation(1, 31), [], "AB"u8, "9"u8));
        }

        var right = Right(SplitOperation.Insert, at: 1, first: 2, lines: 4, []).Split;
        return new()
        {
            ["nothing"] = (_, _) => { },
            ["another record first"] = (records, _) => Add(records, writer => writer.Insert(Operation(1, 31), [], "AB"u8, "9"u8)),
            ["an operation of another page"] = (records, image) => Told(records, right, image, operation: RedoRig.Node(1, 31, ulong.MaxValue, After, page: 9)),
            ["no operation"] = (records, image) => Told(records, right with { Operation = SplitOperation.None, Lines = 3 }, image, path: Path() with { New = new(9) }),
            ["more lines than there are"] = (records, image) => Told(records, right with { Lines = 9 }, image),
            ["fewer lines than there are"] = (records, image) => Told(records, right with { Lines = 3 }, image),
            ["an operation behind the last line"] = (records, image) => Told(records, right with { OperationLine = 4 }, image),
            ["a split behind the last line"] = (records, image) => Told(records, right with { SplitLine = 4 }, image),
            ["a split at the first line"] = (records, image) => Told(records, right with { SplitLine = 0 }, image),
            ["a prefix of a line that is not there"] = (records, image) => Told(records, right with { PrefixLineNew = 2 }, image),
            ["an unknown type"] = (records, image) => Told(records, right with { Type = (SplitType)9 }, image),
            ["an unknown operation"] = (records, image) => Told(records, right with { Operation = (SplitOperation)9 }, image),
            ["the page is its own new page"] = (records, image) => Told(records, right with { New = s_leaf }, image),
            ["the root is its own child"] = (records, image) => Told(records, right with { Change = right.Change with { Page = s_root } }, image),
            ["the right page is the page"] = (records, image) => Told(records, right with { Right = s_leaf }, image),
            ["another parent"] = (records, image) => Told(records, right with { Parent = new(9) }, image),
            ["another tree"] = (records, image) => Told(records, right with { Tree = new(9) }, image),
            ["another database"] = (records, image) => Told(records, right with { Change = right.Change with { Database = 2 } }, image),
            ["no separator"] = (records, image) => Told(records, right, image, key: ""),
            ["a parent with a parent"] = (records, image) => Told(records, right, image, path: Path() with { Parent = new(3) }),
            ["a page that cannot be"] = (records, image) => Told(records, right with { New = new(uint.MaxValue) }, image),
            ["a merge without target"] = (records, _) => Add(records, writer => writer.Merge(Merge(s_leaf, MergeType.FullLeft, MergeFlags.EmptyPage), [], 0, [])),
            ["a merge of an unknown type"] = (records, _) => Add(records, writer => writer.Merge(Merge(s_leaf, (MergeType)9, MergeFlags.EmptyPage), [], 0, [])),
            ["a merge with itself"] = (records, image) => Add(records, writer => writer.Merge(Merge(s_leaf, MergeType.FullRight, MergeFlags.EmptyPage) with { Right = s_leaf, RightBefore = new(Before) }, [], 0, image)),
            ["a merge of lines that are not there"] = (records, image) => Add(records, writer => writer.Merge(Merge(s_leaf, MergeType.PartialRight, 0) with { Right = s_right, RightBefore = new(Before), MergeLine = 3 }, [], 0, image)),
            ["a root move of nothing"] = (records, _) =>
            {
                Add(records, writer => writer.Add(LogRecordType.RootPageMove, new RootMove(new(After), 1, RedoRig.Tree, RedoRig.Session)));
                Add(records, writer => writer.Insert(Operation(1, 31), [], "AB"u8, "9"u8));
            },
        };
    }

    [Theory]
    [InlineData("tree")]
    [InlineData("lines")]
    [InlineData("length")]
    [InlineData("compressed")]
    public void An_image_of_another_page_is_refused(string lie)
    {
        using var rig = Tree(4096, "A=1", "B=2", "C=3");
        byte[] image = rig.Cache.Require(s_leaf).View.Bytes.ToArray();
        switch (lie)
        {
            case "tree":
                image[24] ^= 1;
                break;
            case "lines":
                new PageEditor(image).Delete(0);
                break;
            case "length":
                image = image[..2048];
                break;
        }

        Freshen(rig, stale: 4);
        var (split, _) = Right(SplitOperation.Replace, at: 2, first: 1, lines: 3, image);
        var records = new MacroRecords();
        Add(records, writer => writer.Split(Path(), [], [], [], 0, []));
        Add(records, writer => writer.Split(split, "C"u8, [], [], lie == "compressed" ? BeforeImageFlags.Compressed : 0, image));
        Add(records, writer => writer.Replace(Operation(2, version: 31), 5, "55555"u8));
        Assert.Throws<EseException>(() => RedoMacro.Apply(rig.Context, records));
    }

    private static SplitChange Path() => new(Change(s_root), default, default, default, default, DbTime.Nil, s_root,
        RedoRig.Tree, default, default, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private static (SplitChange Split, byte[] Image) Right(SplitOperation operation, int at, int first, int lines, byte[] image) => (
        new(Change(s_leaf), s_new, s_right, new(Before), s_root, new(Before), s_root, RedoRig.Tree, SplitType.Right, operation,
            (ushort)at, (ushort)first, (ushort)lines, (uint)PageFlags.Leaf, (uint)PageFlags.Leaf, 0, 0, -1, 0), image);

    private static MergeChange Merge(PageNumber page, MergeType type, MergeFlags flags, int line = 0) => new(
        Change(page) with { Line = (ushort)line }, default, DbTime.Nil, default, DbTime.Nil, default, DbTime.Nil, s_root, RedoRig.Tree, 0, 0, 0, 0, flags, type);

    private static PageChange Change(PageNumber page) =>
        new(RedoRig.Session, 1, page, new(After), new(Before), new(9), 1, 0, PageChangeFlags.Unique);

    private static NodeChange Operation(int line, uint version) => RedoRig.Node(line, version, ulong.MaxValue, After);

    private static void Apply(RedoRig rig, (SplitChange Split, byte[] Image) split, Action<LogRecordWriter> operation)
    {
        var records = new MacroRecords();
        Add(records, writer => writer.Split(Path(), [], [], [], 0, []));
        var separator = split.Split.SplitLine == 2 ? "prefixC"u8.ToArray() : "B"u8.ToArray();
        Add(records, writer => writer.Split(split.Split, separator, [], [], 0, split.Image));
        Add(records, operation);
        RedoMacro.Apply(rig.Context, records);
    }

    private static void Add(MacroRecords records, Action<LogRecordWriter> write)
    {
        var writer = new LogRecordWriter();
        write(writer);
        var position = RedoRig.Position(records.Count);
        records.Add(new(writer.Written, position, position));
    }

    // Root, leaf and the leaf on its right, as they were before.
    private static RedoRig Tree(int size, params string[] nodes)
    {
        var rig = new RedoRig(size);
        Page(rig, s_root, PageFlags.Root | PageFlags.ParentOfLeaf, $"={Text(5)}");
        Page(rig, s_leaf, PageFlags.Leaf, nodes);
        Page(rig, s_right, PageFlags.Leaf, "z=1");
        Page(rig, s_new, PageFlags.Leaf);
        Link(rig, s_leaf, s_right);
        return rig;
    }

    private static void Page(RedoRig rig, PageNumber page, PageFlags flags, params string[] nodes) =>
        rig.MakePage(page, new(Before), flags, [], nodes);

    private static void Link(RedoRig rig, params PageNumber[] pages)
    {
        for (int i = 1; i < pages.Length; i++)
        {
            rig.Cache.Require(pages[i - 1]).Edit().SetNext(pages[i]);
            rig.Cache.Require(pages[i]).Edit().SetPrevious(pages[i - 1]);
        }
    }

    // Root, leaf, new and right page, from the lowest bit on: those whose bit is not set are of after the macro.
    private static void Freshen(RedoRig rig, int stale)
    {
        PageNumber[] pages = [s_root, s_leaf, s_new, s_right];
        for (int i = 0; i < pages.Length; i++)
        {
            if ((stale >> i & 1) == 0)
                rig.Cache.Require(pages[i]).Edit().SetTime(new(After));
        }
    }

    private static bool Took(RedoRig rig, uint version, string key, out string oldData)
    {
        bool taken = rig.Versions.TryTake(rig.Context.Session, Operation(0, version), RedoRig.Bytes(key), [], out var inverse);
        oldData = System.Text.Encoding.Latin1.GetString(inverse.OldData);
        return taken;
    }

    private static string Text(uint page) => System.Text.Encoding.Latin1.GetString(BitConverter.GetBytes(page));
}
