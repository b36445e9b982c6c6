using System.Buffers.Binary;

namespace PipelineBackup.Tests.Sources;

/// <summary>Logs that are missing, damaged or another's: refused with the engine's number, or kept as a forensic
/// copy.</summary>
public class LogGapTests
{
    private static string Dirty => Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");

    public static TheoryData<string, int> Gaps => new()
    {
        { "middle gone", -515 },
        { "first gone", -528 },
        { "current gone", -528 },
        { "all gone", -543 },
        { "last two gone", -543 },
        { "middle header damaged", -501 },
        { "middle content damaged", -501 },
        { "middle cut", -541 },
        { "middle renamed", -513 },
        { "middle of another stream", -530 },
        { "all of another stream", -530 },
        { "middle empty", -501 },
        { "current damaged", -501 },
        { "database of another stream", -530 },
    };

    [Theory]
    [MemberData(nameof(Gaps))]
    public async Task A_gap_is_refused_with_the_engines_number(string gap, int error)
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Dirty);
        Tear(source, gap);
        var refusal = await Assert.ThrowsAnyAsync<BackupException>(() => trip.BackupAsync(source));
        Assert.True((refusal.ExitCode, refusal.Error?.Number) == (ExitCode.Refused, error),
            $"{refusal.ExitCode} {refusal.Error}: {refusal.Message}");
        Assert.NotEqual("", refusal.Hint);
        Assert.Empty(await Simulation.StoreProof.ListAsync(trip.Store));
        Assert.Equal(["format.json"], (await Simulation.StoreProof.ObjectsAsync(trip.Store)).Keys);
    }

    [Theory]
    [MemberData(nameof(Gaps))]
    public async Task A_gap_can_be_recorded_and_what_is_there_comes_back(string gap, int error)
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Dirty);
        Tear(source, gap);
        var backup = await trip.BackupAsync(source, new() { OnLogGap = LogGapPolicy.Record });
        Assert.Equal((ExitCode.Damaged, true), (backup.ExitCode, backup.Manifest.Logs.Gap));
        Assert.NotEqual(0, error);
        Assert.Contains(backup.Manifest.Remarks, remark => remark.Contains("gap", StringComparison.Ordinal)
            || remark.Contains("recovered", StringComparison.Ordinal));
        await trip.ProveAsync(ExitCode.Damaged, source);
        await trip.RefusedAsync(ExitCode.Refused, -560, source, new() { Kind = BackupKind.Incremental });
        var refusal =
            await Assert.ThrowsAsync<BackupException>(() =>
            trip.RestoreAsync(change: options => options with { SkipRecovery = false }));
        Assert.Equal((ExitCode.Refused, -550), (refusal.ExitCode, refusal.Error!.Value.Number));
    }

    [Fact]
    public async Task A_streamed_copy_needs_its_logs_from_its_own_lowest_one_on()
    {
        await using var trip = new MemoryTrip();
        string golden = Path.Combine(GoldenSets.Small("extbackup-4096"), "backup");
        // Its header asks for generations 4 to 11; the set goes on to 12.
        foreach (var (gone, error) in new[] { ("4", -1811), ("8", -1811), ("BC", -543) })
        {
            string source = trip.Copy(golden, gone);
            foreach (char generation in gone)
                File.Delete(Path.Combine(source, $"edb0000000{generation}.log"));
            await trip.RefusedAsync(ExitCode.Refused, error, source);
            var backup = await trip.BackupAsync(source, new() { OnLogGap = LogGapPolicy.Record });
            Assert.True(backup.Manifest.Logs.Gap);
            await trip.ProveAsync(ExitCode.Damaged, source, backup.Manifest.Id);
        }
    }

    [Fact]
    public async Task Logs_below_what_is_needed_are_not_taken_and_may_be_anything()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Path.Combine(GoldenSets.Small("extbackup-4096"), "backup"));
        File.Copy(Path.Combine(Dirty, "edb00000003.log"), Path.Combine(source, "edb00000003.log"));
        await File.WriteAllBytesAsync(Path.Combine(source, "edb00000002.log"), new byte[77]);
        var backup = await trip.BackupAsync(source);
        Assert.Equal((4, 12), (backup.Manifest.Logs.First, backup.Manifest.Logs.Last));
        await trip.ProveAsync(ExitCode.Done, source);
    }

    [Fact]
    public async Task A_damaged_current_log_that_no_database_needs_is_left_out_and_said()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(GoldenSets.Real("V1_srum_srv2022_A"));
        FileSurgery.Flip(Path.Combine(source, "SRU.log"), 0, 4096, (1000, 3));
        var backup = await trip.BackupAsync(source);
        Assert.Equal((ExitCode.Done, false), (backup.ExitCode, backup.Manifest.Logs.Gap));
        Assert.Contains(backup.Manifest.Remarks,
            remark => remark.StartsWith("'SRU.log' is left out", StringComparison.Ordinal));
        Assert.DoesNotContain((await trip.ProveAsync(ExitCode.Done, source)).Files,
            file => file.EndsWith("SRU.log", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_database_that_is_called_like_a_log_is_a_database()
    {
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Path.Combine(GoldenSets.Small("clean-4096"), "files"));
        File.Move(Path.Combine(source, "db1.edb"), Path.Combine(source, "abc.log"));
        var backup = await trip.BackupAsync(Path.Combine(source, "abc.log"));
        Assert.Equal(["abc.log"], backup.Manifest.Databases.Select(database => database.Name));
        await trip.ProveAsync(ExitCode.Done, source);
    }

    private static void Tear(string source, string gap)
    {
        string middle = Path.Combine(source, "edb00000005.log"), current = Path.Combine(source, "edb.log");
        string other = Path.Combine(GoldenSets.Small("jetbackup-4096"), "backup", "old");
        switch (gap)
        {
            case "middle gone": File.Delete(middle); break;
            case "first gone": File.Delete(Path.Combine(source, "edb00000001.log")); break;
            case "current gone":
                File.Delete(current);
                File.Delete(Path.Combine(source, "edbtmp.log"));
                break;
            case "all gone": Remove(source, "edb*"); break;
            case "last two gone":
                File.Delete(current);
                File.Delete(Path.Combine(source, "edb0000000B.log"));
                break;
            case "middle header damaged": FileSurgery.Flip(middle, 0, 4096, (1000, 3)); break;
            case "middle content damaged": FileSurgery.Flip(middle, 5, 4096, (1000, 3)); break;
            case "middle cut":
                using (var file = new FileStream(middle, FileMode.Open))
                    file.SetLength(65536);
                break;
            case "middle renamed":
                File.Delete(middle);
                File.Copy(Path.Combine(source, "edb00000006.log"), middle);
                break;
            case "middle of another stream": File.Copy(Path.Combine(other, "edb00000005.log"), middle,
                overwrite: true); break;
            case "all of another stream":
                Remove(source, "edb*");
                foreach (string log in Directory.EnumerateFiles(other, "*.log"))
                    File.Copy(log, Path.Combine(source, Path.GetFileName(log)));
                break;
            case "middle empty": File.WriteAllBytes(middle, []); break;
            case "current damaged": FileSurgery.Flip(current, 0, 4096, (1000, 3)); break;
            case "database of another stream": FileSurgery.RewriteHeaders(Path.Combine(source, "db1.edb"), 4096,
                header => header[110] ^= 1); break;
            default: throw new ArgumentOutOfRangeException(nameof(gap));
        }
    }

    private static void Remove(string folder, string pattern)
    {
        foreach (string file in Directory.EnumerateFiles(folder, pattern).ToList())
            File.Delete(file);
    }
}
