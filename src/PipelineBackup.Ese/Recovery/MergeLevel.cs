namespace PipelineBackup.Ese;

/// <summary>One level of a tree in a merge: its record and its pages.</summary>
internal sealed class MergeLevel(MacroRecords records, int index)
{
    private readonly MergeChange _merge = records[index].AsMerge().Merge;

    /// <summary>The record.</summary>
    public LogRecordView Record => records[index];

    /// <summary>What it says.</summary>
    public ref readonly MergeChange Merge => ref _merge;

    /// <summary>The page, when it needs the change.</summary>
    public CachedPage? Page { get; set; }

    /// <summary>The page on the left, when it needs the change.</summary>
    public CachedPage? Left { get; set; }

    /// <summary>The page on the right, when it needs the change.</summary>
    public CachedPage? Right { get; set; }

    /// <summary>Whether nodes go to another page.</summary>
    public bool MovesNodes => GoesRight || _merge.Type is MergeType.FullLeft or MergeType.PartialLeft;

    /// <summary>Whether they go to the right.</summary>
    public bool GoesRight => _merge.Type is MergeType.FullRight or MergeType.PartialRight;

    /// <summary>Whether the page leaves its tree.</summary>
    public bool LeavesTree => _merge.Type is MergeType.EmptyPage or MergeType.FullRight or MergeType.FullLeft;

    /// <summary>The page that takes the nodes, when it needs the change.</summary>
    public CachedPage? Target => !MovesNodes ? null : GoesRight ? Right : Left;

    /// <summary>The first line that goes.</summary>
    public int FirstMoved => GoesRight ? _merge.MergeLine : 0;

    /// <summary>Whether the record has a flag.</summary>
    /// <param name="flag">The flag.</param>
    public bool Has(MergeFlags flag) => (_merge.Flags & flag) != 0;

    /// <summary>Behind the last line that goes.</summary>
    /// <param name="page">The page as it was.</param>
    public int EndMoved(PageView page) =>
        GoesRight ? page.NodeCount : Math.Min(_merge.MergeLine + 1, page.NodeCount);

    /// <summary>Makes sure that the pages of the record go with its type.</summary>
    /// <exception cref="EseException">−1852.</exception>
    public void RequireSound()
    {
        bool hasTarget = !MovesNodes || (GoesRight ? _merge.Right : _merge.Left) != PageNumber.None;
        if (!hasTarget || (LeavesTree && _merge.Type != MergeType.EmptyPage && !Has(MergeFlags.EmptyPage)))
            throw RedoMacro.Contradiction(Record, $"is a merge of type {_merge.Type} without its pages");
    }
}
