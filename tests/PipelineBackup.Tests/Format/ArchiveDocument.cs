using System.Text.RegularExpressions;

namespace PipelineBackup.Format.Tests;

/// <summary>The document of the archive format, taken apart: sections, tables, fenced blocks.</summary>
internal static partial class ArchiveDocument
{
    /// <summary>The whole text.</summary>
    public static string Text { get; } =
        File.ReadAllText(Path.Combine(GoldenSets.ProjectRoot, "docs", "archive-format.md")).ReplaceLineEndings("\n");

    /// <summary>The fenced blocks of a language, in order.</summary>
    public static IReadOnlyList<string> Blocks(string language) =>
    [
        .. Fence().Matches(Text).Where(block => block.Groups[1].Value == language).Select(block => block.Groups[2].Value),
    ];

    /// <summary>The rescue script.</summary>
    public static string RescueScript => Assert.Single(Blocks("python"));

    /// <summary>The rows of the first table below a heading, cell by cell; header and rule left out.</summary>
    public static IReadOnlyList<string[]> Table(string heading)
    {
        string[] lines = Text.Split('\n');
        int start = Array.FindIndex(lines, line => line.StartsWith('#') && line.TrimStart('#').Trim() == heading);
        Assert.True(start >= 0, $"the document has no heading '{heading}'");
        var section = lines.Skip(start + 1).TakeWhile(line => !line.StartsWith('#'));
        var rows = section.SkipWhile(line => !line.StartsWith('|')).TakeWhile(line => line.StartsWith('|')).Skip(2).ToList();
        Assert.NotEmpty(rows);
        return [.. rows.Select(row => Cell().Split(row.Trim('|')).Select(cell => cell.Trim()).ToArray())];
    }

    /// <summary>The field names in the first column of the first table below a heading.</summary>
    public static IReadOnlyList<string> Fields(string heading) =>
        [.. Table(heading).SelectMany(row => row[0].Split(',')).Select(name => name.Trim().Trim('`'))];

    [GeneratedRegex("^```([a-z]*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    // A bar behind a backslash belongs to the cell.
    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Cell();
}
