using System.Text.RegularExpressions;
using PipelineBackup.Ese;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Text;

/// <summary>The worked example of <c>docs/ese-logs.md</c> is what the program shows and what the file holds.</summary>
public sealed partial class LogDocumentTests
{
    private static readonly string[] s_document =
        File.ReadAllLines(Path.Combine(GoldenSets.ProjectRoot, "docs", "ese-logs.md"));

    private static string Log => Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files", "edb00000001.log");

    [Fact]
    public void The_records_in_the_document_are_those_of_the_golden_log()
    {
        string[] shown = Cli.Expect(ExitCode.Done, "ese", "logs", Log, "--records").Output.Split('\n');
        string[] told = [.. s_document.Where(line => line.StartsWith(">0", StringComparison.Ordinal)
            || line.StartsWith("Segment Checksum", StringComparison.Ordinal))];
        Assert.True(told.Length > 10);
        Assert.Empty(told.Except(shown));
    }

    [Fact]
    public void The_bytes_in_the_document_are_those_of_the_golden_log()
    {
        byte[] log = File.ReadAllBytes(Log);
        var lines = s_document.Select(line => HexLine().Match(line)).Where(match => match.Success).ToList();
        Assert.Equal(8, lines.Count);
        Assert.All(lines, line =>
        {
            int at = 2 * 4096 + Convert.ToInt32(line.Groups[1].Value, 16);
            Assert.Equal(line.Groups[2].Value.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexStringLower(log, at, 16));
        });
    }

    [Fact]
    public void Every_record_named_in_the_document_is_a_type()
    {
        string[] types = Enum.GetNames<LogRecordType>();
        string[] named = [.. s_document.SkipWhile(line => line != "## What a record says").TakeWhile(line => line != "## Version 7")
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => Word().Matches(line.Split('|')[1]).Select(match => match.Groups[1].Value))];
        Assert.True(named.Length > 25);
        Assert.Empty(named.Except(types));
    }

    [GeneratedRegex("^([0-9a-f]{4})  ((?:[0-9a-f]{2} ?){16})$")]
    private static partial Regex HexLine();

    [GeneratedRegex("`([A-Za-z0-9]+)`")]
    private static partial Regex Word();
}
