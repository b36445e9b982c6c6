namespace PipelineBackup.Engine;

/// <summary>Changes the nodes of trees, wherever they are; makes room by splits where there is none.</summary>
/// <remarks>
/// <code>
///            ┌── there is room ──────────────────► one record
///  descend ──┤
///            └── else: plan splits from the leaf up to where a separator has room, get pages, one macro ──┬─► done
///                  ▲                                                                                      │
///                  └──────────────────── where the node fitted on neither side, or a parent had to go first
/// </code>
/// Keys of a tree whose keys may repeat must not be beginnings of one another; keys of indexes never are. Whether a
/// change is allowed, and what readers see of it, is not decided here: nodes that are flagged deleted are taken as
/// free for whoever inserts their key.
/// </remarks>
internal sealed partial class TreeWriter
{
    // A node is tried again after each split that made no room for it yet.
    private const int MostAttempts = 64;

    private readonly Stack<TreePath> _paths = [];
    private readonly Stack<SplitPlan> _plans = [];
    private readonly SplitPlanner _planner = new();
    private readonly PageImage _image = new();

    /// <summary>A writer of all trees of a database.</summary>
    /// <param name="editor">Makes the changes.</param>
    public TreeWriter(DatabaseEditor editor)
    {
        Editor = editor;
        Space = new(editor, this);
    }

    /// <summary>What makes the changes.</summary>
    public DatabaseEditor Editor { get; }

    /// <summary>Where pages for splits come from, and where those of merges go.</summary>
    public SpaceWriter Space { get; }

    /// <summary>Puts a node in; one of the same place that is flagged deleted comes back with the new data.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="key">Key of the node.</param>
    /// <param name="data">Its data, at least one byte.</param>
    /// <param name="version">Number of the version; 0 for a change that is not undone.</param>
    /// <param name="replaceVersion">Number of a second version, for the data that a deleted node had.</param>
    /// <returns>False when there is such a node.</returns>
    /// <exception cref="EseException">
    /// −408: no tree can have such a key. −1026: no page can hold such a node. And what pages throw.
    /// </exception>
    public bool Insert(ChangeOrigin origin, EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data,
        uint version = 0, uint replaceVersion = 0)
    {
        RequireSize(key, data);
        var path = RentPath();
        try
        {
            for (int attempt = 0; attempt < MostAttempts; attempt++)
            {
                path.Descend(Editor, tree, key, data);
                if (path.IsMatch)
                {
                    var found = NodeSearch.Node(Editor.View(path.Leaf), path.Line);
                    if (!found.IsDeleted)
                        return false;
                    if (tree.HasRepeatingKeys)
                    {
                        var node = Editor.Begin(origin, tree, path.Leaf, path.Line, version);
                        Editor.Records.FlagInsert(node, key, data);
                        Editor.Commit(origin);
                        return true;
                    }

                    if (TryReplace(origin, tree, path, new()
                    {
                        Operation = SplitOperation.FlagInsertReplace, Key = key, Data = data, Version = version,
                        ReplaceVersion = replaceVersion, OldLength = found.Data.Length,
                    }))
                        return true;
                }
                else if (TryInsert(origin, tree, path, new()
                {
                    Operation = SplitOperation.Insert, Key = key, Data = data, Version = version,
                }))
                {
                    return true;
                }
            }
        }
        finally
        {
            _paths.Push(path);
        }

        throw Endless(tree);
    }

    /// <summary>Replaces the data of a node that is not flagged deleted.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree, of keys that do not repeat.</param>
    /// <param name="key">Key of the node.</param>
    /// <param name="data">Its data from then on, at least one byte.</param>
    /// <param name="version">Number of the version; 0 for a change that is not undone.</param>
    /// <returns>False when there is no such node.</returns>
    /// <exception cref="EseException">−1026: no page can hold such a node. And what pages throw.</exception>
    public bool Replace(
        ChangeOrigin origin, EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, uint version = 0)
    {
        RequireSize(key, data);
        var path = RentPath();
        try
        {
            for (int attempt = 0; attempt < MostAttempts; attempt++)
            {
                if (!Find(tree, path, key, []))
                    return false;
                var found = NodeSearch.Node(Editor.View(path.Leaf), path.Line);
                if (TryReplace(origin, tree, path, new()
                {
                    Operation = SplitOperation.Replace, Key = key, Data = data, Version = version,
                    OldLength = found.Data.Length,
                }))
                    return true;
            }
        }
        finally
        {
            _paths.Push(path);
        }

        throw Endless(tree);
    }

