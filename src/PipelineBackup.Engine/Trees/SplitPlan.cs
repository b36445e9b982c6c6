namespace PipelineBackup.Engine;

/// <summary>How one page is to be split.</summary>
internal sealed class SplitPlan
{
    private byte[] _separator = new byte[64], _prefix = new byte[64];
    private int _separatorLength, _prefixLength;

    /// <summary>The page.</summary>
    public PageNumber Page { get; set; }

    /// <summary>The new page; none until it is got.</summary>
    public PageNumber New { get; set; }

    /// <summary>How.</summary>
    public SplitType Type { get; set; }

    /// <summary>What is done along with it; none when there is no room for it yet.</summary>
    public SplitOperation Operation { get; set; }

    /// <summary>Line of that.</summary>
    public int OperationLine { get; set; }

    /// <summary>First line that goes to the new page.</summary>
    public int SplitLine { get; set; }

    /// <summary>Lines, the node to come included.</summary>
    public int Lines { get; set; }

    /// <summary>Line whose key is the prefix of the page from then on; negative for none.</summary>
    public int PrefixLineSplit { get; set; }

    /// <summary>Line of the new page whose key is its prefix; negative for none.</summary>
    public int PrefixLineNew { get; set; }

    /// <summary>Bytes that the page holds back from then on.</summary>
    public int HeldSource { get; set; }

    /// <summary>Bytes that the new page holds back.</summary>
    public int HeldTarget { get; set; }

    /// <summary>The key that separates the two pages in their parent; nothing for a root.</summary>
    public ReadOnlySpan<byte> Separator => _separator.AsSpan(0, _separatorLength);

    /// <summary>The prefix of the page from then on, of a right split.</summary>
    public ReadOnlySpan<byte> Prefix => _prefix.AsSpan(0, _prefixLength);

    /// <summary>Whether the record needs the page as it was.</summary>
    public bool NeedsImage => Type == SplitType.Vertical || (Type == SplitType.Right && !(
        Operation == SplitOperation.Insert && SplitLine == OperationLine && SplitLine == Lines - 1));

    /// <summary>Forgets all.</summary>
    /// <param name="page">The page to be split.</param>
    public void Reset(PageNumber page)
    {
        (Page, New, Type, Operation) = (page, PageNumber.None, SplitType.Vertical, SplitOperation.None);
        (OperationLine, SplitLine, Lines, PrefixLineSplit, PrefixLineNew) = (0, 0, 0, -1, -1);
        (HeldSource, HeldTarget, _separatorLength, _prefixLength) = (0, 0, 0, 0);
    }

    /// <summary>Room for the separator.</summary>
    /// <param name="length">Its length.</param>
    public Span<byte> MakeSeparator(int length) => Make(ref _separator, _separatorLength = length);

    /// <summary>Room for the prefix.</summary>
    /// <param name="length">Its length.</param>
    public Span<byte> MakePrefix(int length) => Make(ref _prefix, _prefixLength = length);

    private static Span<byte> Make(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = new byte[Math.Max(length, buffer.Length * 2)];
        return buffer.AsSpan(0, length);
    }
}
