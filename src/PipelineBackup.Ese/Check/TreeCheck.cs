namespace PipelineBackup.Ese;

/// <summary>
/// Checks the pages of one tree from its root down: kinds and owners of pages, levels, sibling links both ways, keys
/// against their neighbours and against the separators above them, each page reached once.
/// </summary>
/// <remarks>
/// Goes down without recursion, one buffer a level, and to no page twice, so whatever the links say it ends. A page that
/// cannot be read or entered costs its subtree; what depends on it is not complained about again.
/// </remarks>
internal sealed class TreeCheck
{
    private const PageFlags KindMask =
        PageFlags.SpaceTree | PageFlags.Index | PageFlags.LongValue | PageFlags.NonUniqueKeys;

    private readonly IPageFile _file;
    private readonly FindingList _findings;
    private readonly Func<PageNumber, bool> _enter;
    private readonly Level?[] _levels = new Level?[TreeCursor.MaxDepth];

    // By level: whether the page entered last, if any, is the left neighbour of what comes next.
    private readonly bool[] _isChained = new bool[TreeCursor.MaxDepth];
    private string _name = "";
    private ObjectId _objectId;
    private PageFlags _kind;
    private int _leafDepth;

    /// <summary>A check, to be used for one tree after the other.</summary>
    /// <param name="file">Where the pages come from.</param>
    /// <param name="findings">Where findings go.</param>
    /// <param name="enter">
    /// Told of each page before it is read; says false for one that may not be entered (again) and has then told why.
    /// </param>
    public TreeCheck(IPageFile file, FindingList findings, Func<PageNumber, bool> enter)
    {
        _file = file;
        _findings = findings;
        _enter = enter;
    }

    /// <summary>Pages entered so far, over all trees.</summary>
    public long Pages { get; private set; }

    /// <summary>Nodes of leaves so far, over all trees, the deleted ones too.</summary>
    public long Nodes { get; private set; }

    /// <summary>Checks a tree.</summary>
    /// <param name="name">Its name, for findings.</param>
    /// <param name="root">Its root.</param>
    /// <param name="objectId">The id that its pages should carry.</param>
    /// <param name="kind">The marks that its pages should have, of space tree, index, long value, repeating keys.</param>
    /// <param name="cancellationToken">Ends the check between two pages.</param>
    public void Run(string name, PageNumber root, ObjectId objectId, PageFlags kind,
        CancellationToken cancellationToken)
    {
        (_name, _objectId, _kind, _leafDepth) = (name, objectId, kind, -1);
        foreach (var level in _levels)
            level?.Start();
        _isChained.AsSpan().Fill(true);
        int depth = Enter(root, 0) ? 0 : -1;
        while (depth >= 0 && !_findings.IsFull)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var level = _levels[depth]!;
            if (level.Line >= level.Nodes)
            {
                depth--;
                continue;
            }

            // Below a child that is not entered nobody knows what the left neighbour of the next page is.
            var child = TakeChild(level, depth);
            if (child != PageNumber.None && Enter(child, depth + 1))
                depth++;
            else
                _isChained.AsSpan(depth + 1).Clear();
        }

