using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Logs;

/// <summary>What a crash leaves of a segment is told by its mark where the checksum of the format does not tell it.</summary>
public sealed class SegmentMarkTests
{
    private const int Sector = 512;

    [Fact]
    public void A_sector_of_equal_bytes_that_is_missing_is_seen()
    {
        byte[] segment = new byte[SegmentScan.Size];
        new Random(1).NextBytes(segment);
        segment.AsSpan(3 * Sector, 2 * Sector).Fill(0x90);
        segment.AsSpan(24, 8).Clear();
        SegmentMark.Write(segment, 17);
        Assert.True(SegmentMark.IsWhole(segment));
        Assert.Equal(17u, SegmentMark.Durable(segment));
        ulong checksum = XorEcc.Compute(segment, 5, isFirst: true);
        segment.AsSpan(3 * Sector, Sector).Clear();
        Assert.Equal(checksum, XorEcc.Compute(segment, 5, isFirst: true));
        Assert.False(SegmentMark.IsWhole(segment));
    }

    [Fact]
    public void Every_byte_but_the_checksum_counts()
    {
        byte[] segment = new byte[SegmentScan.Size];
        new Random(2).NextBytes(segment);
        SegmentMark.Write(segment, 3);
        for (int i = sizeof(ulong); i < segment.Length; i++)
        {
            segment[i] ^= 1;
            Assert.False(SegmentMark.IsWhole(segment), $"byte {i}");
            segment[i] ^= 1;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(segment, 0);
        Assert.True(SegmentMark.IsWhole(segment));
    }
}
