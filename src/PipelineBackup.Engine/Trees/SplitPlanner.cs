namespace PipelineBackup.Engine;

/// <summary>Chooses how a page is split, as the real engine does: appending leaves full pages behind.</summary>
/// <remarks>
/// <code>
/// root                                                vertical: all lines go one level down
/// last leaf, node comes behind all others             append: the new page takes the node alone
/// node comes behind a run that was just put in        right, at the node: the run goes on (a "hot point")
/// last inner page, separator before the last line     right, at the separator
/// first leaf, node comes before all others            right, behind the node
/// else                                                right, where both halves come closest to half of the bytes
/// </code>
/// Where the node fits on neither side of any split, the page is split without it; the change is then tried again.
/// </remarks>
internal sealed class SplitPlanner
{
    private readonly SplitLines _lines = new();
    private int _pageBytes, _newBytes, _held;

    /// <summary>Makes a plan.</summary>
    /// <param name="plan">Takes it; reset before.</param>
    /// <param name="page">The page.</param>
    /// <param name="tree">Its tree.</param>
    /// <param name="node">What makes the split necessary.</param>
    /// <param name="line">On which line.</param>
    /// <param name="held">Bytes that the page holds back.</param>
    /// <exception cref="EseException">−1206: the page cannot be split.</exception>
    public void Plan(SplitPlan plan, PageView page, EngineTree tree, in PendingNode node, int line, int held)
    {
        _held = held;
        _lines.IsPlain = tree.IsSpaceTree;
        _newBytes = _pageBytes = page.DataBytes;
        for (int tag = 1; tag < page.ReservedTags; tag++)
            _pageBytes -= page.Tag(tag).Length + PageView.TagBytes;
        plan.Operation = node.Operation;
        plan.OperationLine = line;
        Load(plan, page, node);
        if (page.IsRoot)
            PlanVertical(plan, page, node);
        else if (IsAppend(plan, page))
            PlanAppend(plan);
        else
            PlanRight(plan, page, node);
        if (!page.IsRoot)
            Separate(plan, page, tree, node);
    }

    private void Load(SplitPlan plan, PageView page, in PendingNode node)
    {
        _lines.Load(page, plan.Operation, plan.OperationLine, node.Key, node.Data.Length);
        plan.Lines = _lines.Count;
    }

    private void LeaveOut(SplitPlan plan, PageView page, in PendingNode node)
    {
        plan.Operation = SplitOperation.None;
        plan.OperationLine = 0;
        Load(plan, page, node);
    }

    private void PlanVertical(SplitPlan plan, PageView page, in PendingNode node)
    {
        plan.Type = SplitType.Vertical;
        plan.PrefixLineNew = _lines.PrefixLine(0, plan.Lines);
        if (_lines.Used(0, plan.Lines, plan.PrefixLineNew) + _held > _newBytes)
        {
            LeaveOut(plan, page, node);
            plan.PrefixLineNew = _lines.PrefixLine(0, plan.Lines);
        }

        plan.HeldTarget = _held;
    }

    private static bool IsAppend(SplitPlan plan, PageView page) => page.IsLeaf
        && plan.Operation == SplitOperation.Insert && plan.OperationLine == plan.Lines - 1
        && page.Next == PageNumber.None;

    private void PlanAppend(SplitPlan plan)
    {
        plan.Type = SplitType.Append;
        plan.SplitLine = plan.OperationLine;
        plan.HeldSource = _held;

        // The first key is the prefix: what comes next will most likely share much of it.
        int line = plan.SplitLine;
        bool saves = !_lines.IsPlain && _lines.KeyLength(line) > 2
            && _lines.Used(line, line + 1, line) <= _newBytes;
        plan.PrefixLineNew = saves ? 0 : -1;
    }

    private void PlanRight(SplitPlan plan, PageView page, in PendingNode node)
    {
        plan.Type = SplitType.Right;
        int wanted = WantedLine(plan, page);
        if (wanted == plan.OperationLine && page.IsLeaf && plan.OperationLine < plan.Lines - 1)
        {
            // The lines behind the run go first; the node then comes behind all others of its page.
            LeaveOut(plan, page, node);
        }

        if (wanted > 0 && Try(plan, wanted))
            return;
        if (TryEven(plan))
            return;
        LeaveOut(plan, page, node);
        if (plan.Lines < 2 || !TryEven(plan))
            throw new EseException(EseError.DatabaseCorrupted, $"page {plan.Page} cannot be split");
    }

