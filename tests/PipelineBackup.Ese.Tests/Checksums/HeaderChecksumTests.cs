namespace PipelineBackup.Ese.Tests;

public sealed class HeaderChecksumTests
{
    [Theory]
    [InlineData(4096, false, 0x0B6617D0)]
    [InlineData(8192, false, 0xFFD12D76)]
    [InlineData(4096, true, 0x89ABCDEF)]
    public void Documented_headers_have_their_checksums(int length, bool zero, uint expected) =>
        Assert.Equal(expected, HeaderChecksum.Compute(zero ? new byte[length] : SamplePages.Generate(length)));

    [Fact]
    public void The_first_word_does_not_take_part()
    {
        var header = SamplePages.Generate(4096);
        header.AsSpan(0, 4).Fill(0xAA);
        Assert.Equal(0x0B6617D0u, HeaderChecksum.Compute(header));
    }

    [Fact]
    public void Every_other_flipped_bit_shows()
    {
        var header = SamplePages.Generate(4096);
        BitConverter.TryWriteBytes(header, HeaderChecksum.Compute(header));
        for (int bit = 0; bit < header.Length * 8; bit += 5)
        {
            SamplePages.FlipBit(header, bit);
            Assert.False(HeaderChecksum.Verify(header), $"bit {bit}");
            SamplePages.FlipBit(header, bit);
        }

        Assert.True(HeaderChecksum.Verify(header));
    }
}
