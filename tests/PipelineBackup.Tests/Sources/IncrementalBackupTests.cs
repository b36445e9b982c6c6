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

    [Fact]
    public async Task The_engines_own_incremental_set_continues_its_full_one()
    {
        string set = GoldenSets.Small("jetbackup-4096");
        string old = Path.Combine(set, "backup", "old"), incremental = Path.Combine(set, "incr");
        await using var trip = new RoundTrip();
        var full = await trip.BackupAsync(old);
        var more = await trip.BackupAsync(incremental, new() { Kind = BackupKind.Incremental });
        Assert.Equal((0xA, 0xA, 0xE), (full.Manifest.Logs.Last, more.Manifest.Logs.First, more.Manifest.Logs.Last));
        Assert.Equal(ExitCode.Done, (await trip.VerifyAsync()).ExitCode);
        var restored = await trip.RestoreAsync(change: options => options with { SkipRecovery = true });
        Assert.True(restored.NeedsRecovery);
        string[] logs = [.. Enumerable.Range(2, 13).Select(generation => $"edb{generation:X8}.log")];
        var found = Directory.EnumerateFiles(restored.Target, "edb*.log").Select(Path.GetFileName);
        Assert.Equal(logs, found.Order(StringComparer.Ordinal));
        foreach (string log in logs)
        {
            string original = Path.Combine(File.Exists(Path.Combine(incremental, log)) ? incremental : old, log);
            byte[] back = File.ReadAllBytes(Path.Combine(restored.Target, log));
            Assert.True(File.ReadAllBytes(original).AsSpan().SequenceEqual(back), log);
        }
    }
}
