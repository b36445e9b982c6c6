namespace PipelineBackup.Ese;

/// <summary>
/// Walks the leaves of one tree in key order, forwards and backwards, and finds keys in it. Deleted nodes are passed
/// over unless asked for.
/// </summary>
/// <remarks>
/// <para>
/// The cursor owns the buffer of the page it stands on. <see cref="Key"/> and <see cref="Data"/> are views that are good
/// until its next move. Moving along allocates nothing.
/// </para>
/// <code>
///             MoveNext, MoveFirst, Seek…                MoveNext
///   before  ─────────────────────────────►  on a node ───────────►  behind
///   the first ◄───────────────────────────            ◄───────────  the last
///             MovePrevious                              MovePrevious, MoveLast
/// </code>
/// <para>
/// Links are followed with care, since any bytes may stand there: a child or sibling has to be of the same tree and not
/// given up, a sibling has to point back, a descent ends after <see cref="MaxDepth"/> levels and a walk after as many
/// pages as the file has. What every move and seek throws is an <see cref="EseException"/>:
/// </para>
/// <list type="bullet">
/// <item>-338: a child is a page of another tree, or given up, or the tree has too many levels;</item>
/// <item>-327: a sibling is a page of another tree, given up, no leaf or does not point back, or the leaves form a
/// ring;</item>
/// <item>-1206: the root is none, an inner page ends before the key sought or is empty, a node is broken;</item>
/// <item>-1018, -1019, -1118, -1119, -1206, -4001: the page could not be read, as the <see cref="IPageFile"/> says.</item>
/// </list>
/// <para>After an exception the cursor stands before the first node.</para>
/// </remarks>
public sealed class TreeCursor
{
    /// <summary>
    /// Levels that a tree may have. Real ones stay far below: a page has room for two children at the least, and no
    /// more than 2^31 pages have numbers.
    /// </summary>
    public const int MaxDepth = 32;

    private const int UsualKeyBytes = 512;

    private readonly IPageFile _file;
    private readonly byte[] _page;
    private readonly PageSize _size;
    private byte[] _key = [];
    private byte[] _bookmark = [];
    private Place _place;
    private int _nodes, _reserved, _prefixOffset, _prefixLength;
    private uint _walked;

    // The node: the borrowed part's length, and where the rest lies in the page.
    private int _headLength, _tailOffset, _tailLength, _dataOffset, _dataLength;
    private bool _keyIsWhole;

    /// <summary>A cursor over a tree, before its first node. Reads nothing yet.</summary>
    /// <param name="file">Where the pages come from.</param>
    /// <param name="root">Root of the tree.</param>
    /// <param name="objectId">The id that all its pages carry; that of the owner for a space tree.</param>
    public TreeCursor(IPageFile file, PageNumber root, ObjectId objectId)
    {
        ArgumentNullException.ThrowIfNull(file);
        _file = file;
        _size = file.PageSize;
        _page = new byte[_size.Bytes];
        Open(root, objectId);
    }

    private enum Place : byte
    {
        BeforeFirst,
        OnNode,
        BehindLast,
    }

    private enum Way : byte
    {
        First,
        Last,
        Key,
    }

    /// <summary>Root of the tree.</summary>
    public PageNumber Root { get; private set; }

    /// <summary>The id that all pages of the tree carry.</summary>
    public ObjectId ObjectId { get; private set; }

    /// <summary>Whether moves stop on deleted nodes too.</summary>
    public bool IncludesDeleted { get; set; }

    /// <summary>Whether the cursor stands on a node; without one there is no key, data, page or line.</summary>
    public bool IsOnNode => _place == Place.OnNode;

    /// <summary>Page of the node.</summary>
    public PageNumber Page { get; private set; }

    /// <summary>Number of the node on its page, the first being 0.</summary>
    public int Line { get; private set; }

    /// <summary>Marks of the node.</summary>
    public LineFlags Flags { get; private set; }

