using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests;

public sealed class PageInspectorTests
{
    private static readonly PageNumber s_number = new(42);

    [Theory]
    [InlineData(2048)]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(16384)]
    [InlineData(32768)]
    public void A_sound_page_is_intact_at_every_depth(int pageBytes)
    {
        var page = SamplePages.MakeLeaf(pageBytes, 42, 40);
        foreach (var depth in Enum.GetValues<InspectionDepth>())
        {
            Assert.Equal(default, PageInspector.Inspect(page, s_number, FlushType.Rock, depth));
            Assert.Equal(PageFinding.Ok, PageInspector.InspectAndRepair(page, s_number, FlushType.Rock, depth).Finding);
        }
    }

    [Fact]
    public void A_zero_page_was_never_written_unless_the_flush_map_knows_better()
    {
        var page = new byte[8192];
        var verdict = PageInspector.Inspect(page, s_number);
        Assert.Equal((PageFinding.Uninitialized, EseError.PageNotInitialized), (verdict.Finding, verdict.Error));
        Assert.True(verdict.IsAcceptable);

        verdict = PageInspector.Inspect(page, s_number, FlushType.Paper);
        Assert.Equal((PageFinding.LostFlush, EseError.ReadLostFlushVerifyFailure), (verdict.Finding, verdict.Error));
        Assert.False(verdict.IsAcceptable);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4097)]
    [InlineData(12288)]
    [InlineData(65536)]
    public void Another_length_than_a_page_has_is_a_truncated_page(int length)
    {
        var verdict = PageInspector.InspectAndRepair(new byte[length], s_number);
        Assert.Equal((PageFinding.Truncated, EseError.FileIOBeyondEOF), (verdict.Finding, verdict.Error));
        Assert.Equal("truncated (-4001): the page is not there in full", verdict.ToString());
    }

    [Fact]
    public void A_page_of_another_place_fails_its_checksum_and_tells_its_number()
    {
        foreach (int pageBytes in PageSize.All)
        {
            var verdict = PageInspector.InspectAndRepair(SamplePages.MakeLeaf(pageBytes, 62, 5), s_number);
            Assert.Equal((PageFinding.ChecksumMismatch, EseError.ReadVerifyFailure), (verdict.Finding, verdict.Error));
            Assert.Equal(new PageNumber(62), verdict.FoundNumber);
            Assert.False(verdict.IsMendable);
            Assert.Equal("checksum mismatch (-1018): by its checksum this is page 62", verdict.ToString());
        }
    }

    [Fact]
    public void A_large_page_whose_own_number_differs_under_a_good_checksum_is_a_number_mismatch()
    {
        var page = SamplePages.MakeLeaf(16384, 42, 5);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(64), 43);
        PageChecksum.Write(page, s_number);
        var verdict = PageInspector.Inspect(page, s_number);
        Assert.Equal((PageFinding.PageNumberMismatch, EseError.PageNumberMismatch), (verdict.Finding, verdict.Error));
        Assert.Equal(new PageNumber(43), verdict.FoundNumber);
    }

    [Fact]
    public void Flush_marks_must_agree_when_both_are_known()
    {
        foreach (var written in Enum.GetValues<FlushType>())
        {
            foreach (var recorded in Enum.GetValues<FlushType>())
            {
                var page = SamplePages.MakeLeaf(4096, 42, 5, written);
                bool agree = written == recorded || written == FlushType.Unknown || recorded == FlushType.Unknown;
                var verdict = PageInspector.Inspect(page, s_number, recorded, InspectionDepth.Checksum);
                Assert.Equal(agree ? PageFinding.Ok : PageFinding.LostFlush, verdict.Finding);
            }
        }
    }

    [Fact]
    public void A_flipped_bit_is_corrected_only_where_that_is_asked_for()
    {
        var page = SamplePages.MakeLeaf(4096, 42, 40);
        var intact = page.ToArray();
        SamplePages.FlipBit(page, 7777);

        var seen = PageInspector.Inspect(page, s_number);
        Assert.Equal((PageFinding.ChecksumMismatch, true, 7777), (seen.Finding, seen.IsMendable, seen.FirstBit));
        Assert.Equal("checksum mismatch (-1018): bit 7777 is flipped and can be corrected", seen.ToString());

        var mended = PageInspector.InspectAndRepair(page, s_number);
        Assert.Equal((PageFinding.Corrected, EseError.Success, 7777), (mended.Finding, mended.Error, mended.FirstBit));
        Assert.True(mended.IsAcceptable);
        Assert.Equal("corrected: bit 7777 was flipped", mended.ToString());
        Assert.Equal(intact, page);
    }

    [Fact]
    public void One_flipped_bit_in_each_block_of_a_large_page_is_corrected()
    {
        var page = SamplePages.MakeLeaf(32768, 42, 500);
        var intact = page.ToArray();
        foreach (int bit in (int[])[(40 + 8) * 8 + 3, 65536 + 1, 131072 + 65535, 196608])
            SamplePages.FlipBit(page, bit);
        var verdict = PageInspector.InspectAndRepair(page, s_number);
        Assert.Equal((PageFinding.Corrected, (byte)4, 387), (verdict.Finding, verdict.Bits, verdict.FirstBit));
        Assert.Equal(intact, page);
    }

    [Fact]
    public void A_block_that_cannot_be_corrected_leaves_all_of_the_page_as_it_was()
    {
        var page = SamplePages.MakeLeaf(16384, 42, 200);
        SamplePages.FlipBit(page, 5000);
        SamplePages.FlipBit(page, 100000);
        SamplePages.FlipBit(page, 100001);
        var damaged = page.ToArray();
        var verdict = PageInspector.InspectAndRepair(page, s_number);
        Assert.Equal((PageFinding.ChecksumMismatch, false), (verdict.Finding, verdict.IsMendable));
        Assert.Equal(damaged, page);
    }

    [Fact]
    public void A_page_that_is_unsound_once_corrected_is_not_corrected_at_any_depth()
    {
        foreach (var depth in Enum.GetValues<InspectionDepth>())
        {
            // Two nodes in the wrong order: only the full check sees it.
            var page = SamplePages.MakeLeaf(4096, 42, 10);
            SamplePages.Tag(page, 3, 90, 30);
            SamplePages.Tag(page, 4, 60, 30);
            PageChecksum.Write(page, s_number);
            Assert.Equal(depth == InspectionDepth.Full ? PageFinding.LogicalDamage : PageFinding.Ok,
                PageInspector.Inspect(page, s_number, depth: depth).Finding);

            SamplePages.FlipBit(page, 7777);
            var damaged = page.ToArray();
            var verdict = PageInspector.InspectAndRepair(page, s_number, depth: depth);
            Assert.Equal((PageFinding.ChecksumMismatch, PageRule.KeyOrder, EseError.ReadVerifyFailure),
                (verdict.Finding, verdict.Rule, verdict.Error));
            Assert.False(verdict.IsMendable);
            Assert.Equal(PageNumber.None, verdict.FoundNumber);
            Assert.EndsWith("(-1018): corrected it would be no sound page, keys out of order", verdict.ToString());
            Assert.Equal(damaged, page);
        }
    }

    [Fact]
    public void A_corrected_page_still_has_to_be_the_one_that_was_written_last()
    {
        var page = SamplePages.MakeLeaf(4096, 42, 10, FlushType.Rock);
        SamplePages.FlipBit(page, 7777);
        var damaged = page.ToArray();
        Assert.Equal(PageFinding.LostFlush, PageInspector.InspectAndRepair(page, s_number, FlushType.Paper).Finding);
        Assert.Equal(damaged, page);
    }

    [Fact]
    public void Logical_damage_names_its_rule()
    {
        var page = SamplePages.MakeLeaf(4096, 42, 10);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(28), 1);
        PageChecksum.Write(page, s_number);
        var verdict = PageInspector.Inspect(page, s_number);
        Assert.Equal((PageFinding.LogicalDamage, PageRule.SpaceSum), (verdict.Finding, verdict.Rule));
        Assert.Equal(EseError.DatabaseCorrupted, verdict.Error);
        Assert.StartsWith("logical damage (-1206): lines, free bytes and tags do not", verdict.ToString());
        Assert.Equal(PageFinding.Ok, PageInspector.Inspect(page, s_number, depth: InspectionDepth.Checksum).Finding);
    }

    [Fact]
    public void Old_pages_are_verified_but_never_corrected()
    {
        var page = SamplePages.MakeLeaf(4096, 42, 10);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(36), (uint)(PageFlags.Leaf | PageFlags.NewRecordFormat));
        PageChecksum.Write(page, s_number);
        Assert.Equal(PageFinding.Ok, PageInspector.Inspect(page, s_number, depth: InspectionDepth.Full).Finding);
        Assert.Equal(s_number, PageInspector.Inspect(page, new(43)).FoundNumber);
        SamplePages.FlipBit(page, 7777);
        Assert.Equal(PageFinding.ChecksumMismatch, PageInspector.InspectAndRepair(page, s_number).Finding);
    }
}
