namespace PipelineBackup.Engine;

/// <summary>Finds lines of one page by halving.</summary>
internal static class NodeSearch
{
    /// <summary>The line of an inner page that leads to where a key is; negative when there is none.</summary>
    /// <param name="page">The page.</param>
    /// <param name="key">The key; followed by the data where keys may repeat.</param>
    public static int ChildLine(PageView page, ReadOnlySpan<byte> key)
    {
        int low = 0, high = page.NodeCount;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            var node = Node(page, middle);

            // A separator belongs to what is behind it; the last one of a level is empty and above everything.
            if (node.HasEmptyKey || node.CompareKey(key) > 0)
                high = middle;
            else
                low = middle + 1;
        }

        return low < page.NodeCount ? low : -1;
    }

    /// <summary>The first line of a leaf whose node is not below a place; the number of nodes when none is.</summary>
    /// <param name="page">The page.</param>
    /// <param name="key">Key of the place.</param>
    /// <param name="data">Its data, where keys may repeat.</param>
    /// <param name="isRepeating">Whether they may.</param>
    /// <param name="isMatch">Whether the node on the line is of that place.</param>
    public static int Line(
        PageView page, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, bool isRepeating, out bool isMatch)
    {
        int low = 0, high = page.NodeCount;
        isMatch = false;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            var node = Node(page, middle);
            int order = node.CompareKey(key);
            if (order == 0 && isRepeating)
                order = node.Data.SequenceCompareTo(data);
            if (order >= 0)
                (high, isMatch) = (middle, order == 0);
            else
                low = middle + 1;
        }

        return low;
    }

    /// <summary>A node that must be there.</summary>
    /// <param name="page">Its page.</param>
    /// <param name="line">Its line.</param>
    /// <exception cref="EseException">−1206: it is broken, or there is none.</exception>
    public static NodeView Node(PageView page, int line)
    {
        var rule = page.Node(line, out var node);
        return rule == PageRule.None
            ? node
            : throw new EseException(EseError.DatabaseCorrupted, $"a node at line {line} is broken: {rule.Describe()}");
    }
}
