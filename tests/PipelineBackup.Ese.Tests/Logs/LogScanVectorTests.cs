namespace PipelineBackup.Ese.Tests.Logs;

/// <summary>The worked example of the format's description and the scenarios played on it.</summary>
public sealed class LogScanVectorTests
{
    private readonly byte[] _log = LogCorpus.Vector("edb00005.log");

    [Fact]
    public void The_generation_ends_behind_its_third_segment_and_was_closed()
    {
        var result = LogBytes.Scan(_log, collect: true);

        Assert.Equal(LogScanVerdict.Good, result.Verdict);
        Assert.Equal(3, result.LastValidSegment);
        Assert.Equal("(0x5,4,0)", result.End.ToString());
        Assert.Equal("(0x5,3,0)", result.CleanShutdown.ToString());
        Assert.Equal(0x0CA00CA0CC1B6377ul, result.AccumulatedChecksum);
        Assert.Equal((3, 1, 10), (result.ValidSegments, result.StaleSegments, result.EmptySegments));
        Assert.Equal([0x07DE07DEE58E2E6Cul, 0x772508DA576F17D6, 0x7C5B03A47EFA5ACD], result.Segments.Select(s => s.Checksum));
    }

    [Fact]
    public void A_torn_last_segment_comes_from_its_shadow()
    {
        new Random(3).NextBytes(_log.AsSpan(0x3200, 0x200));
        var result = LogBytes.Scan(_log);

        Assert.Equal(LogScanVerdict.Good, result.Verdict);
        Assert.Equal(3, result.TornSegment);
        Assert.Equal(0x0CA00CA0CC1B6377ul, result.AccumulatedChecksum);
        Assert.Equal("(0x5,3,0)", result.CleanShutdown.ToString());
        Assert.Equal(EseError.Success, result.Error);
        Assert.Equal(EseError.Success, result.ErrorFor(LogScanPurpose.SoftRecovery, isCurrentLog: false));
        Assert.Equal(EseError.LogTornWriteDuringHardRestore, result.ErrorFor(LogScanPurpose.HardRestore, isCurrentLog: true));
        Assert.Equal(EseError.LogTornWriteDuringHardRecovery, result.ErrorFor(LogScanPurpose.HardRecovery, isCurrentLog: false));
        Assert.Equal(EseError.Success, result.ErrorFor(LogScanPurpose.HardRecovery, isCurrentLog: true));
        Assert.Equal(EseError.LogReadVerifyFailure, result.ErrorFor(LogScanPurpose.Backup, isCurrentLog: true));
    }

    [Fact]
    public void A_shadow_with_a_flipped_bit_of_its_own_still_serves()
    {
        _log.AsSpan(0x3200, 0x200).Fill(0x5A);
        _log[0x3200] = 1;
        _log[0x4300] ^= 0x10;
        var result = LogBytes.Scan(_log);

        Assert.Equal((LogScanVerdict.Good, 3), (result.Verdict, result.TornSegment));
        Assert.Equal([new CorrectedBit(4, 0x300 * 8 + 4)], result.Corrected);
        Assert.Equal(0x0CA00CA0CC1B6377ul, result.AccumulatedChecksum);
        Assert.True(result.CleanShutdown.IsSet);
    }

    [Fact]
    public void A_zeroed_last_segment_is_a_lost_write_that_nobody_sees_here()
    {
        _log.SegmentAt(3).Clear();
        var result = LogBytes.Scan(_log);

        Assert.Equal((LogScanVerdict.Good, 2, 0), (result.Verdict, result.LastValidSegment, result.TornSegment));
        Assert.Equal(0x70FB0F04B2E139BAul, result.AccumulatedChecksum);
        Assert.False(result.CleanShutdown.IsSet);
    }

    [Fact]
    public void A_zeroed_segment_before_valid_ones_is_a_hole()
    {
        _log.SegmentAt(2).Clear();
        AssertCorrupt(LogScanVerdict.ValidSegmentAfterEmpty, 3, 1);
    }

