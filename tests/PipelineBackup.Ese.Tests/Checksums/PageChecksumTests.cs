using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests;

public sealed class PageChecksumTests
{
    public static TheoryData<int, uint, uint, bool, ulong[]> DocumentedPages => new()
    {
        { 4096, 7, 0x0803, false, [0x00000007884f659a] },
        { 2048, 3, 0x2802, false, [0x364f364f2c3be828] },
        { 4096, 7, 0x2802, false, [0x1e1c1e1c01e48874] },
        { 4096, 8, 0x2802, false, [0x1e1c1e1c01e4887b] },
        { 4096, 1, 0x2000, true, [0x7ed2012d00002001] },
        { 8192, 0x12345, 0xA802, false, [0xa6cea6cef5521190] },
        { 16384, 9, 0x2802, false, [0x1e521e52ecac04ed, 0x460239fdf4b73aaf, 0x178817887ae37111, 0x57965796320fe355] },
        { 32768, 100000, 0x12802, false,
            [0xa6a5a6a58eec9400, 0x401e401e48ed14e4, 0x965896586da2f845, 0x956095604ad8d4c4] },
        { 16384, 1, 0x2000, true, [0x7dd2022d00002001, 1, 1, 1] },
    };

    [Theory]
    [MemberData(nameof(DocumentedPages))]
    public void Documented_pages_have_their_checksums(int length, uint number, uint flags, bool zero, ulong[] expected)
    {
        var page = SamplePages.Make(length, number, (PageFlags)flags, zero);
        Assert.Equal(expected, expected.Select((_, block) => Stored(page, block)));
        Assert.True(PageChecksum.Verify(page, new(number)));
        Assert.False(PageChecksum.Verify(page, new(number + 1)));
    }

    [Fact]
    public void The_old_checksum_holds_the_number_and_the_sum()
    {
        var page = SamplePages.Make(4096, 7, (PageFlags)0x0803);
        Assert.Equal(0x00000007884f659aUL, PlainXor.Compute(page));
        Assert.Equal(new PageNumber(7), PlainXor.StoredNumber(page));
        Assert.True(PlainXor.Verify(page, new(7)));
        Assert.False(PlainXor.Verify(page, new(8)));
    }

    public static TheoryData<string, int[], ulong, int> DocumentedDamage => new()
    {
        { "D1", [12345], 0x51da2e2503e48874, 12345 },
        { "D2", [64], 0x61a31e5c01e48875, 64 },
        { "D3", [301], 0x60ce1f3101e4a874, -1 },
        { "D4", [8004, 16001], 0x3fd93fd901e48866, -1 },
    };

    [Theory]
    [MemberData(nameof(DocumentedDamage))]
    public void Documented_damage_is_told_apart(string id, int[] bits, ulong recomputed, int found)
    {
        var page = SamplePages.Make(4096, 7, (PageFlags)0x2802);
        ulong stored = Stored(page, 0);
        foreach (int bit in bits)
            SamplePages.FlipBit(page, bit);
        ulong computed = XorEcc.Compute(page, 7, isFirst: true);
        Assert.True(recomputed == computed, id);
        Assert.Equal(found, XorEcc.FindFlippedBit(stored, computed, 4096, isFirst: true));
        Assert.False(PageChecksum.Verify(page, new(7)));
        Assert.Equal(found, PageChecksum.Diagnose(page, new(7)).FirstBit);
    }

    [Fact]
    public void A_page_of_another_place_gives_its_number_away()
    {
        var page = SamplePages.Make(4096, 7, (PageFlags)0x2802);
        Assert.Equal(0x1e1c1e1c01e4887aUL, XorEcc.Compute(page, 9, isFirst: true));
        Assert.Equal(new PageNumber(7), PageChecksum.Diagnose(page, new(9)).Found);
        var large = SamplePages.Make(16384, 9, (PageFlags)0x2802);
        Assert.Equal(new PageNumber(9), PageChecksum.Diagnose(large, new(77)).Found);
        var old = SamplePages.Make(4096, 7, (PageFlags)0x0803);
        Assert.Equal(new PageNumber(7), PageChecksum.Diagnose(old, new(9)).Found);
    }

    [Fact]
    public void A_large_page_with_one_moved_block_gives_no_number_away()
    {
        var page = SamplePages.Make(16384, 9, (PageFlags)0x2802);
        var other = SamplePages.Make(16384, 12, (PageFlags)0x2802);
        other.AsSpan(48, 8).CopyTo(page.AsSpan(48));
        Assert.Equal(PageNumber.None, PageChecksum.Diagnose(page, new(9)).Found);
    }

    [Fact]
    public void A_flipped_bit_in_a_later_block_is_found()
    {
        var page = SamplePages.Make(16384, 9, (PageFlags)0x2802);
        SamplePages.FlipBit(page, 66313);
        Assert.Equal(0x6b7e14817ae37311UL, XorEcc.Compute(page.AsSpan(8192, 4096), 9, isFirst: false));
        Assert.Equal(66313, PageChecksum.Diagnose(page, new(9)).FirstBit);
    }

    [Fact]
    public void A_flipped_bit_in_the_stored_checksum_of_a_later_block_is_found_through_the_first()
    {
        var page = SamplePages.Make(16384, 9, (PageFlags)0x2802);
        SamplePages.FlipBit(page, 390);
        Assert.Equal(0x178817887ae37151UL, Stored(page, 2));
        Assert.Equal(0x602b1fd4ecac04adUL, XorEcc.Compute(page.AsSpan(0, 4096), 9, isFirst: true));

        var syndrome = PageChecksum.Diagnose(page, new(9));
        Assert.Equal((1, 390), (syndrome.Count, syndrome.FirstBit));
        syndrome.Flip(page);
        Assert.True(PageChecksum.Verify(page, new(9)));
    }

    private static ulong Stored(byte[] page, int block) =>
        BinaryPrimitives.ReadUInt64LittleEndian(page.AsSpan(block == 0 ? 0 : 32 + 8 * block));
}
