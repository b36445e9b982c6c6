namespace PipelineBackup.Tests.Restore;

/// <summary>Publishing is a rename, so staging and target have to be on one volume; that shows before the work.</summary>
public class StagingVolumeTests
{
    [Fact]
    public async Task Staging_on_another_volume_is_told_before_anything_is_fetched()
    {
        const string OtherVolume = "/dev/shm";
        Assert.SkipUnless(Directory.Exists(OtherVolume), "this system has no second volume to write to");
        await using var trip = new RoundTrip();
        await trip.BackupAsync(Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files"));
        string staging = Path.Combine(OtherVolume, $"pipelinebackup-{Guid.NewGuid():N}"), target = Path.Combine(GoldenSets.NewFolder(), "target");
        try
        {
            var failure = await Assert.ThrowsAsync<BackupException>(() => trip.RestoreAsync(change: options =>
                options with { Target = target, Staging = staging, SkipRecovery = true }));
            Assert.Contains("another volume", failure.Message, StringComparison.Ordinal);
            Assert.Contains("--staging", failure.Hint, StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFileSystemEntries(target));
            Assert.Empty(Directory.EnumerateFileSystemEntries(staging));
        }
        finally
        {
            Directory.Delete(staging, recursive: true);
        }
    }

    [Fact]
    public async Task Files_of_one_name_from_several_places_share_a_staging_directory()
    {
        await using var trip = new RoundTrip();
        await trip.BackupAsync(Path.Combine(GoldenSets.Small("clean-4096"), "files"));
        string folder = GoldenSets.NewFolder();
        var restored = await trip.RestoreAsync(change: options => options with
        {
            Target = Path.Combine(folder, "target"),
            Staging = Path.Combine(folder, "staging"),
            Map = new Dictionary<string, string> { ["db1.edb"] = Path.Combine("below", "other.edb") },
        });
        Assert.Equal(["other.edb", "other.jfm"], restored.Files.Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(restored.Files, file => Assert.Equal(Path.Combine(folder, "target", "below"), Path.GetDirectoryName(file)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(folder, "staging")));
    }
}
