namespace PipelineBackup.Engine;

/// <summary>
/// Walks a tree as a session sees it. It holds no page: between two moves anything may happen to the tree, and it goes
/// on from where it was by the node's name.
/// </summary>
/// <remarks>
/// <code>
///  before the first ◄──► on a node ◄──► behind the last        Seek… from anywhere
/// </code>
/// Moved within the engine's latch; key and data are copies, good until the next move.
/// </remarks>
internal sealed class NodeCursor
{
    private readonly DatabaseTables _database;
    private readonly SessionCore _session;
    private readonly TreePath _path = new();
    private byte[] _key = new byte[64], _data = new byte[256], _seen = new byte[256];
    private int _keyLength, _dataLength;
    private Place _place;

    // Where the node was, as long as its page has not changed since.
    private PageNumber _page;
    private int _line;
    private DbTime _time;

    /// <summary>A cursor before the first node.</summary>
    /// <param name="database">The database.</param>
    /// <param name="session">Who looks.</param>
    /// <param name="tree">The tree.</param>
    public NodeCursor(DatabaseTables database, SessionCore session, EngineTree tree)
    {
        _database = database;
        _session = session;
        Tree = tree;
    }

    private enum Place : byte
    {
        BeforeFirst,
        OnNode,
        BehindLast,
    }

    /// <summary>The tree.</summary>
    public EngineTree Tree { get; private set; }

    /// <summary>Whether it stands on a node.</summary>
    public bool IsOnNode => _place == Place.OnNode;

    /// <summary>Whether it stands behind the last node.</summary>
    public bool IsBehindLast => _place == Place.BehindLast;

    /// <summary>Key of the node.</summary>
    public ReadOnlySpan<byte> Key => _place == Place.OnNode ? _key.AsSpan(0, _keyLength) : [];

    /// <summary>Data of the node, as the session sees them.</summary>
    public ReadOnlySpan<byte> Data => _place == Place.OnNode ? _data.AsSpan(0, _dataLength) : [];

    /// <summary>Turns to another tree, before its first node.</summary>
    /// <param name="tree">The tree.</param>
    public void Open(EngineTree tree)
    {
        Tree = tree;
        Reset(isBehind: false);
    }

    /// <summary>Leaves the nodes.</summary>
    /// <param name="isBehind">Whether for behind the last; else for before the first.</param>
    public void Reset(bool isBehind) => _place = isBehind ? Place.BehindLast : Place.BeforeFirst;

    /// <summary>Moves to the first node.</summary>
    /// <returns>False when there is none.</returns>
    public bool MoveFirst()
    {
        _path.Descend(_database.Editor, Tree, [], []);
        return Forward(_path.Leaf, 0);
    }

    /// <summary>Moves to the last node.</summary>
    /// <returns>False when there is none.</returns>
    public bool MoveLast()
    {
        var page = Tree.Root;
        for (int depth = 0; ; depth++)
        {
            var view = Require(page);
            if (view.IsLeaf)
                return Backward(page, view.NodeCount - 1);
            if (view.NodeCount == 0 || depth == TreeCursor.MaxDepth)
                throw new EseException(EseError.DatabaseCorrupted, $"tree {Tree.Root}: page {page} leads nowhere");
            page = NodeSearch.Node(view, view.NodeCount - 1).Child;
        }
    }

    /// <summary>Moves to the next node; to the first from before it.</summary>
    /// <returns>False when there is none: it then stands behind the last.</returns>
    public bool MoveNext()
    {
        if (_place != Place.OnNode)
            return _place == Place.BeforeFirst && MoveFirst();
        bool isThere = Locate();
        return Forward(_page, isThere ? _line + 1 : _line);
    }

    /// <summary>Moves to the node before; to the last from behind it.</summary>
    /// <returns>False when there is none: it then stands before the first.</returns>
    public bool MovePrevious()
    {
        if (_place != Place.OnNode)
            return _place == Place.BehindLast && MoveLast();
        Locate();
        return Backward(_page, _line - 1);
    }

    /// <summary>Moves to the first node that is not below a place.</summary>
    /// <param name="key">Key of the place.</param>
    /// <param name="data">Its data, where keys may repeat.</param>
    /// <returns>False when there is none: it then stands behind the last.</returns>
    public bool SeekAtLeast(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data = default)
    {
        _path.Descend(_database.Editor, Tree, key, data);
        return Forward(_path.Leaf, _path.Line);
    }

    /// <summary>Moves to the last node that is below a place.</summary>
    /// <param name="key">Key of the place.</param>
    /// <param name="data">Its data, where keys may repeat.</param>
    /// <returns>False when there is none: it then stands before the first.</returns>
    public bool SeekBelow(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data = default)
    {
        _path.Descend(_database.Editor, Tree, key, data);
        return Backward(_path.Leaf, _path.Line - 1);
    }

