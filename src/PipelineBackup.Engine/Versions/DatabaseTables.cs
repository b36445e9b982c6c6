namespace PipelineBackup.Engine;

/// <summary>A database as sessions use it: its trees, its tables, what they are defined as.</summary>
internal sealed class DatabaseTables : IUndoTarget
{
    private readonly Dictionary<PageNumber, EngineTree> _trees = [];
    private readonly Dictionary<ObjectId, TableState> _states = [];

    /// <summary>A database that was attached.</summary>
    /// <param name="transactions">All transactions of the engine.</param>
    /// <param name="editor">Makes changes of pages.</param>
    /// <param name="trees">Changes nodes.</param>
    /// <param name="version">Its format.</param>
    public DatabaseTables(
        EngineTransactions transactions, DatabaseEditor editor, TreeWriter trees, FormatVersion version)
    {
        Transactions = transactions;
        Editor = editor;
        Trees = trees;
        Version = version;
        Nodes = new(this);
        Schemas = new(this);
        Root = EngineTree.Database;
        _trees.Add(Root.Root, Root);
        transactions.Databases.Add(Slot, this);
    }

    /// <summary>All transactions of the engine.</summary>
    public EngineTransactions Transactions { get; }

    /// <summary>Makes changes of pages.</summary>
    public DatabaseEditor Editor { get; }

    /// <summary>Changes nodes, whoever sees them.</summary>
    public TreeWriter Trees { get; }

    /// <summary>Changes nodes within transactions.</summary>
    public NodeWriter Nodes { get; }

    /// <summary>What tables are defined as.</summary>
    public SchemaCache Schemas { get; }

    /// <summary>Its format.</summary>
    public FormatVersion Version { get; }

    /// <summary>Its number in the log.</summary>
    public byte Slot => Editor.Slot;

    /// <summary>Its page size.</summary>
    public PageSize PageSize => Editor.PageSize;

    /// <summary>How records lay out tagged columns.</summary>
    public RecordFormat Format => PageSize.IsSmall ? RecordFormat.Small : RecordFormat.Large;

    /// <summary>The tree that all space comes from.</summary>
    public EngineTree Root { get; }

    /// <inheritdoc/>
    IPageFile IUndoTarget.Pages => Editor.Cache;

    /// <inheritdoc/>
    PageEditor IUndoTarget.Edit(PageNumber page, LogPosition position)
    {
        // No open transaction began before: replay from there makes the change.
        var cached = Editor.Cache.Require(page);
        cached.Touch(Transactions.Log.Oldest is { IsSet: true } oldest ? oldest : position);
        return cached.Edit();
    }

    /// <inheritdoc/>
    DbTime IUndoTarget.NextTime() => Editor.NextTime();

    /// <summary>A tree that is known from now on.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="id">The id that its pages carry.</param>
    /// <param name="kind">Of index, long values, keys that may repeat; none for rows.</param>
    /// <param name="parent">The tree that its space comes from.</param>
    public EngineTree Tree(PageNumber root, ObjectId id, PageFlags kind, EngineTree parent)
    {
        if (!_trees.TryGetValue(root, out var tree) || tree.ObjectId != id)
            _trees[root] = tree = new(root, id, kind, parent);
        return tree;
    }

    /// <summary>A tree that was just made.</summary>
    /// <param name="tree">The tree.</param>
    public EngineTree Know(EngineTree tree) => _trees[tree.Root] = tree;

    /// <summary>The tree of an index.</summary>
    /// <param name="index">The index; the primary one is the tree of the rows.</param>
    public EngineTree Tree(IndexDefinition index)
    {
        var rows = StateOf(index.Table).Rows;
        return index.IsPrimary ? rows : Tree(index.Root, index.ObjectId, KindOf(index), rows);
    }

    /// <summary>Marks of the pages of an index.</summary>
    /// <param name="index">The index.</param>
    public static PageFlags KindOf(IndexDefinition index) =>
        PageFlags.Index | (index.HasUniqueKeys ? PageFlags.None : PageFlags.NonUniqueKeys);

    /// <summary>Whether a tree was not given back meanwhile.</summary>
    /// <param name="tree">The tree.</param>
    public bool IsLive(EngineTree tree) => _trees.TryGetValue(tree.Root, out var live) && live == tree;

    /// <summary>What all sessions share of a table.</summary>
    /// <param name="table">The table.</param>
    public TableState StateOf(TableDefinition table)
    {
        if (!_states.TryGetValue(table.ObjectId, out var state))
            _states.Add(table.ObjectId, state = new(Tree(table.Root, table.ObjectId, PageFlags.None, Root), table.Name));
        if (state.LongValues is null && table.LongValueRoot != PageNumber.None)
            state.LongValues = Tree(table.LongValueRoot, table.LongValueObjectId, PageFlags.LongValue, state.Rows);
        return state;
    }

    /// <summary>Gives all pages of a tree back, with those of trees below it.</summary>
    /// <param name="session">Who does.</param>
    /// <param name="tree">The tree.</param>
    public void Drop(SessionCore session, EngineTree tree)
    {
        if (!IsLive(tree))
            return;
        session.RequireLogged(this);
        foreach (var below in _trees.Values.Where(one => one == tree || one.Parent == tree).ToList())
            _trees.Remove(below.Root);
        if (tree.Parent == Root)
            _states.Remove(tree.ObjectId);
        Trees.Space.DeleteTree(session.Origin, tree, session.Outer!.Begin);
    }

    /// <summary>All moves of a counter are seen by everybody: a long value that nobody refers to any more goes.</summary>
    /// <param name="node">The node.</param>
    public void CounterSettled(NodeVersions node)
    {
        var tree = node.Tree;
        if ((tree.Kind & PageFlags.LongValue) == 0 || !Trees.TryFind(tree, node.Name.Key, [], out var found)
            || found.IsDeleted || !LongValueRoot.TryRead(found.Data, out var root) || root.References != 0)
            return;
        byte[] key = node.Name.Key.ToArray();
        Transactions.AddWork(session =>
        {
            if (IsLive(tree))
                LongValueStore.Delete(this, session, tree, key);
        });
    }
}
