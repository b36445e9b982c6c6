using System.Globalization;

namespace PipelineBackup.Ese;

/// <summary>What an inspection found, in one word.</summary>
public enum PageFinding : byte
{
    /// <summary>Intact.</summary>
    Ok,

    /// <summary>All zero: never written. A backup takes it; a tree must not point to it.</summary>
    Uninitialized,

    /// <summary>One flipped bit in a block, or in several, was put right in the buffer.</summary>
    Corrected,

    /// <summary>The checksum does not match: damaged, or a page of another place.</summary>
    ChecksumMismatch,

    /// <summary>Intact by its checksum, but it holds another page's number.</summary>
    PageNumberMismatch,

    /// <summary>Intact, but not what was last written here: that write was lost.</summary>
    LostFlush,

    /// <summary>The checksum matches bytes that are no sound page.</summary>
    LogicalDamage,

    /// <summary>There are not as many bytes as a page has.</summary>
    Truncated,
}

/// <summary>The result of inspecting a page. The default value is an intact page.</summary>
public readonly record struct PageVerdict
{
    // Index of the first bit where there are bits, else a page number.
    private readonly uint _detail;

    private PageVerdict(PageFinding finding, PageRule rule = PageRule.None, int bits = 0, uint detail = 0) =>
        (Finding, Rule, Bits, _detail) = (finding, rule, (byte)bits, detail);

    /// <summary>What was found.</summary>
    public PageFinding Finding { get; }

    /// <summary>The rule that the page breaks: of logical damage, and of a page that only looked mendable.</summary>
    public PageRule Rule { get; }

    /// <summary>
    /// Number of flipped bits: of a corrected page those put right, of a checksum mismatch those that could be, else 0.
    /// At most one in each block of the checksum.
    /// </summary>
    public byte Bits { get; }

    /// <summary>
    /// Index of the first of these bits in the page, bit 0 being the lowest of the first byte; -1 when there is none.
    /// </summary>
    public int FirstBit => Bits == 0 ? -1 : (int)_detail;

    /// <summary>
    /// The number the page has by its own account, of a number mismatch or of a checksum mismatch that tells it; else
    /// none. A flipped bit in the low half of a small page's stored checksum looks like a page whose number differs in
    /// that bit.
    /// </summary>
    public PageNumber FoundNumber =>
        Bits == 0 && Finding is PageFinding.ChecksumMismatch or PageFinding.PageNumberMismatch
            ? new(_detail)
            : PageNumber.None;

    /// <summary>Whether the bytes can be used, or kept, as they now are: intact, corrected or never written.</summary>
    public bool IsAcceptable => Finding is PageFinding.Ok or PageFinding.Uninitialized or PageFinding.Corrected;

    /// <summary>
    /// Whether the checksum names the bits to flip; whether the page is sound then only a repair tells.
    /// </summary>
    public bool IsMendable => Finding == PageFinding.ChecksumMismatch && Bits > 0;

    /// <summary>
    /// What the engine answers to reading such a page: success for a corrected one, -1019 for a zero one.
    /// </summary>
    public EseError Error => Finding switch
    {
        PageFinding.Uninitialized => EseError.PageNotInitialized,
        PageFinding.ChecksumMismatch => EseError.ReadVerifyFailure,
        PageFinding.PageNumberMismatch => EseError.PageNumberMismatch,
        PageFinding.LostFlush => EseError.ReadLostFlushVerifyFailure,
        PageFinding.LogicalDamage => EseError.DatabaseCorrupted,
        PageFinding.Truncated => EseError.FileIOBeyondEOF,
        _ => EseError.Success,
    };

    internal static PageVerdict Ok => default;

    internal static PageVerdict Uninitialized => new(PageFinding.Uninitialized);

    internal static PageVerdict LostFlush => new(PageFinding.LostFlush);

    internal static PageVerdict Truncated => new(PageFinding.Truncated);

    internal static PageVerdict Corrected(in PageSyndrome syndrome) =>
        new(PageFinding.Corrected, bits: syndrome.Count, detail: (uint)syndrome.FirstBit);

    internal static PageVerdict ChecksumMismatch(in PageSyndrome syndrome) => syndrome.Count > 0
        ? new(PageFinding.ChecksumMismatch, bits: syndrome.Count, detail: (uint)syndrome.FirstBit)
        : new(PageFinding.ChecksumMismatch, detail: syndrome.Found.Value);

    /// <summary>A page whose flipped bits could be put right, but that is no sound page then: no repair.</summary>
    internal static PageVerdict Unsound(PageRule rule) => new(PageFinding.ChecksumMismatch, rule);

    internal static PageVerdict PageNumberMismatch(PageNumber found) =>
        new(PageFinding.PageNumberMismatch, detail: found.Value);

    internal static PageVerdict LogicalDamage(PageRule rule) => new(PageFinding.LogicalDamage, rule);

    /// <summary>
    /// One line without the page's number, for instance <c>checksum mismatch (-1018): by its checksum this is page
    /// 62</c>.
    /// </summary>
    public override string ToString() => Finding switch
    {
        PageFinding.Ok => "intact",
        PageFinding.Uninitialized => "never written (all zero)",
        PageFinding.Corrected when Bits == 1 => Text($"corrected: bit {FirstBit} was flipped"),
        PageFinding.Corrected => Text($"corrected: {Bits} bits from {FirstBit} on were flipped"),
        PageFinding.ChecksumMismatch => Text($"checksum mismatch ({(int)Error}){Detail}"),
        PageFinding.PageNumberMismatch => Text($"page number mismatch ({(int)Error}): it holds {FoundNumber}"),
        PageFinding.LostFlush => Text($"lost flush ({(int)Error}): not the page that was last written here"),
        PageFinding.LogicalDamage => Text($"logical damage ({(int)Error}): {Rule.Describe()}"),
        _ => Text($"truncated ({(int)Error}): the page is not there in full"),
    };

    private string Detail => this switch
    {
        { Bits: 1 } => Text($": bit {FirstBit} is flipped and can be corrected"),
        { Bits: > 1 } => Text($": {Bits} bits from {FirstBit} on are flipped and can be corrected"),
        { Rule: not PageRule.None } => ": corrected it would be no sound page, " + Rule.Describe(),
        _ when FoundNumber != PageNumber.None => Text($": by its checksum this is page {FoundNumber}"),
        _ => "",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
