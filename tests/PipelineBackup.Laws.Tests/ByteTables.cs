using System.Globalization;
using System.Text.RegularExpressions;

namespace PipelineBackup.Laws;

/// <summary>
/// The byte tables that are drawn above persisted types: rows in order, none on another, and one ending where the type's
/// <c>Size</c> says.
/// </summary>
internal static partial class ByteTables
{
    /// <summary>What is wrong with the tables of a tree, one line each.</summary>
    public static IEnumerable<string> Judge(SourceTree tree) =>
        tree.Code("src").SelectMany(file => Judge(file.Key, file.Value));

    /// <summary>Number of tables in a tree.</summary>
    public static int Count(SourceTree tree) => tree.Code("src").Sum(file => TablesOf(file.Value).Count());

    private static IEnumerable<string> Judge(string path, string text)
    {
        var tables = TablesOf(text).ToList();
        foreach (var rows in tables)
        {
            long end = 0;
            foreach (var (offset, size) in rows)
            {
                if (offset < end)
                    yield return $"{path}: the row at {offset} begins before {end}, where the one before it ends";
                end = offset + size;
            }
        }

        var sizes = SizeConstant().Matches(text).Select(match => Number(match.Groups[1].Value)).ToList();
        if (tables.Count != 1 || sizes.Count != 1)
            yield break;
        // Rows behind the size are there sometimes only; a last row without a size fills what is left.
        var last = tables[0][^1];
        if (!tables[0].Exists(row => row.Offset + row.Size == sizes[0]) && (last.Size > 0 || last.Offset > sizes[0]))
            yield return $"{path}: no row ends at the size {sizes[0]}";
    }

    // A header line with "off size" twice or more stands above as many columns of rows, side by side.
    private static IEnumerable<List<(long Offset, long Size)>> TablesOf(string text)
    {
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            var heads = Head().Matches(lines[i]);
            if (heads.Count == 0 || !lines[i].TrimStart().StartsWith("///", StringComparison.Ordinal))
                continue;
            var columns = heads.Select(_ => new List<(long, long)>()).ToList();
            for (i++; i < lines.Length && !lines[i].Contains("</code>", StringComparison.Ordinal); i++)
            {
                for (int column = 0; column < heads.Count; column++)
                    Take(lines[i], heads, column, columns[column]);
            }

            // Columns that go on where the one before ends are one table; those that begin at 0 are others.
            List<(long, long)>? table = null;
            foreach (var rows in columns.Where(rows => rows.Count > 0))
            {
                if (table is not null && rows[0].Item1 > 0)
                {
                    table.AddRange(rows);
                    continue;
                }

                if (table is not null)
                    yield return table;
                table = rows;
            }

            if (table is not null)
                yield return table;
        }
    }

    private static void Take(string line, MatchCollection heads, int column, List<(long, long)> rows)
    {
        int start = heads[column].Index, end = column + 1 < heads.Count ? heads[column + 1].Index : line.Length;
        if (start >= line.Length)
            return;
        var row = Row().Match(line[start..Math.Min(end, line.Length)]);
        if (row.Success)
            rows.Add((Number(row.Groups[1].Value), row.Groups[2].Length == 0 ? 0 : Number(row.Groups[2].Value)));
    }

    private static long Number(string digits) => long.Parse(digits, CultureInfo.InvariantCulture);

    // With the blanks before it: a number may be wider than the word above it. Other columns may stand before.
    [GeneratedRegex(" {0,2}off size")]
    private static partial Regex Head();

    [GeneratedRegex(@"^ *(\d+)(?: +(\d+))?  ")]
    private static partial Regex Row();

    [GeneratedRegex(@"const int Size = (\d+);")]
    private static partial Regex SizeConstant();
}
