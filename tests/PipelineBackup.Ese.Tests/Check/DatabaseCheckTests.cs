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
        Assert.InRange(report.IndexEntries, 4000, int.MaxValue);
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

    // Replayed to the last log, not undone: not clean by its header, yet every page is at its last state.
    [Theory]
    [InlineData("dirty-basic-4096")]
    [InlineData("dirty-escrow-4096")]
    [InlineData("dirty-lv-4096")]
    [InlineData("dirty-smo-4096")]
    public void A_database_replayed_to_its_end_has_no_findings(string set)
    {
        var report = Check(Path.Combine(GoldenSets.Engine(set), "redo-only", "db1.edb"));
        Assert.Equal([], report.Findings.Select(finding => finding.ToString()));
        Assert.InRange(report.Rows, 100, int.MaxValue);
    }

    [Fact]
    public void Pages_lost_in_a_crash_are_counted_and_no_finding()
    {
        var report = Check(Path.Combine(GoldenSets.Real("V3_srum_win11_dirty"), "SRUDB.dat"));
        Assert.Equal(10, report.LeakedPages);
        Assert.Equal([], report.Findings.Select(finding => finding.ToString()));
    }

    [Fact]
    public void A_torn_database_is_checked_to_its_end()
    {
        GoldenSets.RequireCorpus();
        int torn = 0;
        foreach (string path in CorpusDatabases.All)
        {
            using var file = DatabaseFile.Open(path);
            var report = new DatabaseCheck(file, file.Header).Run();
            Assert.True(report.Pages > 0, path);
            torn += report.Findings.Count > 0 ? 1 : 0;
        }

        Assert.InRange(torn, 5, int.MaxValue);
    }

    private static CheckReport Check(string path)
    {
        using var file = DatabaseFile.Open(path);
        return new DatabaseCheck(file, file.Header).Run();
    }
}
