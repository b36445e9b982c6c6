using PipelineBackup.Tests;

namespace PipelineBackup.Format.Tests;

/// <summary>The rescue script of the document gives back what was backed up, with stock programs only.</summary>
public class RescueScriptTests
{
    private static readonly string[] s_folders = ["files", "backup", "backup/old"];

    [Theory]
    [InlineData("clean-4096", "files")]
    [InlineData("clean-32768", "files")]
    [InlineData("dirty-basic-4096", "files")]
    [InlineData("dirty-empty-4096", "files")]
    [InlineData("extbackup-4096", "backup")]
    [InlineData("jetbackup-4096", "backup/old")]
    public async Task A_golden_set_is_rebuilt_byte_by_byte(string set, string folder) =>
        Assert.Null(await TryRebuildAsync(Path.Combine(GoldenSets.Small(set), folder)));

    [Fact]
    public async Task Every_set_of_the_corpus_is_rebuilt_byte_by_byte()
    {
        RescueScript.Require();
        GoldenSets.RequireCorpus();
        var folders = GoldenSets.EngineSets
            .SelectMany(set => s_folders.Select(folder => Path.Combine(GoldenSets.Engine(set), folder)))
            .Concat(GoldenSets.RealSets.Select(GoldenSets.Real))
            .Where(folder => Directory.Exists(folder) && Directory.EnumerateFiles(folder).Any());
        int count = 0;
        foreach (string folder in folders)
        {
            if (await TryRebuildAsync(folder) is { } failure)
                Assert.Fail($"{folder}: {failure}");
            count++;
        }

        Assert.InRange(count, 40, 200);
    }

    [Fact]
    public async Task Zero_runs_and_an_empty_file_are_rebuilt()
    {
        string folder = Copy(Path.Combine(GoldenSets.Small("clean-4096"), "files"));
        await using (var database = new FileStream(Path.Combine(folder, "db1.edb"), FileMode.Open))
            database.SetLength(database.Length + (5 << 20));
        await File.WriteAllBytesAsync(Path.Combine(folder, "db1.pat"), [], TestContext.Current.CancellationToken);
        Assert.Null(await TryRebuildAsync(folder, manifest =>
        {
            Assert.Equal(3, manifest.Totals.Files);
            Assert.True(manifest.Totals.StoredBytes < 1 << 20);
        }));
    }

    [Fact]
    public async Task Bad_pages_are_rebuilt_as_they_were_recorded()
    {
        string folder = Copy(Path.Combine(GoldenSets.Small("clean-4096"), "files"));
        await DamagePageAsync(Path.Combine(folder, "db1.edb"), 400);
        Assert.Null(await TryRebuildAsync(folder, manifest => Assert.Equal(1, manifest.Databases[0].BadPages)));
    }

    [Fact]
    public async Task A_database_that_was_dropped_halfway_is_passed_over()
    {
        string folder = Copy(Path.Combine(GoldenSets.Small("clean-4096"), "files"));
        string second = Path.Combine(folder, "second.edb");
        File.Copy(Path.Combine(GoldenSets.Small("clean-32768"), "files", "db1.edb"), second);
        await DamagePageAsync(Path.Combine(folder, "db1.edb"), 600);
        Assert.Null(await TryRebuildAsync(
            folder, manifest => Assert.Equal(["db1.edb"], manifest.DroppedDatabases), BadPagePolicy.DropDatabase));
    }

    [Theory]
    [InlineData("pages-000001.lz4")]
    [InlineData("logs-000002.lz4")]
    [InlineData("index.jsonl")]
    public async Task A_damaged_object_is_refused_before_anything_is_written(string name)
    {
        RescueScript.Require();
        await using var trip = new RoundTrip();
        var backup = await trip.BackupAsync(Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files"));
        string path = Path.Combine(trip.Store, "default", "data", backup.Manifest.Id, name);
        byte[] content = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        content[content.Length / 2] ^= 0x10;
        await File.WriteAllBytesAsync(path, content, TestContext.Current.CancellationToken);

        var (target, exit, said) = await RescueScript.RunAsync(trip.Store, backup.Manifest.Id);
        Assert.NotEqual(0, exit);
        Assert.Contains($"{name} is damaged", said, StringComparison.Ordinal);
        Assert.False(Path.Exists(target));
    }

    [Fact]
    public async Task A_missing_pack_is_refused()
    {
        RescueScript.Require();
        await using var trip = new RoundTrip();
        var backup = await trip.BackupAsync(Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files"));
        File.Delete(Path.Combine(trip.Store, "default", "data", backup.Manifest.Id, "pages-000001.lz4"));
        var (target, exit, said) = await RescueScript.RunAsync(trip.Store, backup.Manifest.Id);
        Assert.NotEqual(0, exit);
        Assert.StartsWith("rescue: ", said, StringComparison.Ordinal);
        Assert.False(Path.Exists(target));
    }

    [Fact]
    public async Task A_chain_is_rebuilt_member_by_member()
    {
        RescueScript.Require();
        string set = GoldenSets.Small("jetbackup-4096");
        string old = Path.Combine(set, "backup", "old"), incremental = Path.Combine(set, "incr");
        await using var trip = new RoundTrip();
        var full = await trip.BackupAsync(old);
        var more = await trip.BackupAsync(incremental, new() { Kind = BackupKind.Incremental });
        Assert.Equal(full.Manifest.Id, more.Manifest.Parent);
        foreach (var (member, original) in new[] { (full, old), (more, incremental) })
        {
            var (target, exit, said) = await RescueScript.RunAsync(trip.Store, member.Manifest.Id);
            Assert.True(exit == 0, said);
            Assert.Equal(member.Manifest.Totals.Files, Directory.EnumerateFiles(target).Count());
            RoundTrip.AssertSame(target, original);
        }
    }

    // Null, or what went wrong. Whatever a set lacks, what there is must come back.
    private static async Task<string?> TryRebuildAsync(
        string folder, Action<BackupManifest>? look = null, BadPagePolicy onBadPage = BadPagePolicy.Record)
    {
        RescueScript.Require();
        await using var trip = new RoundTrip();
        BackupReport backup;
        try
        {
            backup = await trip.BackupAsync(folder, new() { OnBadPage = onBadPage, OnLogGap = LogGapPolicy.Record });
        }
        catch (BackupException refusal)
        {
            return refusal.Message;
        }

        look?.Invoke(backup.Manifest);
        var (target, exit, said) = await RescueScript.RunAsync(trip.Store, backup.Manifest.Id);
        if (exit != 0)
            return said;
        if (backup.Manifest.Databases.Sum(database => database.RepairedPages) == 0)
            RoundTrip.AssertSame(target, folder);
        int expected = backup.Manifest.Totals.Files, files = Directory.EnumerateFiles(target).Count();
        Directory.Delete(target, recursive: true);
        return files == expected ? null : $"{files} files instead of {expected}";
    }

    private static string Copy(string folder)
    {
        string copy = GoldenSets.NewFolder("source");
        foreach (string file in Directory.EnumerateFiles(folder))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }

    // More than one bit, so that no checksum can put it right.
    private static async Task DamagePageAsync(string path, int page)
    {
        await using var file = new FileStream(path, FileMode.Open);
        file.Position = (page * 4096) + 100;
        await file.WriteAsync(new byte[] { 0xAA, 0x55, 0xAA, 0x55, 0x0F, 0xF0, 1, 2, 3 });
    }
}
