using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Headers;

public class HeaderPairTests
{
    [Fact]
    public void Every_database_has_two_whole_identical_copies()
    {
        int seen = 0;
        foreach (string path in CorpusDatabases.All)
        {
            using var file = File.OpenHandle(path);
            var pair = HeaderPair.Read(file);
            Assert.True(pair.Copies == HeaderCopies.Identical, $"{path}: {pair.Copies}");
            Assert.Contains(pair.Header!.StoredPageSize, (uint[])[0, (uint)pair.PageSize.Bytes]);
            Assert.Equal(0, RandomAccess.GetLength(file) % pair.PageSize.Bytes);
            Assert.Same(pair.Header, pair.Require(path));
            Assert.True(pair.Header.Version.Main == FormatVersion.CurrentMain, path);
            Assert.True(HeaderPair.LooksLikeDatabase(CorpusDatabases.Start(path)), path);
            Assert.Equal(pair.Header.State == DatabaseState.DirtyShutdown, pair.Header.NeedsRecovery);
            Assert.Equal(Expected(pair.Header), pair.Judge());
            seen++;
        }

        Assert.True(seen >= (GoldenSets.HasCorpus ? 60 : 6), $"{seen} databases");
    }

    [Fact]
    public void Nothing_else_looks_like_a_database()
    {
        int seen = 0;
        foreach (string set in (string[])["dirty-basic-4096", "extbackup-4096", "jetbackup-4096", "clean-4096"])
        {
            foreach (string path in Directory.EnumerateFiles(GoldenSets.Small(set), "*", SearchOption.AllDirectories))
            {
                if (Path.GetExtension(path) == ".edb")
                    continue;
                Assert.False(HeaderPair.LooksLikeDatabase(CorpusDatabases.Start(path)), path);
                seen++;
            }
        }

        Assert.True(seen > 20);
    }

    [Theory]
    [InlineData("clean-4096", 4096)]
    [InlineData("clean-32768", 32768)]
    public void A_damaged_copy_leaves_the_other(string set, int pageBytes)
    {
        byte[] whole = Start(set);
        Assert.Equal(pageBytes, HeaderPair.Read(whole).PageSize.Bytes);
        foreach (int offset in (int[])[0, 4, 8, 52, 236, 300, 667, 747, pageBytes - 1])
        {
            byte[] primary = [.. whole], shadow = [.. whole], both = [.. whole];
            primary[offset] ^= 0xFF;
            shadow[pageBytes + offset] ^= 0xFF;
            both[offset] ^= 0xFF;
            both[pageBytes + offset] ^= 0xFF;

            var pair = HeaderPair.Read(primary);
            Assert.Equal((HeaderCopies.PrimaryBad, pageBytes), (pair.Copies, pair.PageSize.Bytes));
            Assert.Null(pair.Primary);
            Assert.Same(pair.Shadow, pair.Header);
            Assert.Equal(EseError.Success, pair.Judge());
            Assert.True(HeaderPair.LooksLikeDatabase(primary));

            pair = HeaderPair.Read(shadow);
            Assert.Equal((HeaderCopies.ShadowBad, pageBytes), (pair.Copies, pair.PageSize.Bytes));
            Assert.Same(pair.Primary, pair.Header);
            Assert.True(HeaderPair.LooksLikeDatabase(shadow));

            pair = HeaderPair.Read(both);
            Assert.Equal(HeaderCopies.BothBad, pair.Copies);
            Assert.Null(pair.Header);
            Assert.False(pair.IsReadable);
            Assert.True(pair.Judge() is EseError.ReadVerifyFailure or EseError.InvalidDatabaseVersion);
            Assert.Equal(pair.Judge(), Assert.Throws<EseException>(() => pair.Require("db1.edb")).Error);
        }
    }

    [Fact]
    public void A_zeroed_primary_leaves_the_shadow()
    {
        byte[] start = Start("clean-32768");
        start.AsSpan(0, 32768).Clear();
        Assert.Equal(HeaderCopies.PrimaryBad, HeaderPair.Read(start).Copies);
        Assert.True(HeaderPair.LooksLikeDatabase(start));
        start.AsSpan().Clear();
        Assert.Equal(EseError.ReadVerifyFailure, HeaderPair.Read(start).Judge());
        Assert.False(HeaderPair.LooksLikeDatabase(start));
    }

    [Fact]
    public void Where_whole_copies_differ_the_primary_counts()
    {
        byte[] start = Start("clean-4096");
        start[4096 + 52] = (byte)DatabaseState.DirtyShutdown;
        CorpusDatabases.Seal(start.AsSpan(4096, 4096));
        var pair = HeaderPair.Read(start);
        Assert.Equal(HeaderCopies.Different, pair.Copies);
        Assert.Equal(DatabaseState.CleanShutdown, pair.Header!.State);
        Assert.Equal(DatabaseState.DirtyShutdown, pair.Shadow!.State);
    }

