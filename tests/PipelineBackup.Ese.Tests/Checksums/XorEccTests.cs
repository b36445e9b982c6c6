using System.Buffers.Binary;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests;

public sealed class XorEccTests
{
    public static TheoryData<int, uint, bool, ulong> DocumentedBlocks => new()
    {
        { 2048, 0, true, 0x364436445df858e3 },
        { 4096, 0, true, 0x1e171e17702738bb },
        { 8192, 0, true, 0x5815a7ea8490021d },
        { 4096, 9, false, 0x61f91e06c9e81743 },
        { 4096, 0, false, 0x61f91e06c9e8174a },
        { 8192, 0, false, 0xa7fba7fb3d5f2dec },
    };

    [Theory]
    [MemberData(nameof(DocumentedBlocks))]
    public void Documented_blocks_have_their_checksums(int length, uint number, bool isFirst, ulong expected) =>
        Assert.Equal(expected, XorEcc.Compute(SamplePages.Generate(length), number, isFirst));

    [Theory]
    [InlineData(2048)]
    [InlineData(4096)]
    [InlineData(8192)]
    public void All_widths_of_registers_follow_the_definition(int length)
    {
        for (int seed = 0; seed < SamplePages.Seeds(200); seed++)
        {
            var random = new Random(seed);
            var buffer = new byte[length + 64];
            random.NextBytes(buffer);

            // Unaligned, and now and then nearly empty: a single bit shows a wrong index where noise might hide it.
            var block = buffer.AsSpan(random.Next(64), length);
            if (seed % 2 == 0)
            {
                block.Clear();
                SamplePages.FlipBit(block, random.Next(length * 8));
            }

            bool isFirst = random.Next(2) == 0;
            uint number = (uint)random.NextInt64(uint.MaxValue);
            ulong expected = Definition(block, number, isFirst);
            Assert.True(expected == XorEccKernel.Compute<Lanes64>(block, number, isFirst), $"seed {seed}: scalar");
            Assert.True(expected == XorEccKernel.Compute<Lanes128>(block, number, isFirst), $"seed {seed}: 128 bits");
            Assert.True(expected == XorEccKernel.Compute<Lanes256>(block, number, isFirst), $"seed {seed}: 256 bits");
            Assert.True(expected == XorEccKernel.Compute<Lanes512>(block, number, isFirst), $"seed {seed}: 512 bits");
            Assert.True(expected == XorEcc.Compute(block, number, isFirst), $"seed {seed}: chosen width");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    [InlineData(4095)]
    [InlineData(16384)]
    public void Other_lengths_are_refused(int length) =>
        Assert.Throws<ArgumentException>(() => XorEcc.Compute(new byte[length], 0, true));

    [Fact]
    public void Every_flipped_bit_is_found_where_it_is()
    {
        var block = SamplePages.Generate(4096);
        ulong stored = XorEcc.Compute(block, 5, isFirst: true);
        for (int bit = XorEcc.ChecksumBits; bit < block.Length * 8; bit++)
        {
            SamplePages.FlipBit(block, bit);
            ulong computed = XorEcc.Compute(block, 5, isFirst: true);
            Assert.Equal(bit, XorEcc.FindFlippedBit(stored, computed, block.Length));
            int mendable = bit == XorEcc.FormatBit ? -1 : bit;
            Assert.Equal(mendable, XorEcc.FindFlippedBit(stored, computed, block.Length, isFirst: true));
            SamplePages.FlipBit(block, bit);
        }
    }

    [Fact]
    public void A_flipped_bit_of_the_checksum_itself_is_not_explained_by_any_bit()
    {
        ulong computed = XorEcc.Compute(SamplePages.Generate(4096), 5, isFirst: true);
        for (int bit = 0; bit < 64; bit++)
            Assert.Equal(-1, XorEcc.FindFlippedBit(computed ^ 1UL << bit, computed, 4096, isFirst: true));
    }

    [Fact]
    public void Damage_that_looks_like_a_bit_of_the_excluded_checksum_is_not_explained()
    {
        ulong computed = XorEcc.Compute(SamplePages.Generate(4096), 5, isFirst: true);
        for (uint bit = 0; bit < 64; bit++)
        {
            ulong stored = computed ^ ((ulong)((bit ^ 32767) << 16 | bit) << 32 | 1u << (int)(bit % 32));
            Assert.Equal(-1, XorEcc.FindFlippedBit(stored, computed, 4096, isFirst: true));
            Assert.Equal((int)bit, XorEcc.FindFlippedBit(stored, computed, 4096));
        }
    }

    [Fact]
    public void A_flipped_bit_beside_a_damaged_checksum_is_not_explained()
    {
        var block = SamplePages.Generate(4096);
        ulong stored = XorEcc.Compute(block, 5, isFirst: true);
        SamplePages.FlipBit(block, 12345);
        ulong computed = XorEcc.Compute(block, 5, isFirst: true);
        for (int bit = 0; bit < 64; bit++)
            Assert.Equal(-1, XorEcc.FindFlippedBit(stored ^ 1UL << bit, computed, 4096, isFirst: true));
    }

    [Fact]
    public void Every_segment_of_the_golden_logs_matches()
    {
        int segments = 0;
        string folder = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");
        foreach (string path in Directory.EnumerateFiles(folder, "edb*.log"))
        {
            var log = File.ReadAllBytes(path);
            for (int index = 1; index < log.Length / 4096; index++)
            {
                var segment = log.AsSpan(index * 4096, 4096);
                if (!segment.ContainsAnyExcept((byte)0) || Path.GetFileName(path) == "edbtmp.log")
                    continue;
                ulong stored = BinaryPrimitives.ReadUInt64LittleEndian(segment);
                Assert.Equal(stored, XorEcc.Compute(segment, (uint)index, isFirst: true));
                segments++;
            }
        }

        Assert.InRange(segments, 300, 400);
    }

    /// <summary>The checksum bit by bit, as it is defined.</summary>
    private static ulong Definition(ReadOnlySpan<byte> block, uint number, bool isFirst)
    {
        uint xor = number, indices = 0, complements = 0, last = (uint)(block.Length * 8 - 1);
        for (uint bit = isFirst ? 64u : 0; bit <= last; bit++)
        {
            if ((block[(int)(bit / 8)] >> (int)(bit % 8) & 1) == 0)
                continue;
            xor ^= 1u << (int)(bit % 32);
            indices ^= bit;
            complements ^= last - bit;
        }

        return (ulong)complements << 48 | (ulong)indices << 32 | xor;
    }
}