    /// <summary>The whole key of the node; empty off a node. Good until the next move.</summary>
    public ReadOnlySpan<byte> Key
    {
        get
        {
            if (_place != Place.OnNode)
                return [];
            var tail = _page.AsSpan(_tailOffset, _tailLength);
            if (_headLength == 0)
                return tail;
            int length = _headLength + _tailLength;
            if (!_keyIsWhole)
            {
                Grow(ref _key, length);
                _page.AsSpan(_prefixOffset, _headLength).CopyTo(_key);
                tail.CopyTo(_key.AsSpan(_headLength));
                _keyIsWhole = true;
            }

            return _key.AsSpan(0, length);
        }
    }

    /// <summary>The data of the node; empty off a node. Good until the next move.</summary>
    public ReadOnlySpan<byte> Data =>
        _place == Place.OnNode ? _page.AsSpan(_dataOffset, _dataLength) : [];

    /// <summary>The page that the node stands on; all of it is good until the next move.</summary>
    /// <exception cref="InvalidOperationException">The cursor is on no node.</exception>
    public PageView View => _place == Place.OnNode
        ? Current
        : throw new InvalidOperationException("the cursor stands on no node");

    /// <summary>Turns the cursor to another tree of the same database, before its first node. Keeps its buffers.</summary>
    /// <param name="root">Root of the tree.</param>
    /// <param name="objectId">The id that all its pages carry.</param>
    public void Open(PageNumber root, ObjectId objectId)
    {
        Root = root;
        ObjectId = objectId;
        Leave(Place.BeforeFirst);
    }

    /// <summary>Moves to the first node.</summary>
    /// <returns>False when there is none.</returns>
    public bool MoveFirst()
    {
        Descend(Way.First);
        var page = Current;
        if (page.Previous != PageNumber.None)
            throw Broken(EseError.BadPageLink, $"the first leaf {Page} has {page.Previous} before it");
        return Forward(0);
    }

    /// <summary>Moves to the last node.</summary>
    /// <returns>False when there is none.</returns>
    public bool MoveLast()
    {
        Descend(Way.Last);
        var page = Current;
        if (page.Next != PageNumber.None)
            throw Broken(EseError.BadPageLink, $"the last leaf {Page} has {page.Next} behind it");
        return Backward(_nodes - 1);
    }

    /// <summary>Moves to the next node; to the first from before it.</summary>
    /// <returns>False when there is none: the cursor then stands behind the last.</returns>
    public bool MoveNext() => _place switch
    {
        Place.OnNode => Forward(Line + 1),
        Place.BeforeFirst => MoveFirst(),
        _ => false,
    };

    /// <summary>Moves to the node before; to the last from behind it.</summary>
    /// <returns>False when there is none: the cursor then stands before the first.</returns>
    public bool MovePrevious() => _place switch
    {
        Place.OnNode => Backward(Line - 1),
        Place.BehindLast => MoveLast(),
        _ => false,
    };

    /// <summary>Moves to the first node of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>False when no node has it: the cursor then stands on the next greater node, or behind the last.</returns>
    public bool Seek(ReadOnlySpan<byte> key) => SeekAtLeast(key) && Key.SequenceEqual(key);

    /// <summary>Moves to the first node whose key begins with some bytes.</summary>
    /// <param name="prefix">The bytes.</param>
    /// <returns>False when there is none: the cursor then stands on the next greater node, or behind the last.</returns>
    public bool SeekPrefix(ReadOnlySpan<byte> prefix) => SeekAtLeast(prefix) && Key.StartsWith(prefix);

    /// <summary>Moves to the first node whose key is the one given or greater.</summary>
    /// <param name="key">The key.</param>
    /// <returns>False when there is none: the cursor then stands behind the last.</returns>
    public bool SeekAtLeast(ReadOnlySpan<byte> key) => SeekAtLeast(key, []);

