namespace PipelineBackup.Ese;

/// <summary>
/// The order of keys: unsigned byte by byte, and where one key begins the other the shorter comes first. Keys come in
/// two parts where a node borrows the first from its page, or where data continues a key; no part is copied for a
/// comparison.
/// </summary>
internal static class KeyOrder
{
    /// <summary>Compares a key in two parts with a whole one.</summary>
    public static int Compare(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail, ReadOnlySpan<byte> whole)
    {
        if (head.Length == 0)
            return tail.SequenceCompareTo(whole);
        int common = Math.Min(head.Length, whole.Length);
        int order = head[..common].SequenceCompareTo(whole[..common]);
        if (order != 0)
            return order;
        return common < head.Length ? 1 : tail.SequenceCompareTo(whole[common..]);
    }

    /// <summary>Compares a key in three parts with a whole one.</summary>
    public static int Compare(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail, ReadOnlySpan<byte> more,
        ReadOnlySpan<byte> whole)
    {
        int length = head.Length + tail.Length;
        int order = Compare(head, tail, whole[..Math.Min(length, whole.Length)]);
        if (order != 0 || whole.Length < length)
            return order;
        return more.SequenceCompareTo(whole[length..]);
    }

    /// <summary>
    /// Compares two keys of one page: both heads begin the same prefix key, so the shorter one's length is known to be
    /// equal.
    /// </summary>
    public static int CompareOnPage(ReadOnlySpan<byte> headA, ReadOnlySpan<byte> tailA,
        ReadOnlySpan<byte> headB, ReadOnlySpan<byte> tailB)
    {
        int same = Math.Min(headA.Length, headB.Length);
        headA = headA[same..];
        headB = headB[same..];
        if (headA.Length == 0 && headB.Length == 0)
            return tailA.SequenceCompareTo(tailB);
        return headA.Length > 0 ? Compare(headA, tailA, tailB) : -Compare(headB, tailB, tailA);
    }
}
