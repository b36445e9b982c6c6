namespace PipelineBackup.Engine;

/// <summary>
/// The lines of a page that is about to be split, the node to come among them: how long they are, and how much of its
/// key each shares with the one before. Told by lengths alone, so that ways to split can be weighed without a copy.
/// </summary>
internal sealed class SplitLines
{
    // Borrowing from a prefix takes a length of two bytes more.
    private const int BorrowBytes = 2;

    private int[] _sizes = new int[64], _keys = new int[64], _common = new int[64];
    private int[] _before = new int[64], _leftSavings = new int[64], _rightSavings = new int[64];

    /// <summary>Number of lines.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the page is one whose keys borrow nothing from each other: of a tree of extents.</summary>
    public bool IsPlain { get; set; }

    /// <summary>Reads the lines of a page.</summary>
    /// <param name="page">The page.</param>
    /// <param name="operation">What happens to a line; none for a page as it stands.</param>
    /// <param name="at">Which line: of an insertion, the line it will be on.</param>
    /// <param name="key">Key of a node that is inserted.</param>
    /// <param name="dataLength">Length of the data that the line gets.</param>
    public void Load(PageView page, SplitOperation operation, int at, ReadOnlySpan<byte> key, int dataLength)
    {
        bool inserts = operation == SplitOperation.Insert;
        Count = page.NodeCount + (inserts ? 1 : 0);
        Grow(Count + 1);
        ReadOnlySpan<byte> head = [], tail = [];
        for (int line = 0; line < Count; line++)
        {
            ReadOnlySpan<byte> nextHead = [], nextTail = key;
            int data = dataLength;
            if (!inserts || line != at)
            {
                var node = NodeSearch.Node(page, inserts && line > at ? line - 1 : line);
                nextHead = node.KeyHead;
                nextTail = node.KeyTail;
                if (operation == SplitOperation.None || line != at)
                    data = node.Data.Length;
            }

            _keys[line] = nextHead.Length + nextTail.Length;
            _sizes[line] = 2 + _keys[line] + data;
            _common[line] = line == 0 ? 0 : Common(head, tail, nextHead, nextTail);
            head = nextHead;
            tail = nextTail;
        }
    }

    /// <summary>Length of the whole key of a line.</summary>
    /// <param name="line">The line.</param>
    public int KeyLength(int line) => _keys[line];

    /// <summary>Bytes of a line with its whole key and its tag.</summary>
    /// <param name="line">The line.</param>
    public int PlainSize(int line) => _sizes[line] + PageView.TagBytes;

    /// <summary>The line whose key is the best prefix for some lines; negative when none saves anything.</summary>
    /// <param name="from">The first of the lines.</param>
    /// <param name="to">Behind the last.</param>
    public int PrefixLine(int from, int to)
    {
        if (to - from < 2 || IsPlain)
            return -1;
        if (to - from == 2)
            return Saved(_common[from + 1]) > BorrowBytes ? from + 1 : -1;
        SumSavings(from, to);
        int best = -1, most = BorrowBytes;
        for (int line = from + 1; line < to - 1; line++)
        {
            int savings = _leftSavings[line] + _rightSavings[line + 1];
            if (savings > most && IsPeak(line, from, to))
                (best, most) = (line, savings);
        }

        return best;
    }

    /// <summary>Bytes of a page that holds some lines: lines, prefix and tags.</summary>
    /// <param name="from">The first of the lines.</param>
    /// <param name="to">Behind the last.</param>
    /// <param name="prefixLine">The line whose key is the prefix; negative for none.</param>
    public int Used(int from, int to, int prefixLine)
    {
        int used = PageView.TagBytes;
        for (int line = from; line < to; line++)
            used += PlainSize(line);
        if (prefixLine < 0)
            return used;
        used += _keys[prefixLine] - Saved(_keys[prefixLine]);
        int shared = int.MaxValue;
        for (int line = prefixLine; line > from; line--)
            used -= Saved(shared = Math.Min(shared, _common[line]));
        shared = int.MaxValue;
        for (int line = prefixLine + 1; line < to; line++)
            used -= Saved(shared = Math.Min(shared, _common[line]));
        return used;
    }

    /// <summary>Length of what two keys, each in two parts, begin with both.</summary>
    internal static int Common(
        ReadOnlySpan<byte> headA, ReadOnlySpan<byte> tailA, ReadOnlySpan<byte> headB, ReadOnlySpan<byte> tailB)
    {
        if (headA.Length > headB.Length)
            return Common(headB, tailB, headA, tailA);
        int common = headA.CommonPrefixLength(headB);
        if (common < headA.Length)
            return common;
        int more = tailA.CommonPrefixLength(headB[common..]);
        if (common + more < headB.Length)
            return common + more;
        return headB.Length + tailA[more..].CommonPrefixLength(tailB);
    }

    // Of a run of lines that share as much the last one is taken, and none on the way down to a run that shares less.
    private bool IsPeak(int line, int from, int to)
    {
        int before = line - 1 > from ? Saved(_common[line - 1]) : 0;
        int here = Saved(_common[line]), behind = Saved(_common[line + 1]);
        bool isEnd = line == to - 2;
        return isEnd || (line == from + 1 || behind < here) && !(line > from + 1 && before > here && behind < here);
    }

    private static int Saved(int shared) => shared > BorrowBytes ? shared - BorrowBytes : 0;

    // What all lines left of one save when its key is the prefix, and those right of it: each shares with it the least
    // of what neighbours between them share. Lines behind one that shares nothing save nothing.
    private void SumSavings(int from, int to)
    {
        _leftSavings[from] = 0;
        for (int line = from + 1; line < to; line++)
        {
            int saved = Saved(_common[line]), lower = line - 1;
            while (lower > from && Saved(_common[lower]) >= saved)
                lower = _before[lower];
            _before[line] = lower;
            _leftSavings[line] = saved == 0 ? 0 : saved * (line - lower) + _leftSavings[lower];
        }

        _rightSavings[to] = 0;
        for (int line = to - 1; line > from; line--)
        {
            int saved = Saved(_common[line]), lower = line + 1;
            while (lower < to && Saved(_common[lower]) >= saved)
                lower = _before[lower];
            _before[line] = lower;
            _rightSavings[line] = saved == 0 ? 0 : saved * (lower - line) + _rightSavings[lower];
        }
    }

    private void Grow(int count)
    {
        if (count < _sizes.Length)
            return;
        int length = Math.Max(count + 1, _sizes.Length * 2);
        _sizes = new int[length];
        _keys = new int[length];
        _common = new int[length];
        _before = new int[length];
        _leftSavings = new int[length];
        _rightSavings = new int[length];
    }
}
