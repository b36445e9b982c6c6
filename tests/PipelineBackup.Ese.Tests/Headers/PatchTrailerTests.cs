using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Headers;

public class PatchTrailerTests
{
    private static string Copy => Path.Combine(GoldenSets.Small("extbackup-4096"), "backup", "db1.edb");

    [Fact]
    public void The_golden_trailer_reads_as_the_engine_told()
    {
        var (header, trailer) = Read(Copy);
        Assert.Equal(EseError.Success, trailer.Judge(header));
        Assert.Equal((4, 11), (trailer.Backup.LowGeneration.Value, trailer.Backup.HighGeneration.Value));
        Assert.Equal("(0xB,6,89C)", trailer.Backup.Mark.ToString());
        Assert.Equal((4, 11, 11), (trailer.MinRequired.Value, trailer.MaxRequired.Value, trailer.MaxCommitted.Value));
        Assert.Equal("11/20/2026 13:22:40.142 UTC", trailer.MaxRequiredTime.ToString());
        Assert.Equal(trailer.MaxRequiredTime, trailer.MaxCommittedTime);
        Assert.True(trailer.HasGenerations);
    }

    [Fact]
    public void Exactly_the_streamed_copies_end_with_a_trailer()
    {
        int streamed = 0;
        foreach (string path in CorpusDatabases.All)
        {
            var (header, trailer) = Read(path);
            Assert.True(header.NeedsTrailer == (trailer.Judge(header) == EseError.Success), path);
            streamed += header.NeedsTrailer ? 1 : 0;
        }

        Assert.True(streamed >= (GoldenSets.HasCorpus ? 9 : 2), $"{streamed} streamed copies");
    }

    [Fact]
    public void Every_flipped_byte_damages_it()
    {
        byte[] page = Page();
        var header = Read(Copy).Header;
        for (int offset = 0; offset < page.Length; offset++)
        {
            page[offset] ^= 0x10;
            Assert.Equal(EseError.BadPatchPage, new PatchTrailer(page).Judge(header));
            page[offset] ^= 0x10;
        }
    }

    [Theory]
    [InlineData(40)] // mark
    [InlineData(44)]
    [InlineData(64)] // signDb
    [InlineData(91)]
    [InlineData(92)] // signLog
    [InlineData(119)]
    public void A_trailer_of_another_copy_does_not_match(int offset)
    {
        byte[] page = Page();
        page[offset] ^= 1;
        CorpusDatabases.Seal(page);
        Assert.Equal(EseError.DatabasePatchFileMismatch, new PatchTrailer(page).Judge(Read(Copy).Header));
    }

    [Fact]
    public void A_trailer_without_a_last_log_does_not_match()
    {
        byte[] page = Page();
        page.AsSpan(60, 4).Clear();
        CorpusDatabases.Seal(page);
        Assert.Equal(EseError.DatabasePatchFileMismatch, new PatchTrailer(page).Judge(Read(Copy).Header));
    }

    [Fact]
    public void A_cut_file_has_no_trailer()
    {
        string path = Path.Combine(GoldenSets.NewFolder(), "cut.edb");
        byte[] all = File.ReadAllBytes(Copy);
        var header = Read(Copy).Header;
        foreach (int length in (int[])[all.Length - 4096, all.Length - 1, 12288, 12287, 8192, 4096, 1, 0])
        {
            File.WriteAllBytes(path, all[..length]);
            using var file = File.OpenHandle(path);
            Assert.Equal(EseError.BadPatchPage, PatchTrailer.Read(file, PageSize.Default).Judge(header));
        }
    }

    [Fact]
    public void Mutated_trailers_give_verdicts()
    {
        var header = Read(Copy).Header;
        byte[] original = Page();
        int intact = 0;
        for (int seed = 1; seed <= CorpusDatabases.Seeds; seed++)
        {
            var random = new Random(seed);
            byte[] page = original[..random.Next(original.Length + 1)];
            if (random.Next(2) == 0)
                page = [.. original];
            int reach = random.Next(2) == 0 ? Math.Min(page.Length, PatchTrailer.Size) : page.Length;
            for (int i = random.Next(1, 30); i > 0 && page.Length > 0; i--)
                page[random.Next(reach)] = (byte)random.Next(256);
            if (page.Length % 4 == 0 && page.Length > 0)
                CorpusDatabases.Seal(page);
            try
            {
                var trailer = new PatchTrailer(page);
                intact += trailer.IsIntact ? 1 : 0;
                Assert.Contains(trailer.Judge(header),
                    (EseError[])[EseError.Success, EseError.BadPatchPage, EseError.DatabasePatchFileMismatch]);
                foreach (var property in typeof(PatchTrailer).GetProperties())
                    _ = property.GetValue(trailer)?.ToString();
            }
            catch (Exception failure)
            {
                Assert.Fail($"seed {seed}: {failure}");
            }
        }

        Assert.True(intact > CorpusDatabases.Seeds / 4, $"{intact} mutated trailers got past the checksum");
    }

    private static (DatabaseHeader Header, PatchTrailer Trailer) Read(string path)
    {
        using var file = File.OpenHandle(path);
        var pair = HeaderPair.Read(file);
        return (pair.Require(path), PatchTrailer.Read(file, pair.PageSize));
    }

    private static byte[] Page() => File.ReadAllBytes(Copy)[^4096..];
}