        for (int i = 0; i < _levels.Length; i++)
        {
            if (_isChained[i] && _levels[i] is { Number.Value: > 0 } level && level.Next != PageNumber.None)
                Found(EseError.BadPageLink, level.Number, $"is the last of its level, yet has {level.Next} behind it");
        }
    }

    /// <summary>Takes the child of the next line and sets its bounds.</summary>
    private PageNumber TakeChild(Level level, int depth)
    {
        var page = new PageView(level.Page);
        int line = level.Line++;
        var below = LevelAt(depth + 1);
        if (page.Node(line, out var node) != PageRule.None)
            return PageNumber.None;

        // A child holds what is not below the separator before it and is below its own.
        if (below is not null)
        {
            if (line == 0)
                below.Low.Take(level.Low);
            else if (page.Node(line - 1, out var before) == PageRule.None)
                below.Low.Take(before);
            if (node.HasEmptyKey)
                below.High.Take(level.High);
            else
                below.High.Take(node);
        }

        if (node.Child == PageNumber.None)
            Found(EseError.DatabaseCorrupted, level.Number, $"line {line} names no child");
        return node.Child;
    }

    private bool Enter(PageNumber number, int depth)
    {
        if (LevelAt(depth) is not { } level)
        {
            Found(EseError.BadParentPageLink, number, $"more than {TreeCursor.MaxDepth} levels");
            return false;
        }

        if (!_enter(number))
            return false;
        var verdict = _file.Read(number, level.Page);
        if (verdict.Error != EseError.Success)
        {
            Found(verdict.Error, number, $"cannot be read: {verdict}");
            return false;
        }

        var page = new PageView(level.Page);
        if (page.ObjectId != _objectId || (page.Flags & PageFlags.Empty) != 0)
        {
            Found(EseError.BadParentPageLink, number, (page.Flags & PageFlags.Empty) != 0
                ? "was given up, yet the tree leads to it"
                : $"is of the object {page.ObjectId}, not {_objectId}");
            return false;
        }

        Pages++;
        CheckKind(page, number, depth);

        // Inner pages have no siblings: the engine links leaves alone.
        if (_isChained[depth] && page.IsLeaf)
            CheckSiblings(level, page, number);
        _isChained[depth] = page.IsLeaf;
        (level.Number, level.Next, level.Line) = (number, page.Next, 0);
        level.Nodes = page.IsLeaf ? 0 : page.NodeCount;
        if (page.IsLeaf)
            CheckLeaf(level, page);
        else
            CheckInner(level, page);
        return true;
    }

    private void CheckKind(PageView page, PageNumber number, int depth)
    {
        if (page.IsRoot != (depth == 0))
            Found(EseError.DatabaseCorrupted, number, depth == 0 ? "is marked as no root" : "is marked as a root");
        if ((page.Flags & KindMask) != _kind)
            Found(EseError.DatabaseCorrupted, number, $"has the marks [{page.Flags & KindMask}], its tree [{_kind}]");
        if (page.IsLeaf && (page.Flags & PageFlags.ParentOfLeaf) != 0)
            Found(EseError.DatabaseCorrupted, number, "is marked as a leaf and as above the leaves");
        if (depth > 0 && (new PageView(_levels[depth - 1]!.Page).Flags & PageFlags.ParentOfLeaf) != 0 != page.IsLeaf)
        {
            Found(EseError.DatabaseCorrupted, number,
                page.IsLeaf ? "is a leaf, its parent not marked so" : "is no leaf, its parent marked as above the leaves");
        }

        if (!page.IsLeaf)
            return;
        if (_leafDepth >= 0 && _leafDepth != depth)
            Found(EseError.DatabaseCorrupted, number, $"is a leaf at level {depth}, others are at level {_leafDepth}");
        _leafDepth = depth;
    }

    private void CheckSiblings(Level level, PageView page, PageNumber number)
    {
        if (page.Previous != level.Number)
            Found(EseError.BadPageLink, number, $"its left sibling is {Name(page.Previous)}, not {Name(level.Number)}");
        if (level.Number != PageNumber.None && level.Next != number)
            Found(EseError.BadPageLink, level.Number, $"its right sibling is {Name(level.Next)}, not {number}");
    }

    private void CheckLeaf(Level level, PageView page)
    {
        int nodes = page.NodeCount;
        bool repeating = page.HasRepeatingKeys;
        Nodes += nodes;
        NodeView prior = default;
        for (int line = 0; line < nodes; line++)
        {
            if (!ReadNode(level, page, line, out var node))
                return;
            if (node.HasEmptyKey)
                Found(EseError.DatabaseCorrupted, level.Number, $"line {line} has no key");
            if (line > 0 && Compare(prior, node, repeating) >= 0)
                Found(EseError.DatabaseCorrupted, level.Number, $"line {line} does not come behind the one before it");
            var more = repeating ? node.Data : [];
            if (level.Low.IsSet && level.Low.Compare(node, more) > 0)
                Found(EseError.DatabaseCorrupted, level.Number, $"line {line} belongs left of the page");
            if (level.High.IsSet && level.High.Compare(node, more) <= 0)
                Found(EseError.DatabaseCorrupted, level.Number, $"line {line} belongs right of the page");
            prior = node;
        }
    }

    private void CheckInner(Level level, PageView page)
    {
        int nodes = page.NodeCount;
        if (nodes == 0)
            Found(EseError.DatabaseCorrupted, level.Number, "is above other pages, yet leads to none");
        NodeView prior = default;
        for (int line = 0; line < nodes; line++)
        {
            if (!ReadNode(level, page, line, out var node))
            {
                // What is behind a broken node may still be sound, but its bounds are not known.
                level.Nodes = line;
                return;
            }

            bool isLast = line == nodes - 1;
            if (node.HasEmptyKey && !isLast)
                Found(EseError.DatabaseCorrupted, level.Number, $"line {line} has no key and is not the last");
            if (isLast && node.HasEmptyKey == level.High.IsSet)
            {
                Found(EseError.DatabaseCorrupted, level.Number, node.HasEmptyKey
                    ? "ends with an empty key, yet is not the last of its level"
                    : "is the last of its level, yet does not end with an empty key");
            }

            if (node.HasEmptyKey)
                continue;
            if (line > 0 && Compare(prior, node, repeating: false) >= 0)
                Found(EseError.DatabaseCorrupted, level.Number, $"separator {line} does not come behind the one before it");
            if (level.Low.IsSet && level.Low.Compare(node, []) >= 0)
                Found(EseError.DatabaseCorrupted, level.Number, $"separator {line} belongs left of the page");
            if (level.High.IsSet && level.High.Compare(node, []) < 0)
                Found(EseError.DatabaseCorrupted, level.Number, $"separator {line} belongs right of the page");
            prior = node;
        }
    }

    private bool ReadNode(Level level, PageView page, int line, out NodeView node)
    {
        var rule = page.Node(line, out node);
        if (rule == PageRule.None)
            return true;
        Found(EseError.DatabaseCorrupted, level.Number, $"line {line}: {rule.Describe()}");
        return false;
    }

    private Level? LevelAt(int depth)
    {
        if (depth >= _levels.Length)
            return null;
        return _levels[depth] ??= new(_file.PageSize);
    }

    private void Found(EseError error, PageNumber page, string message) => _findings.Add(error, _name, page, message);

    private static int Compare(NodeView a, NodeView b, bool repeating)
    {
        int order = KeyOrder.CompareOnPage(a.KeyHead, a.KeyTail, b.KeyHead, b.KeyTail);
        return order == 0 && repeating ? a.Data.SequenceCompareTo(b.Data) : order;
    }

    private static string Name(PageNumber page) => page == PageNumber.None ? "none" : page.ToString();

    /// <summary>One level of the way down: the page on it, and what its keys have to lie between.</summary>
    private sealed class Level(PageSize pageSize)
    {
        public byte[] Page { get; } = new byte[pageSize.Bytes];

        public Bound Low { get; } = new();

        public Bound High { get; } = new();

        /// <summary>The page entered last; none before the first.</summary>
        public PageNumber Number { get; set; }

        /// <summary>What that page has as its right sibling.</summary>
        public PageNumber Next { get; set; }

        /// <summary>Lines that lead to children; 0 on a leaf.</summary>
        public int Nodes { get; set; }

        /// <summary>The line whose child comes next.</summary>
        public int Line { get; set; }

        public void Start()
        {
            (Number, Next, Nodes, Line) = (PageNumber.None, PageNumber.None, 0, 0);
            Low.Clear();
            High.Clear();
        }
    }

    /// <summary>A separator that bounds a page; not set at the ends of a level.</summary>
    private sealed class Bound
    {
        private byte[] _key = [];
        private int _length;

        public bool IsSet { get; private set; }

        public void Clear() => IsSet = false;

        public void Take(Bound other)
        {
            IsSet = other.IsSet;
            if (IsSet)
                other._key.AsSpan(0, other._length).CopyTo(Room(other._length));
        }

        public void Take(NodeView node)
        {
            IsSet = true;
            node.CopyKey(Room(node.KeyLength));
        }

        /// <summary>The bound before, with or behind a node's key and what follows it.</summary>
        public int Compare(NodeView node, ReadOnlySpan<byte> more) =>
            -KeyOrder.Compare(node.KeyHead, node.KeyTail, more, _key.AsSpan(0, _length));

        private Span<byte> Room(int length)
        {
            if (_key.Length < length)
                _key = new byte[Math.Max(256, length)];
            _length = length;
            return _key;
        }
    }
}