    [Fact]
    public void A_segment_copied_over_the_next_looks_like_its_shadow_and_makes_a_hole()
    {
        _log.SegmentAt(1).CopyTo(_log.SegmentAt(2));
        AssertCorrupt(LogScanVerdict.ValidSegmentAfterEmpty, 3, 1);
    }

    [Fact]
    public void A_damaged_segment_without_shadow_is_corrupt()
    {
        new Random(5).NextBytes(_log.AsSpan(0x2200, 0x200));
        AssertCorrupt(LogScanVerdict.SegmentCorrupt, 2, 1);
    }

    [Fact]
    public void Junk_behind_the_end_is_corruption()
    {
        _log.SegmentAt(5).Fill(0x55);
        AssertCorrupt(LogScanVerdict.CorruptAfterEmptySegment, 5, 3);
    }

    [Fact]
    public void A_segment_from_the_future_is_corruption()
    {
        LogBytes.Reposition(_log.SegmentAt(2), new(new(6), 2, 0), 2);
        AssertCorrupt(LogScanVerdict.BadSegmentLgpos, 2, 1);
    }

    [Fact]
    public void A_segment_of_an_earlier_life_of_the_file_ends_the_log()
    {
        LogBytes.Reposition(_log.SegmentAt(3), new(new(4), 3, 0), 3);
        // The shadow of segment 3 says generation 5, but it is nobody's primary.
        var result = LogBytes.Scan(_log);
        Assert.Equal((LogScanVerdict.Good, 2, 2), (result.Verdict, result.LastValidSegment, result.StaleSegments));
    }

    [Fact]
    public void Every_flipped_bit_of_a_segment_is_corrected_but_those_of_the_checksum_and_the_format_bit()
    {
        var random = new Random(11);
        int[] bits = [.. Enumerable.Range(0, 330), .. Enumerable.Range(0, 600).Select(_ => random.Next(330, 32768)), 32767];
        foreach (int bit in bits)
        {
            byte[] log = [.. _log];
            log.SegmentAt(2)[bit >> 3] ^= (byte)(1 << (bit & 7));
            var result = LogBytes.Scan(log);
            bool lost = bit is < 64 or 301;
            Assert.True(result.IsGood != lost, $"bit {bit}: {result.Message}");
            if (!lost)
            {
                Assert.Equal([new CorrectedBit(2, bit)], result.Corrected);
                Assert.Equal(0x0CA00CA0CC1B6377ul, result.AccumulatedChecksum);
                Assert.Equal("(0x5,3,0)", result.CleanShutdown.ToString());
            }
        }
    }

    [Fact]
    public void A_flipped_bit_of_the_last_segment_does_not_hide_the_clean_shutdown()
    {
        _log[0x3030] ^= 0x40;
        var result = LogBytes.Scan(_log);
        Assert.Equal("(0x5,3,0)", result.CleanShutdown.ToString());
        Assert.Single(result.Corrected);
    }

    [Fact]
    public void A_flipped_bit_of_the_header_is_never_corrected()
    {
        for (int bit = 0; bit < 32768; bit += 97)
        {
            byte[] log = [.. _log];
            log[bit >> 3] ^= (byte)(1 << (bit & 7));
            var result = LogBytes.Scan(log);
            Assert.Equal((LogScanVerdict.CorruptHeader, EseError.LogFileCorrupt), (result.Verdict, result.Error));
            Assert.Equal(EseError.LogCorruptDuringHardRestore, result.ErrorFor(LogScanPurpose.HardRestore, false));
        }
    }

