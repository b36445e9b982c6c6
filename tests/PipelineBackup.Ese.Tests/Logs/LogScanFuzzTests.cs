using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Logs;

/// <summary>Logs of version 8 changed at random: each change is made from a seed, and its verdict is known beforehand.</summary>
public sealed class LogScanFuzzTests
{
    private static readonly byte[][] s_logs =
        [.. new[] { "edb.log", "edb00000001.log", "edb00000007.log" }.Select(name => File.ReadAllBytes(LogCorpus.Basic(name)))];

    [Fact]
    public void Torn_lost_stale_and_shadowed_segments_are_told_apart()
    {
        for (int seed = 0; seed < LogBytes.Seeds(240); seed++)
        {
            var random = new Random(seed);
            byte[] log = [.. s_logs[random.Next(s_logs.Length)]];
            var before = LogBytes.Scan(log);
            int last = before.LastValidSegment, middle = random.Next(1, last - 1);
            Assert.True(before.IsGood && last > 4);
            string what = (seed % 8) switch
            {
                0 => Torn(random, log, last, before),
                1 => Lost(log, last, random.Next(1, 4)),
                2 => Expect(log, LogScanVerdict.SegmentCorrupt, middle, () => random.NextBytes(log.SegmentAt(middle)[(100 + random.Next(3000))..])),
                3 => Expect(log, LogScanVerdict.ValidSegmentAfterEmpty, middle + 1, () => log.SegmentAt(middle).Clear()),
                4 => Stale(random, log, before),
                5 => Expect(log, LogScanVerdict.BadSegmentLgpos, middle, () => LogBytes.Reposition(
                    log.SegmentAt(middle), new(before.Header!.Generation.Next, random.Next(30), 0), middle)),
                6 => Flipped(random, log, before),
                _ => Shadowed(log, last, before),
            };
            Assert.True(what.Length == 0, $"seed {seed}, segment {middle} or {last}: {what}");
        }
    }

    [Fact]
    public void A_scan_faces_any_bytes()
    {
        for (int seed = 0; seed < LogBytes.Seeds(300); seed++)
        {
            var random = new Random(seed);
            byte[] log = s_logs[random.Next(s_logs.Length)][..random.Next(70000, 131073)];
            for (int i = random.Next(1, 30); i > 0; i--)
            {
                int segment = random.Next(log.Length / LogBytes.Segment);
                log.SegmentAt(segment)[random.Next(random.Next(2) == 0 ? 48 : LogBytes.Segment)] = (byte)random.Next(256);
                if (segment == 0)
                    LogBytes.StampHeader(log);
                else if (random.Next(2) == 0)
                    LogBytes.StampSegment(log.SegmentAt(segment), segment - random.Next(8) / 7);
            }

            if (random.Next(2) == 0)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(log.AsSpan(12), (ushort)(log.Length / LogBytes.Segment));
                LogBytes.StampHeader(log);
                log = log[..(log.Length / LogBytes.Segment * LogBytes.Segment)];
            }

            try
            {
                var result = LogBytes.Scan(log, collect: true);
                Assert.True(result.Message.Length > 0 && result.Segments.Count == result.ValidSegments);
                Assert.Equal(result.IsGood, result.Error == EseError.Success);
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {exception}");
            }
        }
    }

    [Fact]
    public void The_measure_of_a_record_never_exceeds_its_bytes()
    {
        for (int seed = 0; seed < LogBytes.Seeds(20); seed++)
        {
            var random = new Random(seed);
            byte[] bytes = new byte[700];
            for (int type = 0; type < 256; type++)
            {
                random.NextBytes(bytes);
                if (random.Next(2) == 0)
                    bytes.AsSpan(random.Next(20)).Clear();
                bytes[0] = (byte)type;
                int length = random.Next(1, bytes.Length);
                int size = LogRecordCatalogue.Measure(bytes.AsSpan(0, length));
                Assert.True(size >= 0 && size <= length, $"seed {seed}, type {type}");
                Assert.True(type < 102 || size == 0, $"type {type}");
            }
        }
    }

    private static string Expect(byte[] log, LogScanVerdict verdict, int segment, Action damage)
    {
        damage();
        var result = LogBytes.Scan(log);
        return (result.Verdict, result.FailedSegment) == (verdict, segment) ? "" : $"{verdict} {segment} expected: {result.Message}";
    }

    private static string Torn(Random random, byte[] log, int last, LogScanResult before)
    {
        log.SegmentAt(last).CopyTo(log.SegmentAt(last + 1));
        log.AsSpan((last + 2) * LogBytes.Segment).Clear();
        random.NextBytes(log.SegmentAt(last)[random.Next(4000)..]);
        var result = LogBytes.Scan(log);
        return result.IsGood && result.TornSegment == last && result.End == before.End
            && result.AccumulatedChecksum == before.AccumulatedChecksum ? "" : $"torn: {result.Message}";
    }

    private static string Lost(byte[] log, int last, int count)
    {
        log.AsSpan((last - count + 1) * LogBytes.Segment).Clear();
        var result = LogBytes.Scan(log);
        return result.IsGood && result.LastValidSegment == last - count && result.TornSegment == 0 ? "" : $"lost: {result.Message}";
    }

    // A file used again: the segments behind the end are valid ones of an older generation.
    private static string Stale(Random random, byte[] log, LogScanResult before)
    {
        int from = random.Next(2, before.LastValidSegment + 1), last = before.Header!.SectorCount - 1;
        for (int i = from; i <= last; i++)
        {
            before.Header.Created.Write(log.SegmentAt(i)[16..]);
            log.SegmentAt(i)[37] |= 0x20;
            LogBytes.Reposition(log.SegmentAt(i), new(new(before.Header.Generation.Value - 1), i, 0), i);
        }

        var result = LogBytes.Scan(log);
        return result.IsGood && result.LastValidSegment == from - 1 && result.StaleSegments == last - from ? "" : $"stale: {result.Message}";
    }

    private static string Flipped(Random random, byte[] log, LogScanResult before)
    {
        int segment = random.Next(1, before.LastValidSegment + 1), bit = random.Next(302, 32768);
        log.SegmentAt(segment)[bit >> 3] ^= (byte)(1 << (bit & 7));
        var result = LogBytes.Scan(log);
        return result.IsGood && result.Corrected is [var corrected] && corrected == new CorrectedBit(segment, bit)
            && result.AccumulatedChecksum == before.AccumulatedChecksum && result.CleanShutdown == before.CleanShutdown
            ? ""
            : $"bit {bit} of segment {segment}: {result.Message}";
    }

    private static string Shadowed(byte[] log, int last, LogScanResult before)
    {
        log.SegmentAt(last).CopyTo(log.SegmentAt(last + 1));
        var result = LogBytes.Scan(log);
        return result.IsGood && result.End == before.End && result.StaleSegments >= (last + 1 < before.Header!.SectorCount - 1 ? 1 : 0)
            ? "" : $"shadow: {result.Message}";
    }
}