    [Fact]
    public void No_page_size_means_4096_and_nothing_else()
    {
        byte[] start = Start("clean-4096");
        foreach (int offset in (int[])[0, 4096])
        {
            start.AsSpan(offset + 236, 4).Clear();
            CorpusDatabases.Seal(start.AsSpan(offset, 4096));
        }

        var pair = HeaderPair.Read(start);
        Assert.Equal((HeaderCopies.Identical, 4096), (pair.Copies, pair.PageSize.Bytes));
        BitConverter.TryWriteBytes(start.AsSpan(236), 8192);
        CorpusDatabases.Seal(start.AsSpan(0, 4096));
        Assert.Equal(HeaderCopies.PrimaryBad, HeaderPair.Read(start).Copies);
    }

    [Theory]
    [InlineData(0x500, EseError.Database500Format)]
    [InlineData(0x400, EseError.Database400Format)]
    [InlineData(0x200, EseError.Database200Format)]
    [InlineData(0x550, EseError.InvalidDatabaseVersion)]
    [InlineData(0x620, EseError.ReadVerifyFailure)]
    [InlineData(0x621, EseError.ReadVerifyFailure)]
    public void An_unreadable_header_still_tells_an_old_format(int version, EseError expected)
    {
        byte[] start = Start("clean-4096");
        start[103] ^= 0x80; // a bit that no change of the version can cancel in the checksum
        start[4096 + 103] ^= 0x80;
        BitConverter.TryWriteBytes(start.AsSpan(8), version);
        var pair = HeaderPair.Read(start);
        Assert.Equal(expected, pair.Judge());
        var failure = Assert.Throws<EseException>(() => pair.Require("old.edb"));
        Assert.Equal(expected, failure.Error);
        Assert.StartsWith("old.edb: ", failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Hint);
    }

    [Fact]
    public void A_checkpoint_is_whole_but_no_database()
    {
        // Its checksum has the same form and its bytes at 236 are zero.
        string path = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files", "edb.chk");
        var pair = HeaderPair.Read(CorpusDatabases.Start(path));
        Assert.True(pair.IsReadable);
        Assert.Equal(EseError.InvalidDatabaseVersion, Assert.Throws<EseException>(() => pair.Require("edb.chk")).Error);
    }

    [Fact]
    public void Any_length_is_read_without_failing()
    {
        byte[] start = Start("clean-4096");
        for (int length = 0; length <= 3 * 4096; length++)
        {
            var cut = start.AsSpan(0, length);
            var pair = HeaderPair.Read(cut);
            var expected = length >= 8192 ? HeaderCopies.Identical
                : length >= 4096 ? HeaderCopies.ShadowBad
                : HeaderCopies.BothBad;
            Assert.True(pair.Copies == expected, $"{length} bytes: {pair.Copies}");
            Assert.True(HeaderPair.LooksLikeDatabase(cut) == length >= DatabaseHeader.Size, $"{length} bytes");
            _ = pair.Judge();
        }
    }

    [Fact]
    public void A_short_file_is_read_without_failing()
    {
        string path = Path.Combine(GoldenSets.NewFolder(), "short.edb");
        byte[] start = Start("clean-4096");
        foreach (int length in (int[])[0, 1, 747, 4095, 4096, 8191, 8192])
        {
            File.WriteAllBytes(path, start[..length]);
            using var file = File.OpenHandle(path);
            Assert.Equal(HeaderPair.Read(start.AsSpan(0, length)).Copies, HeaderPair.Read(file).Copies);
        }
    }

    [Fact]
    public void Mutated_headers_give_verdicts()
    {
        string[] databases = [.. CorpusDatabases.Small];
        int readable = 0;
        for (int seed = 1; seed <= CorpusDatabases.Seeds; seed++)
        {
            var random = new Random(seed);
            byte[] start = CorpusDatabases.Start(databases[random.Next(databases.Length)]);
            int pageBytes = HeaderPair.Read(start).PageSize.Bytes;
            for (int i = random.Next(1, 40); i > 0; i--)
                start[random.Next(pageBytes * 2)] = (byte)random.Next(256);
            if (random.Next(2) == 0)
            {
                CorpusDatabases.Seal(start.AsSpan(0, pageBytes));
                CorpusDatabases.Seal(start.AsSpan(pageBytes, pageBytes));
            }

            try
            {
                int length = random.Next(4) == 0 ? random.Next(start.Length) : start.Length;
                var pair = HeaderPair.Read(start.AsSpan(0, length));
                _ = HeaderPair.LooksLikeDatabase(start);
                _ = pair.Judge();
                foreach (var header in (DatabaseHeader?[])[pair.Primary, pair.Shadow])
                {
                    if (header is null)
                        continue;
                    readable++;
                    foreach (var property in typeof(DatabaseHeader).GetProperties())
                        _ = property.GetValue(header)?.ToString();
                }
            }
            catch (Exception failure) when (failure is not EseException)
            {
                Assert.Fail($"seed {seed}: {failure}");
            }
        }

        Assert.True(readable > CorpusDatabases.Seeds / 2, $"{readable} mutated headers got past the checksum");
    }

    private static EseError Expected(DatabaseHeader header) =>
        header.Version.UpdateMajor > 290 ? EseError.InvalidDatabaseVersion
        : header.State == DatabaseState.CleanShutdown ? EseError.Success
        : header.IsUnrestoredCopy ? EseError.SoftRecoveryOnBackupDatabase
        : EseError.DatabaseDirtyShutdown;

    private static byte[] Start(string set) =>
        CorpusDatabases.Start(Path.Combine(GoldenSets.Small(set), "files", "db1.edb"));
}
