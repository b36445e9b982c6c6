using PipelineBackup.Ese;
using PipelineBackup.Restore;
using PipelineBackup.Sinks;

namespace PipelineBackup.Tests.Restore;

/// <summary>Databases read where they lie in a store.</summary>
public class ArchivePageFileTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("clean-4096", "files")]
    [InlineData("clean-32768", "files")]
    [InlineData("extbackup-4096", "backup")]
    public async Task Every_page_is_the_page_of_the_file(string set, string folder)
    {
        await using var trip = new RoundTrip();
        string original = Path.Combine(GoldenSets.Small(set), folder);
        var backup = await trip.BackupAsync(original);
        var pages = await ArchivePageFile.OpenAsync(trip.Sink, BackupSet.Default, backup.Manifest, "DB1.EDB", Cancelled);
        using var file = DatabaseFile.Open(Path.Combine(original, "db1.edb"));
        Assert.Equal((file.PageSize, file.LastPage), (pages.PageSize, pages.LastPage));
        Assert.Equal(file.Header.Bytes.ToArray(), pages.Header.Bytes.ToArray());
        byte[] want = new byte[file.PageSize.Bytes], have = new byte[file.PageSize.Bytes];
        for (uint number = 1; number <= file.LastPage.Value; number++)
        {
            var verdict = pages.Read(new(number), have);
            Assert.Equal(file.Read(new(number), want).Finding, verdict.Finding);
            Assert.True(want.AsSpan().SequenceEqual(have), $"page {number}");
        }

        Assert.Equal(PageFinding.Truncated, pages.Read(PageNumber.None, have).Finding);
        Assert.Equal(PageFinding.Truncated, pages.Read(new(file.LastPage.Value + 1), have).Finding);
        Assert.Equal(PageFinding.Truncated, pages.Read(new(uint.MaxValue), have).Finding);
    }

    [Fact]
    public async Task A_table_is_dumped_with_the_ends_of_packs_and_the_chunks_it_lies_in()
    {
        await using var trip = new RoundTrip();
        var backup = await trip.BackupAsync(Path.Combine(GoldenSets.Small("clean-32768"), "files"));
        var meter = new SinkMeter("test");
        var archive = new MeteredArchive(trip.Sink, meter);
        var pages = await ArchivePageFile.OpenAsync(archive, BackupSet.Default, backup.Manifest, "db1.edb", Cancelled);
        long opened = meter.Totals.BytesDown, header = pages.FetchedBytes;
        using var table = new MemoryStream();
        DatabaseDump.Write(pages, table, new() { Tables = ["MSysLocales"] }, Cancelled);
        long forTable = pages.FetchedBytes - header;

        // The store counted the same, and the same table again costs nothing.
        Assert.Equal(forTable, meter.Totals.BytesDown - opened);
        table.SetLength(0);
        DatabaseDump.Write(pages, table, new() { Tables = ["MSysLocales"] }, Cancelled);
        Assert.Equal(header + forTable, pages.FetchedBytes);

        using var all = new MemoryStream();
        DatabaseDump.Write(pages, all, cancellationToken: Cancelled);
        long stored = Directory.GetFiles(trip.Store, "pages-*.lz4", SearchOption.AllDirectories).Sum(pack => new FileInfo(pack).Length);
        Assert.True(pages.FetchedBytes <= stored + 16 * 1024, $"all of it took {pages.FetchedBytes} of {stored} bytes");
        Assert.True(header + forTable < stored / 2, $"one table took {header + forTable} of {stored} bytes");
    }

    [Fact]
    public async Task Damage_in_the_store_is_told_wherever_it_is()
    {
        await using var trip = new RoundTrip();
        var backup = await trip.BackupAsync(Path.Combine(GoldenSets.Small("clean-4096"), "files"));
        string pack = Directory.GetFiles(trip.Store, "pages-*.lz4", SearchOption.AllDirectories).Single();
        File.SetAttributes(pack, FileAttributes.Normal);
        byte[] sound = File.ReadAllBytes(pack);
        int refused = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = sound.ToArray();
            int at = seed < 20 ? bytes.Length - 1 - random.Next(400) : random.Next(bytes.Length);
            bytes[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(pack, seed % 10 == 9 ? bytes[..random.Next(bytes.Length)] : bytes);
            try
            {
                var pages = await ArchivePageFile.OpenAsync(trip.Sink, BackupSet.Default, backup.Manifest, "db1.edb", Cancelled);
                DatabaseDump.Write(pages, Stream.Null, cancellationToken: Cancelled);
            }
            catch (BackupException)
            {
                refused++;
            }
            catch (Exception other) when (other is not OperationCanceledException)
            {
                Assert.Fail($"seed {seed}, byte {at}: {other}");
            }
        }

        // What is not met is not needed: the header of the pack, and chunks that no table lies in.
        Assert.True(refused > 40, $"{refused} of 60");
    }

    [Fact]
    public void What_was_asked_for_longest_ago_makes_room()
    {
        var kept = new RecentlyUsed<int, string>(2);
        kept.Add(1, "one");
        kept.Add(2, "two");
        Assert.Equal("one", kept.Find(1));
        Assert.Equal("two", kept.MakeRoom());
        kept.Add(3, "three");
        Assert.Null(kept.Find(2));
        Assert.Equal(("one", "three", 2), (kept.Find(1), kept.Find(3), kept.Count));
    }
}
