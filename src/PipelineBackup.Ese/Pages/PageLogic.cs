using System.Runtime.CompilerServices;

namespace PipelineBackup.Ese;

/// <summary>
/// Checks whether the bytes of a page, whatever their checksum says, are a sound page. Finds the first broken rule.
/// </summary>
internal static class PageLogic
{
    private const PageFlags PreInitFlags =
        PageFlags.PreInit | PageFlags.NewRecordFormat | PageFlags.EccChecksum | PageFlags.FlushType;

    private const int LeastLineBytes = 4;

    /// <summary>Checks a page.</summary>
    /// <param name="page">Any bytes of a page's length.</param>
    /// <param name="depth">How much to look at.</param>
    /// <returns>
    /// The rule that is broken; <see cref="PageRule.None"/> when the page is sound as far as was looked.
    /// </returns>
    public static PageRule Check(PageView page, InspectionDepth depth)
    {
        if (depth == InspectionDepth.Checksum)
            return PageRule.None;
        var rule = CheckHeader(page);
        if (rule == PageRule.None)
            rule = CheckTags(page);
        if (rule != PageRule.None || depth == InspectionDepth.Basic)
            return rule;

        // From here on every line is known to lie within the data area.
        rule = CheckOverlap(page);
        return rule == PageRule.None && (page.Flags & PageFlags.SpaceTree) == 0 ? CheckNodes(page) : rule;
    }

    private static PageRule CheckHeader(PageView page)
    {
        int area = page.DataBytes, tags = page.TagCount;
        var flags = page.Flags;
        if (page.FreeBytes > area)
            return PageRule.FreeBytes;
        if (page.UncommittedFreeBytes > page.FreeBytes)
            return PageRule.UncommittedFreeBytes;
        if (page.FirstFree > area)
            return PageRule.FirstFree;
        if (tags >= area / PageView.TagBytes)
            return PageRule.TagCount;
        if (tags == 0 && (flags & (PageFlags.Empty | PageFlags.PreInit)) == 0)
            return PageRule.NoTags;
        int lines = Math.Max(0, tags - page.ReservedTags);
        if (area - tags * PageView.TagBytes < lines * LeastLineBytes)
            return PageRule.TagArray;
        if ((flags & PageFlags.PreInit) != 0 && !IsPreInit(page))
            return PageRule.PreInit;
        if ((flags & PageFlags.Index) != 0 && (flags & PageFlags.LongValue) != 0)
            return PageRule.TreeKind;
        return (flags & PageFlags.Repair) != 0 ? PageRule.RepairMark : PageRule.None;
    }

    private static bool IsPreInit(PageView page) =>
        (page.Flags & ~PreInitFlags) == 0 && (page.Flags & PageFlags.NewRecordFormat) != 0 && page.TagCount == 0
        && page.Previous == PageNumber.None && page.Next == PageNumber.None;

    private static PageRule CheckTags(PageView page)
    {
        int tags = page.TagCount, reserved = page.ReservedTags, used = 0, header = page.Size.HeaderBytes;
        for (int i = 0; i < tags; i++)
        {
            page.ReadTag(i, out int offset, out int length);
            if (length == 0 && i >= reserved)
                return PageRule.EmptyLine;
            if (length > 0 && offset + length > header + page.FirstFree)
                return PageRule.LineInFreeArea;
            used += length;
        }

        if (used + page.FreeBytes + tags * PageView.TagBytes != page.DataBytes)
            return PageRule.SpaceSum;
        return PageRule.None;
    }

    /// <summary>Marks every byte of every line in a bitmap of the page.</summary>
    [SkipLocalsInit]
    private static PageRule CheckOverlap(PageView page)
    {
        Span<ulong> taken = stackalloc ulong[PageSize.Max.Bytes / 64];
        taken = taken[..(page.Bytes.Length / 64)];
        taken.Clear();
        int tags = page.TagCount, end = page.Bytes.Length - tags * PageView.TagBytes;
        for (int i = 0; i < tags; i++)
        {
            page.ReadTag(i, out int from, out int length);
            int to = from + length;
            if (length > 0 && to > end)
                return PageRule.LineOutsideData;
            while (from < to)
            {
                int bits = Math.Min(64 - from % 64, to - from);
                ulong mask = ulong.MaxValue >> (64 - bits) << (from % 64);
                if ((taken[from / 64] & mask) != 0)
                    return PageRule.Overlap;
                taken[from / 64] |= mask;
                from += bits;
            }
        }

        return PageRule.None;
    }

    private static PageRule CheckNodes(PageView page)
    {
        int tags = page.TagCount, last = tags - 1;
        bool isLeaf = (page.Flags & PageFlags.Leaf) != 0;

        // Stricter than the length of tag 0: a root's tag 0 is no key, and the engine borrows nothing from it.
        var prefix = page.ObjectId.Value == 0 ? [] : page.PrefixKey;
        ReadOnlySpan<byte> priorHead = [], priorTail = [];
        for (int i = page.ReservedTags; i < tags; i++)
        {
            page.ReadTag(i, out int offset, out int length);
            var flags = page.FlagsOf(i, offset, length);
            var rule = NodeView.Decode(page.Bytes.Slice(offset, length), flags, prefix, out var node);
            if (rule != PageRule.None)
                return rule;
            if (node.HasEmptyKey && (isLeaf || i != last))
                return PageRule.EmptyKey;

            // The empty key that ends a level of the tree stands for infinity.
            if (!node.HasEmptyKey && KeyOrder.CompareOnPage(node.KeyHead, node.KeyTail, priorHead, priorTail) < 0)
                return PageRule.KeyOrder;
            priorHead = node.KeyHead;
            priorTail = node.KeyTail;
        }

        return PageRule.None;
    }
}
