namespace PipelineBackup.Tests;

/// <summary>Backup, verification and restore of whole sets, on files that the real engine wrote.</summary>
public class RoundTripTests
{
    [Theory]
    [InlineData("clean-4096", "files", false)]
    [InlineData("clean-32768", "files", false)]
    [InlineData("dirty-basic-4096", "files", true)]
    [InlineData("dirty-empty-4096", "files", true)]
    [InlineData("extbackup-4096", "backup", true)]
    [InlineData("jetbackup-4096", "backup/old", true)]
    public async Task A_golden_set_comes_back_byte_by_byte(string set, string folder, bool dirty)
    {
        await using var trip = new RoundTrip();
        string original = Path.Combine(GoldenSets.Small(set), folder);
        var backup = await trip.BackupAsync(original);
        Assert.Equal(ExitCode.Done, backup.ExitCode);
        var verified = await trip.VerifyAsync();
        Assert.Equal([], verified.Damage);
        Assert.Equal(ExitCode.Done, verified.ExitCode);
        Assert.Equal(dirty, verified.NeedsRecovery);
        var restored = await trip.RestoreAsync(change: options => options with { SkipRecovery = dirty });
        Assert.Equal(ExitCode.Done, restored.ExitCode);
        Assert.Equal(dirty, restored.NeedsRecovery);
        Assert.Equal(backup.Manifest.Totals.Files, restored.Files.Count);
        RoundTrip.AssertSame(restored.Target, original);
    }

    [Fact]
    public async Task Every_set_of_the_corpus_comes_back_byte_by_byte()
    {
        GoldenSets.RequireCorpus();
        var folders = GoldenSets.EngineSets.Where(set => set != "damaged")
            .SelectMany(set => new[] { "files", "backup", "backup/old" }.Select(folder => Path.Combine(GoldenSets.Engine(set), folder)))
            .Concat(GoldenSets.RealSets.Where(set => set != "V5_16k_rev300_dirty_nolog").Select(GoldenSets.Real))
            .Where(folder => Directory.Exists(folder) && Directory.EnumerateFiles(folder).Any());
        int count = 0;
        foreach (string folder in folders)
        {
            if (await TryRoundTripAsync(folder, ExitCode.Done) is { } failure)
                Assert.Fail($"{folder}: {failure}");
            count++;
        }

        Assert.InRange(count, 40, 200);
    }

    // Databases that are dirty and have no logs: what there is, is kept.
    [Fact]
    public async Task A_dirty_database_without_its_logs_is_refused_and_kept_only_as_a_forensic_copy()
    {
        GoldenSets.RequireCorpus();
        string[] folders =
        [
            GoldenSets.Real("V5_16k_rev300_dirty_nolog"),
            .. GoldenSets.EngineSets.Select(set => Path.Combine(GoldenSets.Engine(set), "redo-only")).Where(Directory.Exists),
        ];
        foreach (string folder in folders)
        {
            await using var trip = new RoundTrip();
            var refusal = await Assert.ThrowsAsync<SourceException>(() => trip.BackupAsync(folder));
            Assert.Equal((ExitCode.Refused, -543), (refusal.ExitCode, refusal.Error!.Value.Number));
            Assert.Null(await TryRoundTripAsync(folder, ExitCode.Damaged));
        }
    }

    private static async Task<string?> TryRoundTripAsync(string folder, ExitCode expected)
    {
        await using var trip = new RoundTrip();
        BackupReport backup;
        try
        {
            backup = await trip.BackupAsync(folder, new() { OnLogGap = expected == ExitCode.Damaged ? LogGapPolicy.Record : LogGapPolicy.Fail });
        }
        catch (BackupException refusal)
        {
            return refusal.Message;
        }

        var verified = await trip.VerifyAsync();
        if (backup.ExitCode != expected || verified.ExitCode != expected)
            return $"{backup.ExitCode}, {verified.ExitCode}: {string.Join("; ", backup.Manifest.Remarks.Concat(verified.Damage))}";
        var restored = await trip.RestoreAsync(change: options => options with { SkipRecovery = backup.Manifest.NeedsRecovery });
        RoundTrip.AssertSame(restored.Target, folder);
        return restored.Files.Count == backup.Manifest.Totals.Files ? null : "files are missing";
    }
}
