namespace PipelineBackup.Engine;

/// <summary>What tells a node from all others of its tree: its key, and where keys may repeat its data too.</summary>
/// <param name="head">First part of the key.</param>
/// <param name="tail">The rest of it.</param>
/// <param name="data">The data.</param>
internal readonly ref struct Bookmark(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail, ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _head = head, _tail = tail, _data = data;

    /// <summary>Length of the key.</summary>
    public int KeyLength => _head.Length + _tail.Length;

    /// <summary>Writes the key.</summary>
    /// <param name="destination">Room for it.</param>
    public void CopyKey(Span<byte> destination)
    {
        _head.CopyTo(destination);
        _tail.CopyTo(destination[_head.Length..]);
    }

    /// <summary>
    /// Writes the shortest key that is above another node and not above this one. It reaches into the data where the
    /// keys are the same: no key may be the beginning of another where keys repeat, and keys of indexes never are.
    /// </summary>
    /// <param name="left">The other node, the one before this.</param>
    /// <param name="isRepeating">Whether keys may repeat.</param>
    /// <param name="plan">Takes the key.</param>
    public void CopySeparator(Bookmark left, bool isRepeating, SplitPlan plan)
    {
        int common = SplitLines.Common(left._head, left._tail, _head, _tail), length = common + 1;
        if (common == KeyLength && isRepeating)
            length += left._data.CommonPrefixLength(_data);
        var separator = plan.MakeSeparator(length);
        int ofHead = Math.Min(length, _head.Length), ofTail = Math.Min(length - ofHead, _tail.Length);
        _head[..ofHead].CopyTo(separator);
        _tail[..ofTail].CopyTo(separator[ofHead..]);
        _data[..(length - ofHead - ofTail)].CopyTo(separator[(ofHead + ofTail)..]);
    }
}