    /// <summary>Moves to a node.</summary>
    /// <param name="key">Its key; in a tree of keys that may repeat, of the first that has it.</param>
    /// <returns>False when there is none; it then stands on the next, or behind the last.</returns>
    public bool Seek(ReadOnlySpan<byte> key) => SeekAtLeast(key) && Key.SequenceEqual(key);

    /// <summary>Looks at the node again, without moving.</summary>
    /// <returns>False when it is not there any more: key and data are as they were.</returns>
    public bool Refresh()
    {
        if (_place != Place.OnNode)
            return false;
        _path.Descend(_database.Editor, Tree, _key.AsSpan(0, _keyLength),
            Tree.HasRepeatingKeys ? _data.AsSpan(0, _dataLength) : []);
        return _path.IsMatch && Stop(Require(_path.Leaf), _path.Leaf, _path.Line);
    }

    private bool Locate()
    {
        // The page may be no page of the tree any more; only then is it looked at in vain.
        if (_database.Editor.Cache.Get(_page, out var page).Error == EseError.Success
            && page!.View.DbTime == _time && page.View.ObjectId == Tree.ObjectId)
            return true;
        _path.Descend(_database.Editor, Tree, _key.AsSpan(0, _keyLength),
            Tree.HasRepeatingKeys ? _data.AsSpan(0, _dataLength) : []);
        (_page, _line) = (_path.Leaf, _path.Line);
        return _path.IsMatch;
    }

    private bool Forward(PageNumber page, int line)
    {
        while (true)
        {
            var view = Require(page);
            for (; line < view.NodeCount; line++)
            {
                if (Stop(view, page, line))
                    return true;
            }

            if (view.Next == PageNumber.None)
            {
                _place = Place.BehindLast;
                return false;
            }

            (page, line) = (view.Next, 0);
        }
    }

    private bool Backward(PageNumber page, int line)
    {
        while (true)
        {
            var view = Require(page);
            for (; line >= 0; line--)
            {
                if (Stop(view, page, line))
                    return true;
            }

            if (view.Previous == PageNumber.None)
            {
                _place = Place.BeforeFirst;
                return false;
            }

            page = view.Previous;
            line = Require(page).NodeCount - 1;
        }
    }

    private bool Stop(PageView view, PageNumber page, int line)
    {
        var node = NodeSearch.Node(view, line);
        bool isDeleted = node.IsDeleted;
        if ((node.Flags & LineFlags.Versioned) == 0)
        {
            if (isDeleted)
                return false;
            TakeKey(node);
            Put(ref _data, ref _dataLength, node.Data);
        }
        else if (!StopVersioned(node, isDeleted))
            return false;
        (_page, _line, _time, _place) = (page, line, view.DbTime, Place.OnNode);
        return true;
    }

    // What is not seen must leave key and data as they are: the cursor may stay where it was.
    private bool StopVersioned(in NodeView node, bool isDeleted)
    {
        Span<byte> key = stackalloc byte[Math.Min(node.KeyLength, NodeView.MaxKeyBytes)];
        node.CopyKey(key);
        var name = new NodeNameView(
            _database.Slot, Tree.Root, key, Tree.HasRepeatingKeys ? node.Data : []);
        int length = 0;
        if (_database.Transactions.Chains.Find(name) is { } chain)
        {
            Put(ref _seen, ref length, node.Data);
            VersionChains.TakeBack(chain, _session.View, ref isDeleted, ref _seen, ref length);
            if (isDeleted)
                return false;
            (_data, _seen) = (_seen, _data);
            _dataLength = length;
        }
        else if (isDeleted)
            return false;
        else
            Put(ref _data, ref _dataLength, node.Data);
        Put(ref _key, ref _keyLength, key);
        return true;
    }

    private void TakeKey(in NodeView node)
    {
        if (_key.Length < node.KeyLength)
            _key = new byte[Math.Max(node.KeyLength, 2 * _key.Length)];
        _keyLength = node.CopyKey(_key);
    }

    private PageView Require(PageNumber page)
    {
        var view = _database.Editor.View(page);
        return view.ObjectId == Tree.ObjectId
            ? view
            : throw new EseException(EseError.BadPageLink, $"page {page} is none of the tree {Tree.Root}");
    }

    private static void Put(ref byte[] buffer, ref int length, ReadOnlySpan<byte> bytes)
    {
        if (buffer.Length < bytes.Length)
            buffer = new byte[Math.Max(bytes.Length, 2 * buffer.Length)];
        bytes.CopyTo(buffer);
        length = bytes.Length;
    }
}
