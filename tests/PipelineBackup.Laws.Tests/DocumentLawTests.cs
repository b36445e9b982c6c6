using System.Text.RegularExpressions;

namespace PipelineBackup.Laws;

/// <summary>What documents point to is there.</summary>
public partial class DocumentLawTests
{
    [Fact]
    public void Every_link_between_documents_leads_somewhere() => Law.Holds(DeadLinks(SourceTree.OnDisk));

    [Fact]
    public void Every_name_in_the_glossary_is_one_of_the_code() => Law.Holds(UnknownWords(SourceTree.OnDisk));

    [Fact]
    public void A_dead_link_and_an_unknown_word_are_caught()
    {
        var tree = SourceTree.Of(
            ("docs/a.md", "[b](b.md#x) [c](../c.md) [d](https://d) [e](gone.md)"),
            ("docs/b.md", ""), ("c.md", ""),
            ("docs/glossary.md", "| the engine | here |\n|---|---|\n| `x` | `Known`, `Unknown` |\n"),
            ("src/A.cs", "class Known;"));
        Assert.Equal(["docs/a.md leads to docs/gone.md, which is not there"], DeadLinks(tree));
        Assert.Equal(["Unknown"], UnknownWords(tree));
    }

    private static IEnumerable<string> DeadLinks(SourceTree tree) =>
        from file in tree.Files
        where file.Key.EndsWith(".md", StringComparison.Ordinal)
        from link in Link().Matches(file.Value).Select(match => match.Groups[1].Value.Split('#')[0])
        where link.Length > 0 && !link.Contains("://", StringComparison.Ordinal)
        let target = Resolve(file.Key, link)
        where !tree.Files.Keys.Any(path => (path + "/").StartsWith(target + "/", StringComparison.Ordinal))
        select $"{file.Key} leads to {target}, which is not there";

    // The second column says what the first is called in the code.
    private static IEnumerable<string> UnknownWords(SourceTree tree)
    {
        string code = string.Concat(tree.Code("src").Select(file => file.Value));
        return tree.Files["docs/glossary.md"].Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .SelectMany(line => Word().Matches(line.Split('|')[2]).Select(match => match.Groups[1].Value)).Distinct()
            .Where(word => !word.StartsWith("ese ", StringComparison.Ordinal) && !Regex.IsMatch(code, $@"\b{word}\b"));
    }

    private static string Resolve(string from, string link)
    {
        var path = new List<string>(from.Split('/')[..^1]);
        foreach (string step in link.TrimEnd('/').Split('/'))
        {
            if (step == "..")
                path.RemoveAt(path.Count - 1);
            else
                path.Add(step);
        }

        return string.Join('/', path);
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Word();
}
