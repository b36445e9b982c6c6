using PipelineBackup.Ese.Tests.Logs;

namespace PipelineBackup.Ese.Tests.Checksums;

public sealed class LegacyLogChecksumTests
{
    private static readonly LogGeneration s_nine = new(9);

    [Fact]
    public void The_example_of_one_sector_verifies()
    {
        byte[] sector = LogCorpus.Vector("legacy_single_512.bin");
        var record = LegacyLogChecksum.Read(sector);

        Assert.Equal((0u, 12u, 0u), (record.Backwards, record.Forwards, record.Next));
        Assert.Equal((0xEFEDBE34u, 0u, false, true), (record.Long, record.Short, record.HasShort, record.IsMarked));
        Assert.Equal(record.Long, record.ComputeLong([], sector.AsSpan(22, 12), s_nine));
        Assert.Equal(0xB53DE0F3u, record.Long ^ LegacyLogChecksum.ShadowMask);
        Assert.NotEqual(record.Long, record.ComputeLong([], sector.AsSpan(22, 12), new(8)));
    }

    [Fact]
    public void The_example_of_two_sectors_verifies()
    {
        byte[] sectors = LogCorpus.Vector("legacy_multi_1024.bin");
        var record = LegacyLogChecksum.Read(sectors.AsSpan(18));

        Assert.Equal((18u, 984u, true), (record.Backwards, record.Forwards, record.HasShort));
        Assert.Equal(0xC2B9FB9Bu, record.ComputeLong(sectors.AsSpan(0, 18), sectors.AsSpan(40), s_nine));
        Assert.Equal(0xE2F985EAu, record.ComputeShort(sectors.AsSpan(0, 18), sectors.AsSpan(40, 472), s_nine));
        Assert.Equal((record.Long, record.Short), (0xC2B9FB9Bu, 0xE2F985EAu));
    }

    [Fact]
    public void The_fill_pattern_is_recognised_to_the_byte()
    {
        byte[] pattern = LegacyLogWriter.Pattern(1024);
        Assert.Equal((0xDA, 0xEA, 0xFA, 0x0A, 0xDA, 0xCA), (pattern[0], pattern[16], pattern[32], pattern[48], pattern[256], pattern[496]));
        Assert.True(LegacyLogChecksum.IsPattern(pattern));
        for (int i = 0; i < pattern.Length; i += 7)
        {
            pattern[i] ^= 1;
            Assert.False(LegacyLogChecksum.IsPattern(pattern));
            pattern[i] ^= 1;
        }

        Assert.False(LegacyLogChecksum.IsPattern(pattern.AsSpan(0, 1000)));
    }
}
