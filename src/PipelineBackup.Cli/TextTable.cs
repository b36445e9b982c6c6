namespace PipelineBackup.Cli;

/// <summary>Rows of text in columns as wide as their widest cell.</summary>
/// <param name="headings">
/// Headings; those that start with <c>&gt;</c> head a column that is aligned to the right.
/// </param>
internal sealed class TextTable(params string[] headings)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row with as many cells as there are headings.</summary>
    public void Add(params string[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, headings.Length);
        _rows.Add(cells);
    }

    /// <summary>Writes headings and rows.</summary>
    /// <param name="output">Where to; lines end with <c>\n</c>.</param>
    /// <param name="indent">Put before each line.</param>
    public void Write(TextWriter output, string indent = "")
    {
        bool[] right = [.. headings.Select(heading => heading.StartsWith('>'))];
        string[] names = [.. headings.Select(heading => heading.TrimStart('>'))];
        int[] widths = [.. names.Select((name, i) => _rows.Select(row => row[i].Length).Append(name.Length).Max())];
        foreach (string[] row in _rows.Prepend(names))
        {
            var cells = row.Select((cell, i) => right[i] ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            output.Write(indent + string.Join("  ", cells).TrimEnd() + "\n");
        }
    }
}
