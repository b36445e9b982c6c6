using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Logs;

public sealed class LogScanCorpusTests
{
    [Fact]
    public void Every_golden_log_is_sound()
    {
        int count = 0;
        foreach (string set in (string[])["clean-4096", "clean-32768", "dirty-basic-4096", "dirty-empty-4096", "extbackup-4096", "jetbackup-4096"])
        {
            foreach (string path in LogCorpus.Logs(GoldenSets.Small(set)))
            {
                AssertSound(path);
                count++;
            }
        }

        Assert.True(count > 20, $"only {count} logs");
    }

    [Fact]
    public void Every_corpus_log_ends_where_the_engine_says_and_sums_to_the_same()
    {
        GoldenSets.RequireCorpus();
        int compared = 0, scanned = 0;
        foreach (string set in GoldenSets.EngineSets)
        {
            string folder = GoldenSets.Engine(set);
            if (set == "damaged")
                continue;
            var files = LogCorpus.Logs(folder).ToList();
            var dumps = LogCorpus.Dumps(folder).ToList();
            foreach (string file in files)
            {
                AssertSound(file);
                scanned++;
            }

            foreach (var dump in dumps)
            {
                string path = files.First(f => Path.GetFileName(f) == dump.File && Covers(f, dump));
                var result = LogFileReader.Scan(path, collectSegments: true);
                Assert.Equal(dump.End, result.End);
                Assert.Equal(dump.Accumulated, result.AccumulatedChecksum);
                Assert.Equal(dump.Lines.Count(line => line.StartsWith("Segment Checksum", StringComparison.Ordinal)), result.Segments.Count);
                compared++;
            }
        }

        Assert.True(compared >= 400 && scanned >= compared, $"compared {compared}, scanned {scanned}");
    }

    [Theory]
    [InlineData("V1_srum_srv2022_A", "SRU00001.log", "(0x1,F,0)", "(0x0,0,0)", 0x4b4234bda3abea3d)]
    [InlineData("V1_srum_srv2022_A", "SRU.log", "(0x2,3,0)", "(0x2,2,0)", 0x58fe2701a7baa8ee)]
    [InlineData("V2_srum_srv2022_B", "SRU.log", "(0x5,7,0)", "(0x5,6,0)", 0x3a2045dfc0dc89ed)]
    [InlineData("V2_srum_srv2022_B", "SRUtmp.log", "(0x2,F,0)", "(0x0,0,0)", 0x06fb06fbbf6c8257)]
    [InlineData("V3_srum_win11_dirty", "SRU.log", "(0x5C,A,0)", "(0x0,0,0)", 0x1b431b4359887d98)]
    [InlineData("V3_srum_win11_dirty", "SRU0005B.log", "(0x5B,F,0)", "(0x0,0,0)", 0x45b445b4f2360844)]
    [InlineData("V6_roslyn_v7_512", "edb.log", "(0x1,7C,17B)", "(0x1,7C,161)", 0)]
    [InlineData("V7a_kinect_car4_clean_v7", "edb.log", "(0x9,8F,249)", "(0x9,8F,22F)", 0)]
    [InlineData("V7a_kinect_car4_clean_v7", "edb00008.log", "(0x8,1FF,0)", "(0x0,0,0)", 0)]
    [InlineData("V7b_kinect_car4copy_dirty_v7", "edb.log", "(0x9,A0,0)", "(0x0,0,0)", 0)]
    public void Logs_of_real_machines_end_where_they_should(string set, string file, string end, string closed, ulong sum)
    {
        var result = LogFileReader.Scan(Path.Combine(GoldenSets.Real(set), file));

        Assert.Equal("Good", $"{result.Verdict}{(result.IsGood ? "" : " " + result.Message)}");
        Assert.Equal(end, result.End.ToString());
        Assert.Equal(closed, result.CleanShutdown.ToString());
        Assert.Equal(sum, result.AccumulatedChecksum);
        Assert.Equal(set.StartsWith("V7b", StringComparison.Ordinal), result.TornSegment != 0);
    }

    [Fact]
    public void A_torn_write_of_version_7_is_mended_in_the_current_log_only()
    {
        var result = LogFileReader.Scan(Path.Combine(GoldenSets.Real("V7b_kinect_car4copy_dirty_v7"), "edb.log"));

        Assert.Equal(160, result.TornSegment);
        Assert.Equal(EseError.Success, result.Error);
        Assert.Equal(EseError.LogFileCorrupt, result.ErrorFor(LogScanPurpose.SoftRecovery, isCurrentLog: false));
        Assert.Equal(EseError.LogTornWriteDuringHardRestore, result.ErrorFor(LogScanPurpose.HardRestore, isCurrentLog: true));
    }

    private static bool Covers(string path, LogCorpus.Dump dump) => LogFileReader.TryReadHeader(path, out var header, out _, out _)
        && header.Generation == dump.End.Generation
        && dump.Value("creation time:") == header.Created.ToString();

    private static void AssertSound(string path)
    {
        var result = LogFileReader.Scan(path);
        Assert.True(result.IsGood && result.Corrected.Count == 0, $"{path}: {result.Message}");
        var header = result.Header!;
        Assert.Equal(header.SectorCount - 2, result.ValidSegments + result.EmptySegments + result.StaleSegments);
        Assert.Equal(new LogPosition(header.Generation, result.LastValidSegment + 1, 0), result.End);
    }
}
