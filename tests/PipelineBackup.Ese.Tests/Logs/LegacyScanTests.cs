using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Logs;

public sealed class LegacyScanTests
{
    // Begin (4 bytes) thrice, and Term (18 bytes).
    private static readonly byte[] s_begins = [5, 1, 0, 0, 5, 1, 0, 0, 5, 1, 0, 0];
    private static readonly byte[] s_term = [2, .. new byte[17]];

    [Theory]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(4096)]
    public void A_chain_is_followed_to_its_end(int sector)
    {
        byte[] log = Chain(sector, out int last);
        var result = LogBytes.Scan(log);

        Assert.Equal("Good", result.Verdict + (result.IsGood ? "" : result.Message));
        Assert.Equal(new LogPosition(new(9), last / sector, 22 + 12 + 18), result.End);
        Assert.Equal(new LogPosition(new(9), last / sector, 22 + 12), result.CleanShutdown);
        Assert.Equal((3, 1, 0), (result.ValidSegments, result.StaleSegments, result.TornSegment));
        Assert.Equal(0ul, result.AccumulatedChecksum);
    }

    [Fact]
    public void A_log_without_a_record_is_empty()
    {
        var result = LogBytes.Scan(new LegacyLogWriter().File);
        Assert.Equal((LogScanVerdict.Good, "(0x9,8,0)"), (result.Verdict, result.End.ToString()));
        Assert.False(result.CleanShutdown.IsSet);
    }

    [Fact]
    public void A_damaged_last_sector_comes_from_its_shadow()
    {
        byte[] log = Chain(512, out int last);
        foreach (int at in (int[])[last, last + 13, last + 21, last + 30, last + 51])
        {
            byte[] torn = [.. log];
            torn[at] ^= 0x55;
            var result = LogBytes.Scan(torn);
            Assert.Equal((LogScanVerdict.Good, last / 512), (result.Verdict, result.TornSegment));
            Assert.Equal(new LogPosition(new(9), last / 512, 52), result.End);
            Assert.True(result.CleanShutdown.IsSet);
        }
    }

    [Fact]
    public void A_sector_that_still_is_the_shadow_of_its_predecessor_ends_the_log()
    {
        // First flush: one sector, its shadow behind it. Second: the sector completed, the next one never written.
        var writer = new LegacyLogWriter();
        writer.Put(4096, s_begins, isLast: true, shadow: true);
        byte[] old = writer.File[4608..5120];
        writer.Put(4096, [.. s_begins, .. Enumerable.Repeat(s_begins, 39).SelectMany(b => b), .. new byte[10]], isLast: false);
        old.CopyTo(writer.File, 4608);
        var result = LogBytes.Scan(writer.File);

        Assert.Equal((LogScanVerdict.Good, 9), (result.Verdict, result.TornSegment));
        Assert.Equal("(0x9,9,0)", result.End.ToString());
        Assert.Equal(EseError.LogFileCorrupt, result.ErrorFor(LogScanPurpose.SoftRecovery, isCurrentLog: false));
    }

    [Fact]
    public void A_record_never_written_is_a_torn_write_when_nothing_follows()
    {
        var writer = new LegacyLogWriter();
        int next = writer.Put(4096, s_begins, isLast: false);
        var result = LogBytes.Scan(writer.File);
        Assert.Equal((LogScanVerdict.Good, next / 512), (result.Verdict, result.TornSegment));
        Assert.Equal(new LogPosition(new(9), 8, 34), result.End);

        writer.File[30 * 512] = 1;
        Assert.Equal(LogScanVerdict.ChecksumRecordCorrupt, LogBytes.Scan(writer.File).Verdict);
    }

    [Fact]
    public void A_range_that_never_reached_the_disk_is_cut_to_its_first_sector()
    {
        var writer = new LegacyLogWriter();
        // Not of zeros: XOR cannot tell them from the pattern.
        byte[] trace = new byte[1500];
        new Random(4).NextBytes(trace);
        writer.Put(4096, trace, isLast: true);
        Assert.Equal("(0x9,B,0)", LogBytes.Scan(writer.File).End.ToString());
        LegacyLogWriter.Pattern(512).CopyTo(writer.File, 4096 + 1024);
        var result = LogBytes.Scan(writer.File);
        Assert.Equal((LogScanVerdict.Good, 9, "(0x9,9,0)"), (result.Verdict, result.TornSegment, result.End.ToString()));
        writer.File[^1] ^= 1;
        Assert.Equal((LogScanVerdict.ChecksumRangeCorrupt, 8), LogBytes.Scan(writer.File) is var r ? (r.Verdict, r.FailedSegment) : default);
    }

    [Fact]
    public void Something_behind_the_end_is_corruption()
    {
        byte[] log = Chain(512, out _);
        log[^3] = 7;
        var result = LogBytes.Scan(log);
        Assert.Equal((LogScanVerdict.DataAfterEnd, log.Length / 512 - 1), (result.Verdict, result.FailedSegment));
    }

    [Fact]
    public void A_record_voided_by_a_repair_does_not_hide_the_closing_one()
    {
        // The first range ends inside a record of 100 bytes; recovery went on behind a new checksum record.
        var writer = new LegacyLogWriter();
        byte[] cut = [.. s_begins, 22, 1, 0, 95, 0, .. new byte[8]];
        int next = writer.Put(4096, cut, isLast: false, nextOffset: 40);
        writer.Put(next, s_term, isLast: true, coverBefore: false);
        var result = LogBytes.Scan(writer.File);
        Assert.Equal(LogScanVerdict.Good, result.Verdict);
        Assert.Equal(new LogPosition(new(9), next / 512, 62), result.CleanShutdown);
    }

    [Fact]
    public void Pieces_do_not_matter_and_a_cut_file_is_a_size_mismatch()
    {
        byte[] log = Chain(512, out _);
        var scanner = new LogScanner();
        for (int at = 0; at < log.Length; at += 700)
            scanner.Append(log.AsSpan(at, Math.Min(700, log.Length - at)));
        Assert.True(scanner.Complete().CleanShutdown.IsSet);
        Assert.Equal(LogScanVerdict.FileSizeMismatch, LogBytes.Scan(log.AsSpan(0, log.Length - 512)).Verdict);
        Assert.Equal(LogScanVerdict.FileSizeMismatch, LogBytes.Scan([.. log, 0]).Verdict);
    }

    [Fact]
    public void Any_damage_of_a_chain_gets_a_verdict()
    {
        List<byte[]> originals = [Chain(512, out _), Chain(4096, out _)];
        if (GoldenSets.HasCorpus)
            originals.Add(File.ReadAllBytes(Path.Combine(GoldenSets.Real("V7b_kinect_car4copy_dirty_v7"), "edb.log")));
        int good = 0, bad = 0;
        for (int seed = 0; seed < LogBytes.Seeds(150); seed++)
        {
            var random = new Random(seed);
            byte[] log = [.. originals[seed % originals.Count]];
            Mutate(random, log);
            try
            {
                _ = LogBytes.Scan(log).IsGood ? good++ : bad++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {exception}");
            }
        }

        Assert.True(bad > good && good > 0, $"good {good}, bad {bad}");
    }

    // Lengths and links are hit often; half the time the checksum of the record is made right again.
    private static void Mutate(Random random, byte[] log)
    {
        int sector = log[9] << 8;
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = LogHeader.Size + random.Next(0, 4) * (random.Next(2) == 0 ? 1 : sector / 16);
            if (random.Next(3) > 0)
                at += random.Next(1, 14);
            log[Math.Min(at, log.Length - 1)] = (byte)random.Next(random.Next(2) == 0 ? 4 : 256);
        }

        if (random.Next(8) == 0)
            random.NextBytes(log.AsSpan(random.Next(LogHeader.Size, log.Length - 600), 600));
        if (random.Next(2) == 0 && log[LogHeader.Size] == LegacyLogChecksum.RecordType)
            Restamp(log, sector);
    }

    private static void Restamp(byte[] log, int sector)
    {
        const int At = LogHeader.Size, Behind = LogHeader.Size + LegacyLogChecksum.Size;
        var record = LegacyLogChecksum.Read(log.AsSpan(At));
        if (record.Forwards > log.Length - Behind)
            return;
        var generation = new LogGeneration(BitConverter.ToInt32(log, 4));
        BitConverter.TryWriteBytes(log.AsSpan(At + 13), record.ComputeLong([], log.AsSpan(Behind, (int)record.Forwards), generation));
        if (record.HasShort)
            BitConverter.TryWriteBytes(log.AsSpan(At + 17), record.ComputeShort([], log.AsSpan(Behind..(At + sector)), generation));
    }

    private static byte[] Chain(int sector, out int last)
    {
        var writer = new LegacyLogWriter(sector);
        int next = writer.Put(LogHeader.Size, s_begins, isLast: false);
        next = writer.Put(next, new byte[sector * 2], isLast: false);
        last = next;
        writer.Put(next, [.. s_begins, .. s_term], isLast: true, shadow: true);
        return writer.File;
    }
}
