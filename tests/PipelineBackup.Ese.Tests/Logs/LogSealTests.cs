using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Logs;

public sealed class LogSealTests
{
    private static readonly string s_file = Path.GetFullPath("/logs/edb.log");

    public static TheoryData<string> Torn => [.. Cases().Keys];

    [Theory]
    [MemberData(nameof(Torn))]
    public void A_torn_log_is_mended_in_the_file_whenever_it_is_interrupted(string name)
    {
        byte[] log = Cases()[name];
        var scan = LogBytes.Scan(log);
        Assert.True(scan.IsGood && scan.TornSegment != 0, scan.Message);
        var records = LogFiles.ReadAll([.. log]).Select(record => Convert.ToHexString(record.Bytes)).ToList();
        bool done = false;
        for (int step = 1; !done; step++)
        {
            foreach (var kind in Enum.GetValues<CrashKind>())
            {
                var disk = new SimulatedDisk { Unit = 512, KillAtStep = step }.Put(s_file, log);
                done = Sealed(disk);
                disk.Crash(kind, new(step));
                Assert.True(LogBytes.Scan(disk.ReadAll(s_file)).IsGood, $"step {step}, {kind}");
                Assert.True(Sealed(disk));
                byte[] mended = disk.ReadAll(s_file);
                var now = LogBytes.Scan(mended);
                Assert.Equal((LogScanVerdict.Good, 0), (now.Verdict, now.TornSegment));
                Assert.Equal(scan.AccumulatedChecksum, now.AccumulatedChecksum);
                // The new checksum record in place of a lost one is one more record.
                Assert.Equal(records.Where(IsNoChecksum), LogFiles.ReadAll(mended).Select(r => Convert.ToHexString(r.Bytes)).Where(IsNoChecksum));
            }
        }
    }

    [Fact]
    public void A_sound_log_is_left_alone()
    {
        var disk = new SimulatedDisk().Put(s_file, File.ReadAllBytes(LogCorpus.Basic("edb.log")));
        Assert.True(Sealed(disk));
        Assert.Empty(disk.Changed);
    }

    private static bool IsNoChecksum(string record) => !record.StartsWith("2A", StringComparison.Ordinal);

    private static bool Sealed(SimulatedDisk disk)
    {
        try
        {
            LogSeal.Apply(disk, s_file, LogBytes.Scan(disk.ReadAll(s_file)));
            return true;
        }
        catch (SimulatedCrashException)
        {
            return false;
        }
    }

    private static Dictionary<string, byte[]> Cases()
    {
        byte[] begins = [5, 1, 0, 0, 5, 1, 0, 0, 5, 1, 0, 0];
        var shadow = new LegacyLogWriter();
        int next = shadow.Put(4096, begins, isLast: false);
        shadow.Put(next, begins, isLast: true, shadow: true);
        shadow.File[next + 25] ^= 7;

        var never = new LegacyLogWriter();
        never.Put(4096, begins, isLast: false);

        var cut = new LegacyLogWriter();
        byte[] trace = new byte[1500];
        new Random(4).NextBytes(trace);
        cut.Put(4096, [.. begins, 22, 0, 0, 0xD7, 5, .. trace], isLast: true);
        LegacyLogWriter.Pattern(512).CopyTo(cut.File, 4096 + 1024);

        var still = new LegacyLogWriter();
        still.Put(4096, begins, isLast: true, shadow: true);
        byte[] old = still.File[4608..5120];
        still.Put(4096, [.. Enumerable.Repeat(begins, 40).SelectMany(b => b), .. new byte[10]], isLast: false, nextOffset: 44);
        old.CopyTo(still.File, 4608);
        return new()
        {
            ["the shadow of a damaged sector"] = shadow.File, ["a record never written"] = never.File,
            ["a range whose first sector alone is there"] = cut.File, ["a sector that still is a shadow"] = still.File,
            ["a segment with a shadow"] = TornSegment(),
        };
    }

    private static byte[] TornSegment()
    {
        byte[] log = LogFiles.Of([5, 1, 0, 0], [6, 1, 0, 0]);
        log.SegmentAt(2).CopyTo(log.SegmentAt(3));
        new Random(5).NextBytes(log.SegmentAt(2)[2000..]);
        return log;
    }
}
