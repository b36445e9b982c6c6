namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>What a tree should hold.</summary>
internal sealed class TreeModel(EngineTree tree)
{
    private static readonly Comparer<byte[]> s_bytes = Comparer<byte[]>.Create(
        static (a, b) => a.AsSpan().SequenceCompareTo(b));

    public EngineTree Tree { get; } = tree;

    /// <summary>By key; by key and data where keys repeat: those keys all have the same length.</summary>
    public SortedDictionary<byte[], (byte[] Key, byte[] Data)> Nodes { get; } = new(s_bytes);

    public List<byte[]> Places { get; } = [];

    public byte[] Place(byte[] key, byte[] data) => Tree.HasRepeatingKeys ? [.. key, .. data] : key;

    public void RequireHeld(IPageFile file, string what)
    {
        var cursor = new TreeCursor(file, Tree.Root, Tree.ObjectId);
        foreach (var (key, data) in Nodes.Values)
        {
            Assert.True(cursor.MoveNext(), $"{what}: tree {Tree.Root} ends before {Convert.ToHexString(key)}");
            Assert.True(cursor.Key.SequenceEqual(key) && cursor.Data.SequenceEqual(data),
                $"{what}: tree {Tree.Root} has {Convert.ToHexString(cursor.Key)} for {Convert.ToHexString(key)}");
        }

        Assert.False(cursor.MoveNext(), $"{what}: tree {Tree.Root} has more than it should");
    }
}
