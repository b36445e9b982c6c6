namespace PipelineBackup.Engine;

/// <summary>The changes of one node that not everybody sees, oldest first.</summary>
/// <param name="tree">Its tree.</param>
/// <param name="name">What tells it from others.</param>
internal sealed class NodeVersions(EngineTree tree, NodeName name)
{
    /// <summary>Its tree.</summary>
    public EngineTree Tree { get; } = tree;

    /// <summary>What tells it from others.</summary>
    public NodeName Name { get; } = name;

    /// <summary>The changes, oldest first.</summary>
    public List<NodeVersion> List { get; } = [];
}

/// <summary>
/// All changes that not everybody sees, by node. Pages hold the newest state of every node; who looks from an earlier
/// time takes back what came later.
/// </summary>
/// <remarks>
/// <code>
///  oldest                                             newest      page
///  committed long ago ── committed 40 ── committed 52 ── open ──► data, deleted?
///                                        └──────────────────────┘
///                                   taken back for who began at 44
/// </code>
/// Of all changes but moved counters, one excludes the next until its transaction is over: whatever is older than a
/// change that one sees, one sees too. Moved counters may come in any order.
/// </remarks>
internal sealed class VersionChains
{
    private readonly Dictionary<NodeName, NodeVersions> _nodes = new(new NodeNameComparer());
    private readonly Dictionary<NodeName, NodeVersions>.AlternateLookup<NodeNameView> _byView;

    /// <summary>No changes yet.</summary>
    public VersionChains() => _byView = _nodes.GetAlternateLookup<NodeNameView>();

    /// <summary>How many nodes have changes.</summary>
    public int Count => _nodes.Count;

    /// <summary>About how much memory the changes take, in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether a node has changes that not everybody sees.</summary>
    /// <param name="name">The node.</param>
    public bool IsKnown(NodeNameView name) => _byView.ContainsKey(name);

    /// <summary>The changes of a node; null when everybody sees it as it is.</summary>
    /// <param name="name">The node.</param>
    public NodeVersions? Find(NodeNameView name) => _byView.TryGetValue(name, out var found) ? found : null;

    /// <summary>The changes of a node, known from now on.</summary>
    /// <param name="tree">Its tree.</param>
    /// <param name="name">The node.</param>
    public NodeVersions Of(EngineTree tree, NodeNameView name)
    {
        if (_byView.TryGetValue(name, out var found))
            return found;
        var kept = new NodeNameComparer().Create(name);
        _nodes.Add(kept, found = new(tree, kept));
        return found;
    }

    /// <summary>A node was changed.</summary>
    /// <param name="version">The change.</param>
    public void Add(NodeVersion version)
    {
        version.Chain.List.Add(version);
        Bytes += BytesOf(version);
    }

    /// <summary>A change is seen by everybody, or undone.</summary>
    /// <param name="version">The change.</param>
    public void Remove(NodeVersion version)
    {
        var chain = version.Chain;

        // It is the newest where it is undone, the oldest where it is seen by everybody; counters may be between.
        int at = chain.List.Count > 0 && chain.List[^1] == version ? chain.List.Count - 1 : chain.List.IndexOf(version);
        chain.List.RemoveAt(at);
        Bytes -= BytesOf(version);
        if (chain.List.Count == 0 && _nodes.TryGetValue(chain.Name, out var known) && known == chain)
            _nodes.Remove(chain.Name);
    }

    // Objects, lists and the entry of the table are about so long, besides what they hold.
    private static long BytesOf(NodeVersion version) => 256 + version.OldData.Length
        + version.Chain.Name.Bookmark.Length;

    /// <summary>Forgets all changes of a database.</summary>
    /// <param name="database">Its number.</param>
    public void Forget(byte database)
    {
        foreach (var name in _nodes.Keys.Where(name => name.Database == database).ToList())
        {
            Bytes -= _nodes[name].List.Sum(BytesOf);
            _nodes.Remove(name);
        }
    }

    /// <summary>Makes sure that a node may be changed.</summary>
    /// <param name="chain">Its changes; null when everybody sees it as it is.</param>
    /// <param name="view">Who wants to change it.</param>
    /// <param name="isDelta">Whether he only moves a counter.</param>
    /// <exception cref="EseException">−1102: another changed it, and has not committed or did so later.</exception>
    public static void RequireFree(NodeVersions? chain, in Snapshot view, bool isDelta)
    {
        if (Conflict(chain, view, isDelta) is { } version)
        {
            throw new EseException(EseError.WriteConflict,
                version.Owner.IsCommitted
                    ? "another transaction changed it since this one began"
                    : "another transaction has changed it and is still open",
                "roll back and try again");
        }
    }

    /// <summary>Whether a node may be changed in any way.</summary>
    /// <param name="chain">Its changes; null when everybody sees it as it is.</param>
    /// <param name="view">Who wants to change it.</param>
    public static bool IsFree(NodeVersions? chain, in Snapshot view) => Conflict(chain, view, isDelta: false) is null;

    private static NodeVersion? Conflict(NodeVersions? chain, in Snapshot view, bool isDelta)
    {
        for (int i = (chain?.List.Count ?? 0) - 1; i >= 0; i--)
        {
            var version = chain!.List[i];
            if (!version.IsSeenBy(view) && !(isDelta && version.IsDelta))
                return version;
        }

        return null;
    }

    /// <summary>How a node looks to someone.</summary>
    /// <param name="chain">Its changes.</param>
    /// <param name="view">Who looks.</param>
    /// <param name="isDeleted">Whether the node is flagged deleted on its page; then, whether it is not there.</param>
    /// <param name="data">Its data on the page; then, as he sees them.</param>
    /// <param name="length">Their length.</param>
    public static void TakeBack(
        NodeVersions chain, in Snapshot view, ref bool isDeleted, ref byte[] data, ref int length)
    {
        for (int i = chain.List.Count - 1; i >= 0; i--)
        {
            var version = chain.List[i];
            if (version.IsSeenBy(view))
            {
                if (version.IsDelta)
                    continue;
                return;
            }

            switch (version.Operation)
            {
                case NodeOperation.Insert:
                    isDeleted = true;
                    break;
                case NodeOperation.FlagDelete:
                    isDeleted = false;
                    break;
                case NodeOperation.Replace:
                    length = version.OldData.Length;
                    if (data.Length < length)
                        data = new byte[Math.Max(length, 2 * data.Length)];
                    version.OldData.CopyTo(data, 0);
                    break;
                default:
                    version.MoveBack(data.AsSpan(0, length));
                    break;
            }
        }
    }
}
