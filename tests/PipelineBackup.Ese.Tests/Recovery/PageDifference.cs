namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>What a page holds, wherever on the page it stands.</summary>
internal static class PageDifference
{
    // How a page was written, not what it is.
    private const PageFlags Written = PageFlags.FlushType | PageFlags.EccChecksum;

    /// <summary>In what two pages differ; empty when in nothing that means anything.</summary>
    public static string Find(PageView theirs, PageView ours)
    {
        var flags = (theirs.Flags ^ ours.Flags) & ~Written;
        if (flags != 0)
            return $"flags {theirs.Flags}, {ours.Flags}";
        if (theirs.Previous != ours.Previous || theirs.Next != ours.Next)
            return $"siblings {theirs.Previous} {theirs.Next}, {ours.Previous} {ours.Next}";
        if (theirs.ObjectId != ours.ObjectId || theirs.DbTime != ours.DbTime || theirs.StoredNumber != ours.StoredNumber)
            return $"tree {theirs.ObjectId}, {ours.ObjectId}; dbtime {theirs.DbTime}, {ours.DbTime}";
        if (theirs.FreeBytes != ours.FreeBytes)
            return $"free bytes {theirs.FreeBytes}, {ours.FreeBytes}";
        // Of ordinary leaves the engine forgets what is not committed whenever it reads them.
        bool forgets = theirs.IsLeaf && (theirs.Flags & PageFlags.SpaceTree) == 0;
        if (!forgets && theirs.UncommittedFreeBytes != ours.UncommittedFreeBytes)
            return $"uncommitted free bytes {theirs.UncommittedFreeBytes}, {ours.UncommittedFreeBytes}";
        if (!theirs.ExternalHeader.SequenceEqual(ours.ExternalHeader))
            return $"external header {Convert.ToHexString(theirs.ExternalHeader)}, {Convert.ToHexString(ours.ExternalHeader)}";
        if (theirs.NodeCount != ours.NodeCount || theirs.ReservedTags != ours.ReservedTags)
            return $"nodes {theirs.NodeCount}, {ours.NodeCount}";
        for (int line = 0; line < theirs.NodeCount; line++)
        {
            var rules = (theirs.Node(line, out var their), ours.Node(line, out var our));
            if (rules.Item1 != rules.Item2 || their.Flags != our.Flags)
                return $"node {line}: {rules}, flags {their.Flags}, {our.Flags}";
            if (!their.KeyHead.SequenceEqual(our.KeyHead) || !their.KeyTail.SequenceEqual(our.KeyTail))
                return $"node {line}: key {Hex(their.KeyHead)}|{Hex(their.KeyTail)}, {Hex(our.KeyHead)}|{Hex(our.KeyTail)}";
            if (!their.Data.SequenceEqual(our.Data))
                return $"node {line}: data {Hex(their.Data)}, {Hex(our.Data)}";
        }

        return "";
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);
}