    /// <summary>
    /// Moves to the first node whose key is greater, or the same and its data that given or greater: how nodes are told
    /// apart where keys repeat.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="data">The data: of a secondary index the key of the row.</param>
    /// <returns>False when there is none: the cursor then stands behind the last.</returns>
    public bool SeekAtLeast(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        // Where keys repeat a separator may reach into the data: it compares with both in one. And what is sought may be
        // a view of the page that the descent overwrites.
        int keyLength = key.Length, length = key.Length + data.Length;
        Grow(ref _bookmark, length);
        key.CopyTo(_bookmark);
        data.CopyTo(_bookmark.AsSpan(keyLength));
        if (!IsHere(_bookmark.AsSpan(0, keyLength)))
            Descend(Way.Key, _bookmark.AsSpan(0, length), keyLength);
        return Forward(LowerBound(_bookmark.AsSpan(0, keyLength), _bookmark.AsSpan(keyLength, length - keyLength)));
    }

    /// <summary>
    /// Whether the first node of a key or greater stands on the leaf that lies in the buffer, so that there is no need to
    /// go down: those who seek often seek close by.
    /// </summary>
    private bool IsHere(ReadOnlySpan<byte> key)
    {
        if (_place != Place.OnNode)
            return false;
        _walked = 0;
        return ReadNode(Current, Page, 0).CompareKey(key) < 0 && ReadNode(Current, Page, _nodes - 1).CompareKey(key) >= 0;
    }

    private PageView Current => new(_page, _size);

    private void Leave(Place place)
    {
        _place = place;
        _keyIsWhole = false;
        Page = PageNumber.None;
        Line = 0;
        Flags = LineFlags.None;
    }

    /// <summary>Goes down to a leaf, which then lies in the buffer.</summary>
    private void Descend(Way way, ReadOnlySpan<byte> bookmark = default, int keyLength = 0)
    {
        Leave(Place.BeforeFirst);
        _walked = 0;
        var number = Root;
        for (int depth = 0; ; depth++)
        {
            if (depth == MaxDepth)
                throw Broken(EseError.BadParentPageLink, $"more than {MaxDepth} levels down to page {number}");
            _file.Require(number, _page);
            var page = Current;
            if (page.ObjectId != ObjectId || (page.Flags & PageFlags.Empty) != 0)
                throw Broken(EseError.BadParentPageLink, $"page {number} {Strange(page)}");
            if (page.IsRoot != (depth == 0))
                throw Broken(EseError.DatabaseCorrupted, depth == 0 ? "its root is none" : $"page {number} is a root");
            if (page.IsLeaf)
            {
                Enter(page, number);
                return;
            }

            number = Child(page, number, way, page.HasRepeatingKeys ? bookmark : bookmark[..keyLength]);
        }
    }

    private PageNumber Child(PageView page, PageNumber number, Way way, ReadOnlySpan<byte> key)
    {
        int nodes = page.NodeCount;
        int line = way switch
        {
            Way.First => 0,
            Way.Last => nodes - 1,
            _ => ChildLine(page, number, nodes, key),
        };
        if (nodes == 0 || line == nodes)
            throw Broken(EseError.DatabaseCorrupted, $"page {number} ends before the key sought");
        var node = ReadNode(page, number, line);
        return node.Child != PageNumber.None
            ? node.Child
            : throw Broken(EseError.DatabaseCorrupted, $"page {number} line {line} names no child");
    }

