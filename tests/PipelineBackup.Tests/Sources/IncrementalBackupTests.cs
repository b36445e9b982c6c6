namespace PipelineBackup.Tests.Sources;

/// <summary>Backups of files at rest that continue a chain.</summary>
public class IncrementalBackupTests
{
    [Fact]
    public async Task An_incremental_backup_beside_its_databases_takes_logs_only()
    {
        string all = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");
        await using var trip = new RoundTrip();
        var full = await trip.BackupAsync(all);
        var more = await trip.BackupAsync(all, new() { Kind = BackupKind.Incremental });
        Assert.Equal((full.Manifest.Id, full.Manifest.Id), (more.Manifest.Parent, more.Manifest.Full));
        Assert.Empty(more.Manifest.Databases);
        // The newest log may have grown since, so it is taken again.
        int last = full.Manifest.Logs.Last;
        Assert.Equal((1, last, last), (more.Manifest.Totals.Files, more.Manifest.Logs.First, more.Manifest.Logs.Last));
        var restored = await trip.RestoreAsync(more.Manifest.Id, options => options with { SkipRecovery = true });
        Assert.Equal([full.Manifest.Id, more.Manifest.Id], restored.Chain);
        RoundTrip.AssertSame(restored.Target, all);
    }
}
