using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Ese.Tests.Trees;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Replay alone leaves each page as the engine's replay leaves it.</summary>
public sealed class RedoOnlyTests
{
    // How many pages the engine left older than the last record that names them: those of open transactions.
    [Theory]
    [InlineData("dirty-basic-4096", 0)]
    [InlineData("dirty-escrow-4096", 0)]
    [InlineData("dirty-lv-4096", 0)]
    [InlineData("dirty-smo-4096", 0)]
    [InlineData("dirty-undo-4096", 15)]
    [InlineData("dirty-undo-32768", 14)]
    [InlineData("dirty-undo-flushed-4096", 15)]
    public void Pages_are_those_of_the_engine(string set, int behind)
    {
        GoldenSets.RequireCorpus();
        var recovery = RecoveryCases.Get(set);
        var disk = recovery.Disk.Copy();
        recovery.Recover(disk, options => options with { SkipUndo = true });
        var (size, file) = SamplePages.ReadDatabase(Path.Combine(GoldenSets.Engine(set), "redo-only", "db1.edb"));
        var theirs = new MemoryPages(size, file);
        var ours = new MemoryPages(size, disk.ReadAll(recovery.Databases[0].Path));
        int other = 0, compared = 0;
        for (uint number = 1; number <= theirs.LastPage.Value; number++)
        {
            var page = new PageNumber(number);
            bool there = page.CompareTo(ours.LastPage) <= 0;
            if (!there || theirs.View(page).DbTime != ours.View(page).DbTime)
            {
                // Without transactions that are open every page has reached its last state in both.
                Assert.True(behind > 0, $"page {page}: {theirs.View(page).DbTime}, {(there ? ours.View(page).DbTime : "none")}");
                other++;
                continue;
            }

            if (theirs.View(page).IsZero)
                continue;
            Assert.Equal(PageFinding.Ok, PageInspector.Inspect(ours[page], page).Finding);
            string difference = PageDifference.Find(theirs.View(page), ours.View(page));
            Assert.True(difference.Length == 0, $"{set}, page {page}: {difference}");
            compared++;
        }

        Assert.True(other <= behind, $"{other} pages of another time");
        Assert.True(compared > 30, $"{compared} pages compared");
    }
}
