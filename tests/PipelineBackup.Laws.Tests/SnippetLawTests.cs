using System.Text.RegularExpressions;

namespace PipelineBackup.Laws;

/// <summary>Every piece of C# in a document stands in a file that is compiled and run by a test.</summary>
public partial class SnippetLawTests
{
    [Fact]
    public void Every_snippet_is_compiled()
    {
        Law.Holds(Judge(SourceTree.OnDisk));
        Assert.Contains(SourceTree.OnDisk.Files, file => file.Key == "README.md" && Snippets(file.Value).Any());
    }

    [Fact]
    public void A_snippet_that_is_nowhere_else_is_caught()
    {
        var tree = SourceTree.Of(
            ("docs/a.md", "```csharp\nx();\n  y();\n```\n\n```csharp\nz();\n```\n"),
            ("tests/A/B.cs", "    {\n        x();\n          y();\n    }\n"));
        Assert.Equal(["docs/a.md has a snippet that no test compiles: z();"], Judge(tree));
    }

    private static IEnumerable<string> Judge(SourceTree tree)
    {
        var code = tree.Code("tests").Select(file => Squeeze(file.Value)).ToList();
        return from document in tree.Files
               where document.Key.EndsWith(".md", StringComparison.Ordinal)
               from snippet in Snippets(document.Value)
               where !code.Exists(file => file.Contains(Squeeze(snippet), StringComparison.Ordinal))
               select $"{document.Key} has a snippet that no test compiles: {snippet.Split('\n')[0]}";
    }

    private static IEnumerable<string> Snippets(string text) =>
        Fence().Matches(text.ReplaceLineEndings("\n")).Select(match => match.Groups[1].Value);

    // Indentation is the document's own.
    private static string Squeeze(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim());
        return string.Concat(lines.Where(line => line.Length > 0).Select(line => line + "\n"));
    }

    [GeneratedRegex("^```csharp\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
