using System.Text.RegularExpressions;

namespace PipelineBackup.Laws;

/// <summary>Each code and each sentence of what ESE documents of its backup calls has a test.</summary>
public partial class DocumentedInterfaceTests
{
    private const string Page = "docs/backup-interfaces.md";

    // The return codes that each call lists, and into how many statements its text was taken apart.
    private static readonly (string Call, int[] Codes, int Statements)[] s_documented =
    [
        ("JetBackup",
            [0, -505, -523, -1329, -1090, -526, -900, -1003, -1023, -516, -612, -510, -1029, -1018, -506, -1910, -1000],
            24),
        ("JetOSSnapshotPrepare", [0, -1003, -2401], 19),
        ("JetExternalRestore", [0, -1011, -1003, -1206, -1811, -1023, -615, -554, -553, -577, -1080], 30),
        ("HrBackup", [], 21),
        ("HrESEBackup", [], 23),
    ];

    [Fact]
    public void Everything_documented_has_its_row() => Law.Holds(s_documented.SelectMany(call =>
        call.Codes.Select(code => $"{call.Call} {code}")
            .Concat(Enumerable.Range(1, call.Statements).Select(number => $"{call.Call} s{number}")))
        .Except(Rows(SourceTree.OnDisk).Select(row => row.Id)));

    [Fact]
    public void Every_row_names_a_test() => Law.Holds(Rows(SourceTree.OnDisk)
        .Where(row => !Name().IsMatch(row.Tests)).Select(row => $"{row.Id} names no test"));

    [Fact]
    public void Every_test_that_is_named_is_there() => Law.Holds(Missing(SourceTree.OnDisk));

    [Fact]
    public void A_test_that_is_not_there_is_caught()
    {
        var tree = SourceTree.Of(
            (Page, "| JetBackup 0 | well | `ATests.Runs`, `ATests.Gone`, `ATests.Each(-2)`, `ATests.Each(-3)` |\n"
                + "| JetBackup s1 | more | `BTests.Runs` `ATests.Helps` |\n"),
            ("tests/A.cs", """
                public class ATests : Rig
                {
                    [Fact]
                    public async Task Runs() => Helps();

                    [Theory]
                    [InlineData(-2, 1)]
                    public void Each(int error, int other) => Helps();

                    private void Helps() { }
                }
                """));
        Assert.Equal(["JetBackup 0: ATests.Gone", "JetBackup 0: ATests.Each(-3)", "JetBackup s1: BTests.Runs",
            "JetBackup s1: ATests.Helps"], Missing(tree));
        Assert.Equal(["JetBackup 0", "JetBackup s1"], Rows(tree).Select(row => row.Id));
    }

    private static IEnumerable<string> Missing(SourceTree tree)
    {
        var tests = tree.Code("tests").ToList();
        return from row in Rows(tree)
            from Match name in Name().Matches(row.Tests)
            where !tests.Exists(file => Holds(file.Value, name))
            select $"{row.Id}: {name.Value.Trim('`')}";
    }

    // A class may have its tests in several files; a row of a theory begins with what is named.
    private static bool Holds(string code, Match name) =>
        Regex.IsMatch(code, $@"\bclass {name.Groups["class"].Value}\b")
        && Regex.IsMatch(code, $@"\[(Fact|Theory)\b(?:(?!\bpublic\b)[\s\S])*\bpublic [^;(]*\b{name.Groups["test"].Value}\(")
        && (!name.Groups["row"].Success
            || Regex.IsMatch(code, $@"[({{\[]\s*{Regex.Escape(name.Groups["row"].Value)}(?![\w.])"));

    private static IEnumerable<(string Id, string Tests)> Rows(SourceTree tree) =>
        from line in tree.Files[Page].Split('\n')
        let row = Row().Match(line)
        where row.Success
        select (row.Groups["id"].Value, row.Groups["tests"].Value);

    [GeneratedRegex(@"^\| (?<id>\w+ (?:s\d+|-?\d+)) \|.*\|(?<tests>[^|]*)\|\s*$")]
    private static partial Regex Row();

    [GeneratedRegex(@"`(?<class>\w+)\.(?<test>\w+)(?:\((?<row>[^`)]*)\))?`")]
    private static partial Regex Name();
}
