namespace PipelineBackup.Ese;

/// <summary>
/// The rules of a sound page. The numbers are those of the documentation; 1 to 11 and 18 are the basic set.
/// </summary>
public enum PageRule : byte
{
    /// <summary>No rule is broken.</summary>
    None = 0,

    /// <summary>The free bytes are no more than the data area.</summary>
    FreeBytes = 1,

    /// <summary>The free bytes that transactions hold back are part of the free bytes.</summary>
    UncommittedFreeBytes = 2,

    /// <summary>The contiguous free area begins in the data area.</summary>
    FirstFree = 3,

    /// <summary>There are fewer tags than fill the data area.</summary>
    TagCount = 4,

    /// <summary>A page without tags is marked empty or not used yet.</summary>
    NoTags = 5,

    /// <summary>The tag array leaves each line four bytes.</summary>
    TagArray = 6,

    /// <summary>A page not used yet has no tags, no siblings and no other marks.</summary>
    PreInit = 7,

    /// <summary>A page is not of an index and of long values at once.</summary>
    TreeKind = 8,

    /// <summary>No repair is under way.</summary>
    RepairMark = 9,

    /// <summary>Only reserved tags have no length.</summary>
    EmptyLine = 10,

    /// <summary>Lines end before the contiguous free area.</summary>
    LineInFreeArea = 11,

    /// <summary>Lines end before the tag array.</summary>
    LineOutsideData = 12,

    /// <summary>A key borrows no more than the page's prefix key has.</summary>
    PrefixLength = 13,

    /// <summary>Lengths, key and at least one byte of data are within the line.</summary>
    NodeLength = 14,

    /// <summary>Only the last node of an inner page has no key.</summary>
    EmptyKey = 15,

    /// <summary>Keys ascend.</summary>
    KeyOrder = 16,

    /// <summary>No two lines share a byte.</summary>
    Overlap = 17,

    /// <summary>Lines, free bytes and tag array add up to the data area.</summary>
    SpaceSum = 18,
}

/// <summary>Words for broken rules.</summary>
internal static class PageRuleText
{
    /// <summary>What is wrong with a page that breaks the rule.</summary>
    public static string Describe(this PageRule rule) => rule switch
    {
        PageRule.FreeBytes => "more free bytes than the page has",
        PageRule.UncommittedFreeBytes => "more uncommitted free bytes than free bytes",
        PageRule.FirstFree => "the free area begins outside the page",
        PageRule.TagCount => "more tags than fit in the page",
        PageRule.NoTags => "no tags, yet not marked empty",
        PageRule.TagArray => "the tag array leaves no room for its lines",
        PageRule.PreInit => "a page not used yet with content or wrong flags",
        PageRule.TreeKind => "a page of an index and of long values at once",
        PageRule.RepairMark => "the mark of a repair that did not finish",
        PageRule.EmptyLine => "a line without length",
        PageRule.LineInFreeArea => "a line reaches into the free area",
        PageRule.LineOutsideData => "a line reaches into the tag array",
        PageRule.PrefixLength => "a key borrows more than the page's prefix key",
        PageRule.NodeLength => "a node's key or data does not fit its line",
        PageRule.EmptyKey => "a node without a key",
        PageRule.KeyOrder => "keys out of order",
        PageRule.Overlap => "two lines overlap",
        PageRule.SpaceSum => "lines, free bytes and tags do not add up to the page",
        _ => "sound",
    };
}
