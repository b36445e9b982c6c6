namespace PipelineBackup.Engine;

/// <summary>
/// What tells a node from all others of the engine: database, tree, key, and data where keys may repeat.
/// </summary>
/// <param name="Database">Number of the database.</param>
/// <param name="Root">Root of its tree.</param>
/// <param name="Bookmark">Its key, then its data where keys may repeat.</param>
/// <param name="KeyLength">How much of the bookmark is the key.</param>
internal readonly record struct NodeName(byte Database, PageNumber Root, byte[] Bookmark, int KeyLength)
{
    /// <summary>Its key.</summary>
    public ReadOnlySpan<byte> Key => Bookmark.AsSpan(0, KeyLength);

    /// <summary>Its data where keys may repeat; else nothing.</summary>
    public ReadOnlySpan<byte> Data => Bookmark.AsSpan(KeyLength);
}

/// <summary>A name that nobody keeps.</summary>
/// <param name="database">Number of the database.</param>
/// <param name="root">Root of the tree.</param>
/// <param name="key">Key of the node.</param>
/// <param name="data">Its data where keys may repeat; else nothing.</param>
internal readonly ref struct NodeNameView(
    byte database, PageNumber root, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
{
    /// <summary>Number of the database.</summary>
    public byte Database { get; } = database;

    /// <summary>Root of its tree.</summary>
    public PageNumber Root { get; } = root;

    /// <summary>Its key.</summary>
    public ReadOnlySpan<byte> Key { get; } = key;

    /// <summary>Its data where keys may repeat; else nothing.</summary>
    public ReadOnlySpan<byte> Data { get; } = data;
}

/// <summary>Compares names of nodes, kept ones and others.</summary>
internal sealed class NodeNameComparer : IEqualityComparer<NodeName>, IAlternateEqualityComparer<NodeNameView, NodeName>
{
    /// <inheritdoc/>
    public bool Equals(NodeName x, NodeName y) => x.Database == y.Database && x.Root == y.Root
        && x.KeyLength == y.KeyLength && x.Bookmark.AsSpan().SequenceEqual(y.Bookmark);

    /// <inheritdoc/>
    public bool Equals(NodeNameView alternate, NodeName other) => alternate.Database == other.Database
        && alternate.Root == other.Root && alternate.Key.SequenceEqual(other.Key)
        && alternate.Data.SequenceEqual(other.Data);

    /// <inheritdoc/>
    public int GetHashCode(NodeName obj) => Hash(obj.Database, obj.Root, obj.Key, obj.Data);

    /// <inheritdoc/>
    public int GetHashCode(NodeNameView alternate) =>
        Hash(alternate.Database, alternate.Root, alternate.Key, alternate.Data);

    /// <inheritdoc/>
    public NodeName Create(NodeNameView alternate) => new(
        alternate.Database, alternate.Root, [.. alternate.Key, .. alternate.Data], alternate.Key.Length);

    private static int Hash(byte database, PageNumber root, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        var hash = default(HashCode);
        hash.Add(root.Value ^ (uint)database << 24);
        hash.AddBytes(key);
        hash.AddBytes(data);
        return hash.ToHashCode();
    }
}