    /// <summary>The first line whose separator is greater; the empty key at the end is greater than any.</summary>
    private int ChildLine(PageView page, PageNumber number, int nodes, ReadOnlySpan<byte> key)
    {
        int low = 0, high = nodes;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            var node = ReadNode(page, number, middle);
            bool greater = (node.HasEmptyKey && middle == nodes - 1) || node.CompareKey(key) > 0;
            if (greater)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    /// <summary>The first line of the leaf whose key, then data, is the one given or greater.</summary>
    private int LowerBound(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        var page = Current;
        int low = 0, high = _nodes;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            var node = ReadNode(page, Page, middle);
            int order = node.CompareKey(key);
            if (order == 0 && data.Length > 0)
                order = node.Data.SequenceCompareTo(data);
            if (order >= 0)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private bool Forward(int line)
    {
        while (true)
        {
            for (; line < _nodes; line++)
            {
                if (Stop(line))
                    return true;
            }

            if (!Step(forward: true))
                return false;
            line = 0;
        }
    }

    private bool Backward(int line)
    {
        while (true)
        {
            for (; line >= 0; line--)
            {
                if (Stop(line))
                    return true;
            }

            if (!Step(forward: false))
                return false;
            line = _nodes - 1;
        }
    }

    /// <summary>Goes to the neighbouring leaf; false at the end of the tree.</summary>
    private bool Step(bool forward)
    {
        var left = Page;
        var page = Current;
        var number = forward ? page.Next : page.Previous;
        if (number == PageNumber.None)
        {
            Leave(forward ? Place.BehindLast : Place.BeforeFirst);
            return false;
        }

        Leave(Place.BeforeFirst);
        if (++_walked > _file.LastPage.Value)
            throw Broken(EseError.BadPageLink, $"its leaves form a ring through page {number}");
        _file.Require(number, _page);
        page = Current;
        var back = forward ? page.Previous : page.Next;
        if (page.ObjectId != ObjectId || (page.Flags & PageFlags.Empty) != 0)
            throw Broken(EseError.BadPageLink, $"page {number}, a sibling of {left}, {Strange(page)}");
        if (!page.IsLeaf || back != left)
        {
            string what = page.IsLeaf ? $"has {back} as its sibling" : "is no leaf";
            throw Broken(EseError.BadPageLink, $"page {number}, a sibling of {left}, {what}");
        }

        Enter(page, number);
        return true;
    }

    private void Enter(PageView page, PageNumber number)
    {
        Page = number;
        _nodes = page.NodeCount;
        _reserved = page.ReservedTags;

        // The prefix key is the end of the external header, all of it or what stands behind a split buffer.
        var header = page.Tag(0);
        _prefixLength = page.PrefixKey.Length;
        _prefixOffset = header.Offset + header.Length - _prefixLength;
    }

    /// <summary>Stands on a node, unless it is deleted and passed over.</summary>
    private bool Stop(int line)
    {
        var tag = Current.Tag(line + _reserved);
        if (!IncludesDeleted && (tag.Flags & LineFlags.Deleted) != 0)
            return false;

        // A tag that is invalid, or whose line is empty, decodes as too short.
        var rule = NodeView.Decode(_page.AsSpan(tag.Offset, tag.Length), tag.Flags,
            _page.AsSpan(_prefixOffset, _prefixLength), out var node);
        if (rule != PageRule.None)
            throw BrokenNode(Page, line, rule);

        _headLength = node.KeyHead.Length;
        _tailLength = node.KeyTail.Length;
        _dataLength = node.Data.Length;
        _dataOffset = tag.Offset + tag.Length - _dataLength;
        _tailOffset = _dataOffset - _tailLength;
        _keyIsWhole = false;
        Line = line;
        Flags = tag.Flags;
        _place = Place.OnNode;
        return true;
    }

    private NodeView ReadNode(PageView page, PageNumber number, int line)
    {
        var rule = page.Node(line, out var node);
        return rule == PageRule.None ? node : throw BrokenNode(number, line, rule);
    }

    private EseException BrokenNode(PageNumber page, int line, PageRule rule) =>
        Broken(EseError.DatabaseCorrupted, $"page {page} line {line}: {rule.Describe()}");

    private EseException Broken(EseError error, string what)
    {
        Leave(Place.BeforeFirst);
        return new(error, $"tree {Root}: {what}");
    }

    private string Strange(PageView page) => (page.Flags & PageFlags.Empty) != 0
        ? "was given up"
        : $"is of the object {page.ObjectId}, not {ObjectId}";

    private static void Grow(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = new byte[Math.Max(UsualKeyBytes, length)];
    }
}
