using PipelineBackup.Ese.Tests.Headers;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Check;

/// <summary>Whole databases of real engines: nothing is wrong in the clean ones.</summary>
public sealed class DatabaseCheckTests
{
    [Theory]
    [InlineData("clean-4096", 638, 167, 471)]
    [InlineData("clean-32768", 254, 93, 161)]
    public void A_clean_database_has_no_findings(string set, int pages, int zero, int most)
    {
        string path = Path.Combine(GoldenSets.Small(set), "files", "db1.edb");
        var report = Check(path);
        Assert.Equal([], report.Findings.Select(finding => finding.ToString()));
        Assert.False(report.IsCutShort);
        Assert.Equal((pages, zero, 0), (report.Pages, report.ZeroPages, report.LeakedPages));
        Assert.Equal(21, report.Trees);
        Assert.InRange(report.TreePages, most / 3, most);
        Assert.InRange(report.Nodes, report.Rows, int.MaxValue);
        Assert.InRange(report.LongValues, 50, int.MaxValue);
    }

    [Fact]
    public void Clean_databases_of_the_corpus_have_no_findings()
    {
        GoldenSets.RequireCorpus();
        int databases = 0;
        foreach (string path in CorpusDatabases.All)
        {
            using var file = DatabaseFile.Open(path);
            if (file.Header.State != DatabaseState.CleanShutdown)
                continue;
            var report = new DatabaseCheck(file, file.Header).Run();
            Assert.True(report.Findings.Count == 0,
                $"{path}: {string.Join(Environment.NewLine, report.Findings.Take(20))}");
            databases++;
        }

        Assert.InRange(databases, 10, int.MaxValue);
    }

    [Fact]
    public void Dirty_databases_of_the_corpus_are_checked_to_their_end()
    {
        GoldenSets.RequireCorpus();
        foreach (string path in CorpusDatabases.All)
        {
            using var file = DatabaseFile.Open(path);
            var report = new DatabaseCheck(file, file.Header).Run();
            Assert.True(report.Pages > 0, path);
            Console.WriteLine($"{path} {file.Header.State} {report.Findings.Count} leaked {report.LeakedPages}: {string.Join(" | ", report.Findings.Take(3))}");
        }
    }

    private static CheckReport Check(string path)
    {
        using var file = DatabaseFile.Open(path);
        return new DatabaseCheck(file, file.Header).Run();
    }
}
