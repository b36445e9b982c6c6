namespace PipelineBackup.Engine;

/// <summary>
/// Changes nodes within transactions: nobody overwrites what another has changed and he does not see, everything can be
/// undone, and others see it when it is committed.
/// </summary>
/// <param name="database">The database.</param>
internal sealed class NodeWriter(DatabaseTables database)
{
    private TreeWriter Trees => database.Trees;

    private VersionChains Chains => database.Transactions.Chains;

    /// <summary>Puts a node in.</summary>
    /// <param name="session">Who does.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="key">Key of the node.</param>
    /// <param name="data">Its data.</param>
    /// <exception cref="EseException">
    /// −1605: there is one. −1102: another has to do with it. And what trees throw.
    /// </exception>
    public void Insert(SessionCore session, EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        var name = Name(tree, key, data);
        byte[]? old = null;
        if (Trees.TryFind(tree, key, name.Data, out var found))
        {
            VersionChains.RequireFree(Chains.Find(name), session.View, isDelta: false);
            if (!found.IsDeleted)
                throw new EseException(EseError.KeyDuplicate,
                    $"tree {tree.Root} has the key {Convert.ToHexString(key)}");
            old = tree.HasRepeatingKeys ? null : found.Data.ToArray();
        }

        RequireMemory();
        session.RequireLogged(database);
        uint version = database.Transactions.Log.NextVersion();
        uint replaceVersion = old is null ? 0 : database.Transactions.Log.NextVersion();
        if (!Trees.Insert(session.Origin, tree, key, data, version, replaceVersion))
            throw new InvalidOperationException("a node came between");
        Add(session, tree, name, NodeOperation.Insert, version);
        if (old is not null)
            Add(session, tree, name, NodeOperation.Replace, replaceVersion, old);
    }

    /// <summary>Replaces the data of a node.</summary>
    /// <param name="session">Who does.</param>
    /// <param name="tree">The tree, of keys that do not repeat.</param>
    /// <param name="key">Key of the node.</param>
    /// <param name="data">Its data from then on.</param>
    /// <exception cref="EseException">
    /// −1017: it is not there. −1102: another has to do with it. And what trees throw.
    /// </exception>
    public void Replace(SessionCore session, EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        var name = Name(tree, key, []);
        byte[] old = Require(session, tree, name, isDelta: false).Data.ToArray();
        RequireMemory();
        session.RequireLogged(database);
        uint version = database.Transactions.Log.NextVersion();
        if (!Trees.Replace(session.Origin, tree, key, data, version))
            throw Gone(tree);
        Add(session, tree, name, NodeOperation.Replace, version, old);
    }

    /// <summary>Deletes a node.</summary>
    /// <param name="session">Who does.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="key">Key of the node.</param>
    /// <param name="data">Its data where keys may repeat.</param>
    /// <exception cref="EseException">
    /// −1017: it is not there. −1102: another has to do with it. And what trees throw.
    /// </exception>
    public void Delete(SessionCore session, EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        var name = Name(tree, key, data);
        Require(session, tree, name, isDelta: false);
        RequireMemory();
        session.RequireLogged(database);
        uint version = database.Transactions.Log.NextVersion();
        if (!Trees.FlagDelete(session.Origin, tree, key, name.Data, version))
            throw Gone(tree);
        Add(session, tree, name, NodeOperation.FlagDelete, version);
    }

    /// <summary>Moves a counter, which others may do at the same time.</summary>
    /// <param name="session">Who does.</param>
    /// <param name="tree">The tree, of keys that do not repeat.</param>
    /// <param name="key">Key of the node.</param>
    /// <param name="offset">Offset of the counter in the data.</param>
    /// <param name="delta">By how much.</param>
    /// <param name="is64Bit">Whether the counter has 64 bits; else 32.</param>
    /// <exception cref="EseException">
    /// −1017: it is not there. −1102: another changed it in another way. And what trees throw.
    /// </exception>
    public void Move(
        SessionCore session, EngineTree tree, ReadOnlySpan<byte> key, int offset, long delta, bool is64Bit)
    {
        var name = Name(tree, key, []);
        Require(session, tree, name, isDelta: true);
        RequireMemory();
        session.RequireLogged(database);
        uint version = database.Transactions.Log.NextVersion();
        if (!Trees.Delta(session.Origin, tree, key, [], (ushort)offset, delta, is64Bit, version))
            throw Gone(tree);
        var chain = Chains.Of(tree, name);
        Add(session, chain, new(session.Outer!, chain,
            is64Bit ? NodeOperation.Delta64 : NodeOperation.Delta, version) { Offset = offset, Delta = delta });
    }

    /// <summary>A node that may be changed, as its page has it; good until pages change.</summary>
    /// <param name="session">Who wants to.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="key">Key of the node.</param>
    /// <exception cref="EseException">−1017: it is not there. −1102: another has to do with it.</exception>
    public NodeView RequireFree(SessionCore session, EngineTree tree, ReadOnlySpan<byte> key) =>
        Require(session, tree, Name(tree, key, []), isDelta: false);

    private NodeView Require(SessionCore session, EngineTree tree, NodeNameView name, bool isDelta)
    {
        bool isThere = Trees.TryFind(tree, name.Key, name.Data, out var found);
        if (isThere)
            VersionChains.RequireFree(Chains.Find(name), session.View, isDelta);
        return isThere && !found.IsDeleted ? found : throw Gone(tree);
    }

    private void Add(SessionCore session, EngineTree tree, NodeNameView name, NodeOperation operation, uint version,
        byte[]? old = null)
    {
        var chain = Chains.Of(tree, name);
        Add(session, chain, new(session.Outer!, chain, operation, version) { OldData = old ?? [] });
    }

    private void Add(SessionCore session, NodeVersions chain, NodeVersion version)
    {
        Chains.Add(version);
        session.Outer!.Versions.Add(version);
    }

    private void RequireMemory()
    {
        long most = database.Transactions.Engine.Options.VersionBytes;
        if (Chains.Bytes > most)
        {
            throw new EseException(EseError.VersionStoreOutOfMemory,
                $"more than {most} bytes of changes are open, or may still be seen",
                "commit sooner, end transactions that only read, or allow more memory");
        }
    }

    private NodeNameView Name(EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data) =>
        new(database.Slot, tree.Root, key, tree.HasRepeatingKeys ? data : []);

    private static EseException Gone(EngineTree tree) =>
        new(EseError.RecordDeleted, $"tree {tree.Root}: what is to be changed is not there any more");
}