    [Fact]
    public void The_pieces_it_is_fed_in_do_not_matter()
    {
        new Random(3).NextBytes(_log.AsSpan(0x3200, 0x200));
        _log[0x1400] ^= 1;
        var whole = LogBytes.Scan(_log);
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var scanner = new LogScanner();
            for (int at = 0; at < _log.Length;)
            {
                int step = seed == 0 ? 4096 : Math.Min(random.Next(1, 12000), _log.Length - at);
                scanner.Append(_log.AsSpan(at, step));
                at += step;
            }

            var result = scanner.Complete();
            Assert.Equal((whole.Verdict, whole.End, whole.AccumulatedChecksum, whole.CleanShutdown, whole.TornSegment, whole.Message),
                (result.Verdict, result.End, result.AccumulatedChecksum, result.CleanShutdown, result.TornSegment, result.Message));
            Assert.Equal(whole.Corrected, result.Corrected);
        }
    }

    [Theory]
    [InlineData(0, LogScanVerdict.CorruptHeader)]
    [InlineData(4095, LogScanVerdict.CorruptHeader)]
    [InlineData(4096, LogScanVerdict.FileSizeMismatch)]
    [InlineData(0x5000, LogScanVerdict.FileSizeMismatch)]
    [InlineData(0xFFFF, LogScanVerdict.FileSizeMismatch)]
    public void A_file_cut_short_is_told_from_a_damaged_one(int length, LogScanVerdict verdict)
    {
        var result = LogBytes.Scan(_log.AsSpan(0, length));
        Assert.Equal(verdict, result.Verdict);
        Assert.Equal(verdict == LogScanVerdict.CorruptHeader ? EseError.LogFileCorrupt : EseError.LogFileSizeMismatch, result.Error);
        Assert.Equal(length, result.Length);
    }

    [Fact]
    public void A_file_too_long_is_a_size_mismatch()
    {
        var scanner = new LogScanner();
        scanner.Append(_log);
        Assert.False(scanner.IsDecided);
        scanner.Append([0]);
        Assert.True(scanner.IsDecided);
        Assert.Equal(LogScanVerdict.FileSizeMismatch, scanner.Complete().Verdict);
    }

    [Fact]
    public void A_segment_that_cannot_be_read_comes_from_its_shadow_too()
    {
        var scanner = new LogScanner();
        scanner.Append(_log.AsSpan(0, 0x3000));
        scanner.AppendUnreadable(0x1000);
        scanner.Append(_log.AsSpan(0x4000));
        var result = scanner.Complete();
        Assert.Equal((LogScanVerdict.Good, 3, 3), (result.Verdict, result.TornSegment, result.LastValidSegment));
    }

    [Fact]
    public void A_segment_and_its_shadow_that_cannot_be_read_are_an_input_error()
    {
        var scanner = new LogScanner();
        scanner.Append(_log.AsSpan(0, 0x3000));
        scanner.AppendUnreadable(0x2000);
        scanner.Append(_log.AsSpan(0x5000));
        var result = scanner.Complete();
        Assert.Equal((LogScanVerdict.IOError, 3, EseError.LogFileCorrupt), (result.Verdict, result.FailedSegment, result.Error));
    }

    [Fact]
    public void An_empty_generation_ends_where_it_begins()
    {
        _log.AsSpan(0x1000).Clear();
        var result = LogBytes.Scan(_log);
        Assert.Equal((LogScanVerdict.Good, "(0x5,1,0)", 0ul), (result.Verdict, result.End.ToString(), result.AccumulatedChecksum));
    }

    private void AssertCorrupt(LogScanVerdict verdict, int segment, int lastValid)
    {
        var result = LogBytes.Scan(_log);
        Assert.Equal((verdict, segment, lastValid), (result.Verdict, result.FailedSegment, result.LastValidSegment));
        Assert.Equal(EseError.LogFileCorrupt, result.Error);
        Assert.Equal(EseError.LogCorruptDuringHardRestore, result.ErrorFor(LogScanPurpose.HardRestore, isCurrentLog: false));
        Assert.Equal(EseError.LogCorruptDuringHardRecovery, result.ErrorFor(LogScanPurpose.HardRecovery, isCurrentLog: true));
        Assert.Equal(EseError.LogReadVerifyFailure, result.ErrorFor(LogScanPurpose.Backup, isCurrentLog: false));
        Assert.False(result.CleanShutdown.IsSet);
        Assert.Contains(verdict.ToString(), result.Message, StringComparison.Ordinal);
    }
}
