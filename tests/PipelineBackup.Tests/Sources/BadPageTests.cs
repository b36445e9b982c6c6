using PipelineBackup.Ese;

namespace PipelineBackup.Tests.Sources;

/// <summary>Pages that do not verify, under each policy.</summary>
public class BadPageTests
{
    private static string Clean => Path.Combine(GoldenSets.Small("clean-4096"), "files");

    private static string Clean32 => Path.Combine(GoldenSets.Small("clean-32768"), "files");

    [Theory]
    [InlineData(4096)]
    [InlineData(32768)]
    public async Task A_bad_page_fails_the_backup_and_leaves_nothing(int pageSize)
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(pageSize == 4096 ? Clean : Clean32);
        long page = Spoil(Path.Combine(source, "db1.edb"), pageSize);
        var refusal = await trip.RefusedAsync(ExitCode.Refused, -1018, source);
        Assert.Contains($"page {PageNumber.FromFileIndex(page)} of 'db1.edb'", refusal.Message, StringComparison.Ordinal);
        Assert.NotEqual("", refusal.Hint);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(32768)]
    public async Task Recorded_bad_pages_are_listed_and_restored_as_they_are(int pageSize)
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(pageSize == 4096 ? Clean : Clean32), database = Path.Combine(source, "db1.edb");
        long[] bad = [Spoil(database, pageSize, 2), Spoil(database, pageSize, 9), 5];
        FileSurgery.Change(database, bytes => bytes.AsSpan(5 * pageSize, pageSize).Fill(0xFF));
        var backup = await trip.BackupAsync(source, new() { OnBadPage = BadPagePolicy.Record });
        Assert.Equal(ExitCode.Damaged, backup.ExitCode);
        Assert.True(backup.Manifest.IsDamaged);
        Assert.Equal(bad.Order(), backup.BadPages.Select(page => page.Page));
        Assert.All(backup.BadPages, page => Assert.Equal(("db1.edb", -1018), (page.File, page.Error)));
        Assert.Equal(3, backup.Manifest.Databases[0].BadPages);
        Assert.Equal(bad.Order(), (await trip.VerifyAsync()).BadPages.Select(page => page.Page));
        var restored = await trip.ProveAsync(ExitCode.Damaged, source);
        Assert.Equal(bad.Order(), restored.BadPages.Select(page => page.Page));
        Assert.Equal(-560, (await trip.RefusedAsync(ExitCode.Refused, -560, source, new() { Kind = BackupKind.Incremental })).Error!.Value.Number);
    }

    [Fact]
    public async Task A_database_with_a_bad_page_can_be_left_out()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean);
        foreach (string name in new[] { "a.edb", "z.edb" })
            File.Copy(Path.Combine(Clean32, "db1.edb"), Path.Combine(source, name));
        Spoil(Path.Combine(source, "db1.edb"), 4096, 40);
        var backup = await trip.BackupAsync(source, new() { OnBadPage = BadPagePolicy.DropDatabase });
        Assert.Equal(ExitCode.Damaged, backup.ExitCode);
        Assert.Equal(["db1.edb"], backup.Manifest.DroppedDatabases);
        Assert.Equal(["a.edb", "z.edb"], backup.Manifest.Databases.Select(database => database.Name));
        Assert.Equal(("db1.edb", -1018), (Assert.Single(backup.BadPages).File, backup.BadPages[0].Error));
        var restored = await trip.ProveAsync(ExitCode.Damaged, source);
        Assert.Equal(["a.edb", "z.edb"], restored.Files.Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_published_when_every_database_would_be_left_out()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean);
        Spoil(Path.Combine(source, "db1.edb"), 4096);
        await trip.RefusedAsync(ExitCode.Refused, -1018, source, new() { OnBadPage = BadPagePolicy.DropDatabase });
    }

    [Theory]
    [InlineData(4096, BadPagePolicy.Fail)]
    [InlineData(32768, BadPagePolicy.Record)]
    [InlineData(4096, BadPagePolicy.DropDatabase)]
    public async Task One_flipped_bit_is_put_right_counted_and_listed(int pageSize, BadPagePolicy policy)
    {
        await using var trip = new MemoryTrip();
        string golden = pageSize == 4096 ? Clean : Clean32, source = trip.Copy(golden), database = Path.Combine(source, "db1.edb");
        long page = FileSurgery.UsedPage(database, pageSize);
        FileSurgery.Flip(database, page, pageSize, (pageSize / 2 + 11, 0x20));
        var backup = await trip.BackupAsync(source, new() { OnBadPage = policy });
        Assert.Equal(ExitCode.Done, backup.ExitCode);
        Assert.Equal([page], backup.RepairedPages.Select(repaired => repaired.Page));
        Assert.Equal((1L, 0L), (backup.Manifest.Databases[0].RepairedPages, backup.Manifest.Databases[0].BadPages));
        Assert.Equal([page], backup.Manifest.Databases[0].Repaired);
        // What is restored is the page before the bit flipped.
        await trip.ProveAsync(ExitCode.Done, golden);
    }

    [Fact]
    public async Task Every_page_is_counted_once_whatever_happens_to_it()
    {
        await using var trip = new MemoryTrip();
        var whole = (await trip.BackupAsync(Clean)).Manifest.Databases[0];
        string source = trip.Copy(Clean), database = Path.Combine(source, "db1.edb");
        long repaired = FileSurgery.UsedPage(database, 4096, 6);
        FileSurgery.Flip(database, repaired, 4096, (100, 1));
        Spoil(database, 4096, 3);
        var damaged = (await trip.BackupAsync(source, new() { OnBadPage = BadPagePolicy.Record })).Manifest.Databases[0];
        Assert.Equal(new FileInfo(database).Length / 4096 - 2, whole.VerifiedPages + whole.ZeroPages);
        Assert.Equal((whole.VerifiedPages - 1, whole.ZeroPages, 1L, 1L), (damaged.VerifiedPages, damaged.ZeroPages, damaged.BadPages, damaged.RepairedPages));
    }

    [Fact]
    public async Task A_lost_write_shows_by_the_flush_map_of_a_clean_database()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean), database = Path.Combine(source, "db1.edb");
        long page = FindMapped(source, database);
        // The image of an earlier write: whole, with its checksum, and with another flush type.
        FileSurgery.Rewrite(database, page, 4096, bytes => bytes[37] ^= 0x80);
        await trip.RefusedAsync(ExitCode.Refused, -1119, source);
        var backup = await trip.BackupAsync(source, new() { OnBadPage = BadPagePolicy.Record });
        Assert.Equal([(page, -1119)], backup.BadPages.Select(bad => (bad.Page, bad.Error)));
        await trip.ProveAsync(ExitCode.Damaged, source);

        // Without the map nobody can tell.
        File.Delete(Path.Combine(source, "db1.jfm"));
        Assert.Equal(ExitCode.Done, (await trip.BackupAsync(source)).ExitCode);
    }

    [Fact]
    public async Task A_page_that_was_never_written_although_the_flush_map_knows_it_is_a_lost_write()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean), database = Path.Combine(source, "db1.edb");
        long page = FindMapped(source, database);
        FileSurgery.Change(database, bytes => bytes.AsSpan((int)page * 4096, 4096).Clear());
        await trip.RefusedAsync(ExitCode.Refused, -1119, source);
        await trip.BackupAsync(source, new() { OnBadPage = BadPagePolicy.Record });
        await trip.ProveAsync(ExitCode.Damaged, source);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2048)]
    [InlineData(4095)]
    public async Task A_database_that_ends_inside_a_page_is_bad_there(int bytes)
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Clean), database = Path.Combine(source, "db1.edb");
        File.Delete(Path.Combine(source, "db1.jfm"));
        using (var file = new FileStream(database, FileMode.Open))
            file.SetLength(200 * 4096 + bytes);
        await trip.RefusedAsync(ExitCode.Refused, -4001, source);
        var backup = await trip.BackupAsync(source, new() { OnBadPage = BadPagePolicy.Record });
        Assert.Equal([200L], backup.BadPages.Select(page => page.Page));
        await trip.ProveAsync(ExitCode.Damaged, source);
    }

    [Fact]
    public async Task A_streamed_copy_needs_its_trailer_page()
    {
        await using var trip = new MemoryTrip();
        string golden = Path.Combine(GoldenSets.Small("extbackup-4096"), "backup");
        string cut = trip.Copy(golden, "cut"), damaged = trip.Copy(golden, "damaged"), foreign = trip.Copy(golden, "foreign");
        using (var file = new FileStream(Path.Combine(cut, "db1.edb"), FileMode.Open))
            file.SetLength(file.Length - 4096);
        await trip.RefusedAsync(ExitCode.Refused, -535, cut);
        long trailer = new FileInfo(Path.Combine(damaged, "db1.edb")).Length / 4096 - 1;
        FileSurgery.Flip(Path.Combine(damaged, "db1.edb"), trailer, 4096, (45, 2));
        await trip.RefusedAsync(ExitCode.Refused, -535, damaged);
        Change(foreign, trailer);
        await trip.RefusedAsync(ExitCode.Refused, -552, foreign);
        foreach (var (source, error) in new[] { (damaged, -535), (foreign, -552) })
        {
            var backup = await trip.BackupAsync(source, new() { OnBadPage = BadPagePolicy.Record, OnLogGap = LogGapPolicy.Record });
            Assert.Equal([(trailer, error)], backup.BadPages.Select(page => (page.Page, page.Error)));
            await trip.ProveAsync(ExitCode.Damaged, source, backup.Manifest.Id);
        }

        // Signed for another database, with its checksum right.
        static void Change(string folder, long trailer) => FileSurgery.Change(Path.Combine(folder, "db1.edb"), bytes =>
        {
            var page = bytes.AsSpan((int)trailer * 4096, 4096);
            page[64] ^= 1;
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(page, HeaderChecksum.Compute(page));
        });
    }

    private static long Spoil(string database, int pageSize, int last = 3)
    {
        long page = FileSurgery.UsedPage(database, pageSize, last);
        FileSurgery.Flip(database, page, pageSize, (100, 1), (222, 64));
        return page;
    }

    private static long FindMapped(string source, string database)
    {
        byte[] bytes = File.ReadAllBytes(database);
        var header = HeaderPair.Read(bytes).Require("db1.edb");
        var map = FlushMap.Open(File.ReadAllBytes(Path.Combine(source, "db1.jfm")).AsMemory(), header);
        Assert.True(map.IsExact);
        for (long page = bytes.Length / 4096 - 1; page > 2; page--)
        {
            if (map.Judge(PageNumber.FromFileIndex(page), bytes.AsSpan((int)page * 4096, 4096)) == FlushVerdict.Match)
                return page;
        }

        throw new InvalidOperationException("the map knows no page");
    }
}