    /// <summary>Flags a node deleted; it stays where it is until <see cref="CleanUp"/>.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="key">Key of the node.</param>
    /// <param name="data">Its data where keys may repeat.</param>
    /// <param name="version">Number of the version; 0 for a change that is not undone.</param>
    /// <returns>False when there is no such node.</returns>
    public bool FlagDelete(ChangeOrigin origin, EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data,
        uint version = 0)
    {
        var path = RentPath();
        bool isThere = Find(tree, path, key, data);
        if (isThere)
        {
            var node = Editor.Begin(origin, tree, path.Leaf, path.Line, version);
            Editor.Records.Add(LogRecordType.FlagDelete, node);
            Editor.Commit(origin);
        }

        _paths.Push(path);
        return isThere;
    }

    /// <summary>Moves a counter within the data of a node.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="key">Key of the node.</param>
    /// <param name="data">Its data where keys may repeat.</param>
    /// <param name="offset">Offset of the counter in the data.</param>
    /// <param name="delta">By how much.</param>
    /// <param name="is64Bit">Whether the counter has 64 bits; else 32.</param>
    /// <param name="version">Number of the version; 0 for a change that is not undone.</param>
    /// <returns>False when there is no such node.</returns>
    public bool Delta(ChangeOrigin origin, EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data,
        ushort offset, long delta, bool is64Bit, uint version = 0)
    {
        var path = RentPath();
        bool isThere = Find(tree, path, key, data);
        if (isThere)
        {
            var node = Editor.Begin(origin, tree, path.Leaf, path.Line, version);
            var bookmark = tree.HasRepeatingKeys ? data : [];
            if (is64Bit)
                Editor.Records.Delta64(node, delta, offset, key, bookmark);
            else
                Editor.Records.Delta(node, checked((int)delta), offset, key, bookmark);
            Editor.Commit(origin);
        }

        _paths.Push(path);
        return isThere;
    }

    /// <summary>Sets the external header of the root.</summary>
    /// <param name="origin">Who does.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="header">What it holds from then on, all of it.</param>
    public void SetRootHeader(ChangeOrigin origin, EngineTree tree, ReadOnlySpan<byte> header)
    {
        var node = Editor.Begin(origin, tree, tree.Root, 0);
        Editor.Records.SetExternalHeader(node, header);
        Editor.Commit(origin);
    }

    /// <summary>Finds a node, whether or not it is flagged deleted.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="key">Key of the node.</param>
    /// <param name="data">Its data where keys may repeat.</param>
    /// <param name="node">The node, good until pages change.</param>
    public bool TryFind(EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, out NodeView node)
    {
        var path = RentPath();
        path.Descend(Editor, tree, key, data);
        node = path.IsMatch ? NodeSearch.Node(Editor.View(path.Leaf), path.Line) : default;
        bool isThere = path.IsMatch;
        _paths.Push(path);
        return isThere;
    }

    /// <summary>A way to go down, to be given back to the writer.</summary>
    internal TreePath RentPath() => _paths.TryPop(out var path) ? path : new();

    /// <summary>Gives a way back.</summary>
    /// <param name="path">The way.</param>
    internal void Return(TreePath path) => _paths.Push(path);

    private bool Find(EngineTree tree, TreePath path, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        path.Descend(Editor, tree, key, data);
        return path.IsMatch && !NodeSearch.Node(Editor.View(path.Leaf), path.Line).IsDeleted;
    }

