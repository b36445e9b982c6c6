using System.Text.RegularExpressions;

namespace PipelineBackup.Laws;

/// <summary>What documents point to is there.</summary>
public partial class DocumentLawTests
{
    private const string LoggerEvents = "src/PipelineBackup/Diagnostics/OperationEvents.cs";
    private const string EngineEvents = "src/PipelineBackup.Engine/Backup/EngineEvent.cs";

    [Fact]
    public void Every_link_between_documents_leads_somewhere() => Law.Holds(DeadLinks(SourceTree.OnDisk));

    [Fact]
    public void Every_name_in_the_glossary_is_one_of_the_code() => Law.Holds(UnknownWords(SourceTree.OnDisk));

    [Fact]
    public void The_table_of_events_has_those_of_the_code() => Law.Holds(WrongEvents(SourceTree.OnDisk));

    [Fact]
    public void An_event_that_is_missing_or_too_many_is_caught()
    {
        var tree = SourceTree.Of(
            ("docs/operating.md", "## Events\n\n| id | meaning | logger | engine |\n|---|---|---|---|\n"
                + "| 1, 2 | a | yes | |\n| 3, 4 | b | 3 | yes |\n\n## More\n| 9 | x | yes | yes |\n"),
            (LoggerEvents, "[LoggerMessage(1, LogLevel.Error, \"\")]\n[LoggerMessage(3, LogLevel.Error, \"\")]"),
            (EngineEvents, "public const int A = 3;\npublic const int B = 4;\npublic const int C = 5;"));
        Assert.Equal(
            [
                "the table of events has 2 of the logger, the code has not",
                "the code has 5 of the engine, the table of events has not",
            ],
            WrongEvents(tree));
    }

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

    // A cell says "yes" where all numbers of its row are told, or which ones.
    private static IEnumerable<string> WrongEvents(SourceTree tree)
    {
        string section = tree.Files["docs/operating.md"].Split("## Events\n")[^1].Split("\n## ")[0];
        var rows = section.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => line.Split('|'))
            .Where(cells => Number().IsMatch(cells[1])).ToList();
        foreach (var (who, column, code) in new[]
        {
            ("logger", 3, LoggerId().Matches(tree.Files[LoggerEvents])),
            ("engine", 4, EngineId().Matches(tree.Files[EngineEvents])),
        })
        {
            var told = rows.SelectMany(cells => Numbers(cells[column].Trim() == "yes" ? cells[1] : cells[column]))
                .ToList();
            var coded = code.Select(match => match.Groups[1].Value).ToList();
            foreach (string id in told.Except(coded))
                yield return $"the table of events has {id} of the {who}, the code has not";
            foreach (string id in coded.Except(told))
                yield return $"the code has {id} of the {who}, the table of events has not";
        }

        static IEnumerable<string> Numbers(string cell) => Number().Matches(cell).Select(match => match.Value);
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

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();

    [GeneratedRegex(@"\[LoggerMessage\(([0-9]+),")]
    private static partial Regex LoggerId();

    [GeneratedRegex("public const int [A-Za-z]+ = ([0-9]+);")]
    private static partial Regex EngineId();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Word();
}