    private static int WantedLine(SplitPlan plan, PageView page)
    {
        int line = plan.OperationLine;
        if (plan.Operation != SplitOperation.Insert)
            return -1;
        if (!page.IsLeaf)
        {
            bool isLast = NodeSearch.Node(page, page.NodeCount - 1).HasEmptyKey;
            return isLast && line == plan.Lines - 2 && line > 0 ? line : -1;
        }

        if (line == 0)
            return page.Previous == PageNumber.None ? 1 : -1;
        return IsHotPoint(page, line) ? line : -1;
    }

    // The two lines before were the last two that were put in, in this order.
    private static bool IsHotPoint(PageView page, int line)
    {
        if (line < 2)
            return false;
        int tag = line + page.ReservedTags, first = page.Tag(tag - 2).Offset, second = page.Tag(tag - 1).Offset;
        if (first >= second)
            return false;
        for (int other = 0; other < page.NodeCount; other++)
        {
            if (other != line - 2 && other != line - 1 && page.Tag(other + page.ReservedTags).Offset > first)
                return false;
        }

        return true;
    }

    private bool TryEven(SplitPlan plan)
    {
        int total = 0, left = 0, middle = 1, least = int.MaxValue;
        for (int line = 0; line < plan.Lines; line++)
            total += _lines.PlainSize(line);
        for (int line = 1; line < plan.Lines; line++)
        {
            left += _lines.PlainSize(line - 1);
            int distance = Math.Abs(left - total / 2);
            if (distance <= least)
                (middle, least) = (line, distance);
        }

        for (int away = 0; away < plan.Lines; away++)
        {
            if (Try(plan, middle + away) || (away > 0 && Try(plan, middle - away)))
                return true;
        }

        return false;
    }

    private bool Try(SplitPlan plan, int line)
    {
        if (line < 1 || line >= plan.Lines)
            return false;
        int prefix = _lines.PrefixLine(0, line), prefixNew = _lines.PrefixLine(line, plan.Lines);

        // Nobody knows for which nodes bytes are held back: for those that were there, on whichever side they come.
        bool inserts = plan.Operation == SplitOperation.Insert;
        int source = inserts && line == 1 && plan.OperationLine == 0 ? 0 : _held;
        int target = inserts && line == plan.Lines - 1 && plan.OperationLine == line ? 0 : _held;
        if (_lines.Used(0, line, prefix) + source > _pageBytes
            || _lines.Used(line, plan.Lines, prefixNew) + target > _newBytes)
            return false;
        plan.SplitLine = line;
        plan.PrefixLineSplit = prefix;
        plan.PrefixLineNew = prefixNew < 0 ? -1 : prefixNew - line;
        plan.HeldSource = source;
        plan.HeldTarget = target;
        return true;
    }

    private static void Separate(SplitPlan plan, PageView page, EngineTree tree, in PendingNode node)
    {
        if (plan.PrefixLineSplit >= 0)
        {
            var prefix = Bookmark(plan, page, node, plan.PrefixLineSplit);
            prefix.CopyKey(plan.MakePrefix(prefix.KeyLength));
        }

        var left = Bookmark(plan, page, node, plan.SplitLine - 1);
        if (!page.IsLeaf)
        {
            // The last separator of the left page bounds it above as well.
            left.CopyKey(plan.MakeSeparator(left.KeyLength));
            return;
        }

        var right = Bookmark(plan, page, node, plan.SplitLine);
        right.CopySeparator(left, tree.HasRepeatingKeys, plan);
    }

    private static Bookmark Bookmark(SplitPlan plan, PageView page, in PendingNode node, int line)
    {
        bool inserts = plan.Operation == SplitOperation.Insert;
        if (inserts && line == plan.OperationLine)
            return new([], node.Key, node.Data);
        var found = NodeSearch.Node(page, inserts && line > plan.OperationLine ? line - 1 : line);
        return new(found.KeyHead, found.KeyTail, found.Data);
    }
}