    private bool TryInsert(ChangeOrigin origin, EngineTree tree, TreePath path, in PendingNode pending)
    {
        var page = Editor.View(path.Leaf);
        int borrowed = Borrowed(page, pending.Key);
        int length = (borrowed > 0 ? 4 : 2) + pending.Key.Length - borrowed + pending.Data.Length + PageView.TagBytes;
        int room = page.FreeBytes - Editor.HeldBack(page);

        // What is appended to the tree leaves some room on the pages behind it, for what comes between.
        bool isAppended = !tree.IsSpaceTree && path.Line == page.NodeCount && page.Next == PageNumber.None;
        int left = isAppended ? page.DataBytes * (100 - tree.Density) / 100 : 0;
        if (length + left > room && (page.NodeCount > 0 || length > room))
            return Split(origin, tree, path, pending);
        var node = Editor.Begin(origin, tree, path.Leaf, path.Line, pending.Version);
        Editor.Records.Insert(node, pending.Key[..borrowed], pending.Key[borrowed..], pending.Data);
        Editor.Commit(origin);
        return true;
    }

    private bool TryReplace(ChangeOrigin origin, EngineTree tree, TreePath path, in PendingNode pending)
    {
        var page = Editor.View(path.Leaf);
        int held = Editor.HeldBack(page), growth = pending.Data.Length - pending.OldLength;

        // What a page of one node holds back is for that node.
        if (growth > 0 && growth > page.FreeBytes - (page.NodeCount > 1 ? held : 0))
        {
            return page.NodeCount > 1 || page.IsRoot
                ? Split(origin, tree, path, pending)
                : TrimPrefix(origin, tree, path.Leaf);
        }

        var old = NodeSearch.Node(page, path.Line).Data;
        var node = Editor.Begin(origin, tree, path.Leaf, path.Line, pending.Version);
        if (pending.Operation == SplitOperation.FlagInsertReplace)
            Editor.Records.FlagInsertReplace(node, pending.ReplaceVersion, pending.Key, pending.Data);
        else if (!tree.IsSpaceTree && TryDiffer(old, pending.Data, out var difference))
        {
            Editor.Records.ReplaceDifference(
                node, !Editor.PageSize.IsSmall, old.Length, pending.Data.Length, difference);
        }
        else
            Editor.Records.Replace(node, old.Length, pending.Data);
        Editor.Commit(origin);
        if (growth < 0 && pending.Version != 0)
            Editor.HoldBack(path.Leaf, held, -growth);
        return true;
    }

    /// <summary>Leaves no more of a page's prefix than its only node borrows.</summary>
    /// <returns>False: the change is to be tried again.</returns>
    private bool TrimPrefix(ChangeOrigin origin, EngineTree tree, PageNumber leaf)
    {
        var page = Editor.View(leaf);
        var borrowed = NodeSearch.Node(page, 0).KeyHead;
        if (page.PrefixKey.Length == borrowed.Length)
            throw new EseException(EseError.DatabaseCorrupted, $"page {leaf} has no room for the only node it has");
        var node = Editor.Begin(origin, tree, leaf, 0);
        Editor.Records.SetExternalHeader(node, borrowed);
        Editor.Commit(origin);
        return false;
    }

    private static int Borrowed(PageView page, ReadOnlySpan<byte> key)
    {
        // Where no prefix can come from, nothing is borrowed: headers of space trees hold reserves.
        int common = (page.Flags & PageFlags.SpaceTree) != 0 ? 0 : page.PrefixKey.CommonPrefixLength(key);
        return common > 2 ? common : 0;
    }

    private void RequireSize(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        // An inner page has room for three separators at least; a leaf for a node that borrows all its key by itself.
        int area = Editor.PageSize.Bytes - Editor.PageSize.HeaderBytes;
        if (key.IsEmpty || key.Length > (area - 64) / 4)
            throw new EseException(EseError.KeyTooBig, $"a key of {key.Length} bytes");
        if (data.IsEmpty || key.Length + data.Length + 4 > area - 2 * PageView.TagBytes)
            throw new EseException(EseError.RecordTooBig, $"a node of {key.Length} and {data.Length} bytes");
    }

    private static EseException Endless(EngineTree tree) => new(
        EseError.DatabaseCorrupted, $"tree {tree.Root}: a node found no room after {MostAttempts} splits");
}
