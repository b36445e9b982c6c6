using PipelineBackup.Cli.Text;
using PipelineBackup.Ese;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Text;

public sealed class LogRecordTextTests
{
    [Fact]
    public void Every_record_of_every_dump_of_the_engine_is_shown_as_the_engine_shows_it()
    {
        GoldenSets.RequireCorpus();
        long records = 0, logs = 0;
        var wrong = new List<string>();
        foreach (string set in GoldenSets.EngineSets)
        {
            string folder = GoldenSets.Engine(set);
            foreach (var (name, expected) in EngineLogDumps.Of(folder))
            {
                string path = Find(folder, name, expected);
                string actual = Dump(path, out long count);
                records += count;
                logs++;
                string[] want = Body(expected);
                string[] got = actual.Split('\n')[..^1];
                for (int i = 0; i < Math.Max(want.Length, got.Length) && wrong.Count < 20; i++)
                {
                    string a = i < want.Length ? want[i] : "(nothing)", b = i < got.Length ? got[i] : "(nothing)";
                    if (a != b)
                        wrong.Add($"{set}/{name}\n  {a}\n  {b}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(logs >= 410 && records >= 330_000, $"{logs} logs, {records} records");
    }

    private static string Dump(string path, out long count)
    {
        var writer = new StringWriter();
        var scan = LogFileReader.Scan(path, collectSegments: true);
        using var reader = LogRecordReader.Open(path, scan);
        count = LogRecordsText.Write(writer, reader, scan.Segments);
        return writer.ToString();
    }

    // Segments and records with their further lines; the header before and the statistics behind are other tests'.
    private static string[] Body(string[] lines) =>
        [.. lines.SkipWhile(line => !line.StartsWith("      Accumulated segment", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => !line.StartsWith("clrTotal", StringComparison.Ordinal)).SkipLast(1)];

    private static string Find(string folder, string name, string[] dump)
    {
        string created = dump.First(line => line.Contains("creation time:", StringComparison.Ordinal)).Split("time:")[1].Trim();
        return Directory.EnumerateFiles(folder, name, SearchOption.AllDirectories).First(path =>
            LogFileReader.TryReadHeader(path, out var header, out _, out _) && header.Created.ToString() == created);
    }
}
