namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>The program in the document about recovery.</summary>
public sealed class DocumentedRecoveryTests
{
    [Fact]
    public void A_full_backup_and_an_incremental_one_are_restored()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        string set = GoldenSets.Small("jetbackup-4096");
        string full = Path.Combine(set, "backup", "old"), incremental = Path.Combine(set, "incr");
        string empty = GoldenSets.NewFolder("undo"), restored = Path.Combine(GoldenSets.NewFolder("restored"), "app.edb");
        File.Copy(Path.Combine(full, "db1.edb"), restored);

        var report = new HardRecovery(new()
        {
            BaseName = "edb",
            BackupLogDirectories = [full, incremental],
            LogDirectory = empty,
            Map = [new(@"D:\data\app.edb", restored)],
        }).Run(cancellationToken);

        Assert.Equal(RecoveryOutcome.Recovered, Assert.Single(report.Databases).Outcome);
        Assert.Equal(14, report.End.Generation.Value);
        using var file = DatabaseFile.Open(restored, InspectionDepth.Full);
        Assert.Empty(new DatabaseCheck(file, file.Header).Run(cancellationToken).Findings);
    }
}
