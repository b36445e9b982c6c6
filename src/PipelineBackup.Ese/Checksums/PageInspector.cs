namespace PipelineBackup.Ese;

/// <summary>
/// Inspects database pages in the engine's order: zero, checksum, number, lost flush, logic. Never throws and never
/// allocates, whatever the bytes and however many. Header and trailer pages of a file are no database pages.
/// </summary>
public static class PageInspector
{
    /// <summary>Inspects a page and leaves it as it is: a flipped bit is found, not corrected.</summary>
    /// <param name="page">The bytes of one page; any other length than a page's is a truncated page.</param>
    /// <param name="expected">The number that the page should have.</param>
    /// <param name="recorded">
    /// The mark of the last write by the flush map, where there is one that is not older than the page.
    /// </param>
    /// <param name="depth">How much to look at; what the engine does on every read unless told otherwise.</param>
    public static PageVerdict Inspect(ReadOnlySpan<byte> page, PageNumber expected,
        FlushType recorded = FlushType.Unknown, InspectionDepth depth = InspectionDepth.Basic)
    {
        if (page.Length == 0 || !PageSize.TryCreate(page.Length, out _))
            return PageVerdict.Truncated;
        var view = new PageView(page);
        if (view.IsZero)
            return recorded == FlushType.Unknown ? PageVerdict.Uninitialized : PageVerdict.LostFlush;
        if (!PageChecksum.Verify(page, expected))
            return PageVerdict.ChecksumMismatch(PageChecksum.Diagnose(page, expected));
        return InspectIntact(view, expected, recorded, depth);
    }

    /// <summary>
    /// Inspects a page and corrects one flipped bit in a block of its checksum, when the page is sound then.
    /// </summary>
    /// <remarks>
    /// A corrected page is looked at in full, whatever the depth. The bytes change only when the verdict is
    /// <see cref="PageFinding.Corrected"/>.
    /// </remarks>
    /// <param name="page">The bytes of one page; any other length than a page's is a truncated page.</param>
    /// <param name="expected">The number that the page should have.</param>
    /// <param name="recorded">
    /// The mark of the last write by the flush map, where there is one that is not older than the page.
    /// </param>
    /// <param name="depth">How much to look at in a page that needs no correction.</param>
    public static PageVerdict InspectAndRepair(Span<byte> page, PageNumber expected,
        FlushType recorded = FlushType.Unknown, InspectionDepth depth = InspectionDepth.Basic)
    {
        var verdict = Inspect(page, expected, recorded, depth);
        if (!verdict.IsMendable)
            return verdict;

        var syndrome = PageChecksum.Diagnose(page, expected);
        syndrome.Flip(page);
        verdict = InspectCorrected(page, expected, recorded, syndrome);
        if (verdict.Finding != PageFinding.Corrected)
            syndrome.Flip(page);
        return verdict;
    }

    private static PageVerdict InspectCorrected(ReadOnlySpan<byte> page, PageNumber expected, FlushType recorded,
        in PageSyndrome syndrome)
    {
        // The format bit is set in every page that can be corrected, so none is zero now.
        if (!PageChecksum.Verify(page, expected))
            return PageVerdict.ChecksumMismatch(PageSyndrome.Unmendable(PageNumber.None));
        var verdict = InspectIntact(new(page), expected, recorded, InspectionDepth.Full);
        return verdict.Finding switch
        {
            PageFinding.Ok => PageVerdict.Corrected(syndrome),
            PageFinding.LogicalDamage => PageVerdict.Unsound(verdict.Rule),
            _ => verdict,
        };
    }

    private static PageVerdict InspectIntact(PageView page, PageNumber expected, FlushType recorded,
        InspectionDepth depth)
    {
        if (!page.Size.IsSmall && page.StoredNumber != expected)
            return PageVerdict.PageNumberMismatch(page.StoredNumber);
        if (recorded != FlushType.Unknown && page.FlushType != FlushType.Unknown && page.FlushType != recorded)
            return PageVerdict.LostFlush;
        var rule = PageLogic.Check(page, depth);
        return rule == PageRule.None ? PageVerdict.Ok : PageVerdict.LogicalDamage(rule);
    }
}
