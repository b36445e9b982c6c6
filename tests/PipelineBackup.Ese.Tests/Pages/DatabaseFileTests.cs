using PipelineBackup.Ese.Tests.Trees;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests;

/// <summary>Pages of a file through its cache are the pages of the file.</summary>
public sealed class DatabaseFileTests
{
    [Theory]
    [InlineData("clean-4096")]
    [InlineData("clean-32768")]
    public void Pages_in_any_order_are_those_of_the_file(string set)
    {
        var memory = MemoryPages.Golden(set);
        using var file = Open(set);
        Assert.Equal((memory.PageSize, memory.LastPage), (file.PageSize, file.LastPage));
        byte[] buffer = new byte[file.PageSize.Bytes];
        var random = new Random(1);
        uint next = 1;
        for (int i = 0; i < 5000; i++)
        {
            // Runs with jumps between, longer and shorter than a stretch of the cache.
            next = random.Next(20) == 0 ? (uint)random.Next(1, (int)file.LastPage.Value + 1) : next % file.LastPage.Value + 1;
            var verdict = file.Read(new(next), buffer);
            bool isZero = memory.View(new(next)).IsZero;
            Assert.Equal(isZero ? PageFinding.Uninitialized : PageFinding.Ok, verdict.Finding);
            Assert.True(memory[new(next)].SequenceEqual(buffer), $"page {next}");
        }
    }

    [Fact]
    public void There_is_no_page_zero_and_none_behind_the_end()
    {
        using var file = Open("clean-4096");
        byte[] buffer = new byte[4096];
        foreach (uint number in new uint[] { 0, file.LastPage.Value + 1, uint.MaxValue })
            Assert.Equal(EseError.FileIOBeyondEOF, file.Read(new(number), buffer).Error);
        Assert.Throws<ArgumentException>(() => file.Read(new(1), new byte[4095]));
        var e = Assert.Throws<EseException>(() => file.Require(new(file.LastPage.Value + 1), buffer));
        Assert.Equal(EseError.FileIOBeyondEOF, e.Error);
    }

    [Fact]
    public void Damage_is_told_each_time_and_a_flipped_bit_corrected()
    {
        string path = Path.Combine(GoldenSets.NewFolder(), "damaged.edb");
        var (size, bytes) = SamplePages.Golden("clean-4096");
        bytes[new PageNumber(5).FileOffset(size) + 100] ^= 1;
        bytes.AsSpan((int)new PageNumber(6).FileOffset(size) + 100, 50).Fill(0x77);
        File.WriteAllBytes(path, bytes);
        using var file = DatabaseFile.Open(path);
        byte[] buffer = new byte[4096];
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(PageFinding.Corrected, file.Read(new(5), buffer).Finding);
            Assert.True(MemoryPages.Golden("clean-4096")[new(5)].SequenceEqual(buffer));
            Assert.Equal(EseError.ReadVerifyFailure, file.Read(new(6), buffer).Error);
        }

        using var blind = DatabaseFile.Open(path, depth: null);
        Assert.Equal(PageFinding.Ok, blind.Read(new(6), buffer).Finding);
        Assert.Equal(0x77, buffer[120]);
    }

    [Fact]
    public void A_page_that_the_file_holds_in_part_is_none()
    {
        string path = Path.Combine(GoldenSets.NewFolder(), "short.edb");
        var (size, bytes) = SamplePages.Golden("clean-4096");
        File.WriteAllBytes(path, bytes[..(12 * size.Bytes + 100)]);
        using var file = DatabaseFile.Open(path);
        Assert.Equal(new PageNumber(10), file.LastPage);
    }

    [Fact]
    public void The_trailer_of_a_streamed_copy_is_no_page()
    {
        string path = Path.Combine(GoldenSets.Small("extbackup-4096"), "backup", "db1.edb");
        using var file = DatabaseFile.Open(path);
        Assert.True(file.HasTrailer);
        Assert.Equal(new FileInfo(path).Length / 4096 - 3, file.LastPage.Value);
        using var live = Open("clean-4096");
        Assert.False(live.HasTrailer);
    }

    [Fact]
    public void What_is_no_database_cannot_be_opened()
    {
        string path = Path.Combine(GoldenSets.NewFolder(), "none.edb");
        File.WriteAllBytes(path, new byte[100_000]);
        Assert.Equal(EseError.ReadVerifyFailure, Assert.Throws<EseException>(() => DatabaseFile.Open(path)).Error);
        File.Delete(path);
        Assert.Throws<FileNotFoundException>(() => DatabaseFile.Open(path));
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        using var file = Open("clean-4096");
        byte[] buffer = new byte[4096];
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 10 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (uint number = 1; number <= file.LastPage.Value; number++)
                file.Read(new(number), buffer);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static DatabaseFile Open(string set) =>
        DatabaseFile.Open(Path.Combine(GoldenSets.Small(set), "files", "db1.edb"));
}
