namespace PipelineBackup.Restore;

/// <summary>Keeps a bounded number of things; the one that was asked for longest ago makes room.</summary>
/// <typeparam name="TKey">What they are asked for by.</typeparam>
/// <typeparam name="TValue">The things.</typeparam>
/// <param name="capacity">How many are kept, at least 1.</param>
internal sealed class RecentlyUsed<TKey, TValue>(int capacity)
    where TKey : notnull
    where TValue : class
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _order = [];

    /// <summary>Number of things kept.</summary>
    public int Count => _nodes.Count;

    /// <summary>Finds a thing and makes it the last to go.</summary>
    public TValue? Find(TKey key)
    {
        if (!_nodes.TryGetValue(key, out var node))
            return null;
        if (_order.First != node)
        {
            _order.Remove(node);
            _order.AddFirst(node);
        }

        return node.Value.Value;
    }

    /// <summary>Adds a thing that is not there yet; <see cref="MakeRoom"/> was called before.</summary>
    public void Add(TKey key, TValue value) => _nodes.Add(key, _order.AddFirst((key, value)));

    /// <summary>Takes out what goes next when there is no more room.</summary>
    /// <returns>The thing, for its memory; null while there is room for another.</returns>
    public TValue? MakeRoom()
    {
        if (_nodes.Count < capacity || _order.Last is not { } last)
            return null;
        _nodes.Remove(last.Value.Key);
        _order.RemoveLast();
        return last.Value.Value;
    }
}
