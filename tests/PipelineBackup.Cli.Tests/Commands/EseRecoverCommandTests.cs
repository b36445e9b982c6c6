using System.IO.Compression;
using System.Text.Json.Nodes;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Commands;

public class EseRecoverCommandTests
{
    [Fact]
    public void A_crashed_directory_is_recovered_in_a_copy_and_stays_as_it_is()
    {
        string source = Cli.CopyOf("dirty-undo-flushed-4096"), target = Path.Combine(GoldenSets.NewFolder(), "copy");
        var before = Contents(source);
        var json = Cli.Json(ExitCode.Done, "ese", "recover", source, "--copy-to", target);
        Assert.Equal(("soft", "edb", target), ((string?)json["kind"], (string?)json["baseName"], (string?)json["directory"]));
        Assert.Equal("recovered", (string?)Assert.Single(json["databases"]!.AsArray())!["outcome"]);
        Assert.True((long)json["records"]! > 100);
        Assert.True((int)json["rolledBack"]! > 0);
        Assert.True((long)json["pagesRead"]! > 0);
        Same(before, Contents(source));
        Assert.False(File.Exists(Path.Combine(target, Recovery.RecoveryCopy.NoteName)));
        Assert.Contains("nothing is wrong", Cli.Expect(ExitCode.Done, "ese", "check", Path.Combine(target, "db1.edb")).Output, StringComparison.Ordinal);
        Cli.Json(ExitCode.Done, "ese", "logs", target);
    }

    [Fact]
    public void In_place_it_is_recovered_where_it_is_and_once_is_enough()
    {
        string source = Cli.CopyOf("dirty-basic-4096");
        var run = Cli.Expect(ExitCode.Done, "ese", "recover", source, "--in-place");
        Assert.StartsWith("soft recovery, as after a crash, base name edb\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("in place", run.Output, StringComparison.Ordinal);
        Assert.Contains("db1.edb: recovered, clean", run.Output, StringComparison.Ordinal);
        var again = Cli.Json(ExitCode.Done, "ese", "recover", source, "--in-place");
        Assert.Equal("alreadyClean", (string?)again["databases"]![0]!["outcome"]);
    }

    [Fact]
    public void A_backup_set_is_recognised_and_restored()
    {
        string source = Cli.CopyOf("extbackup-4096", "backup"), target = GoldenSets.NewFolder("target");
        var before = Contents(source);
        var json = Cli.Json(ExitCode.Done, "ese", "recover", source, "--copy-to", target);
        Assert.Equal("hard", (string?)json["kind"]);
        Assert.Equal(["db1.edb", "edb.chk", "edb.log"], Names(target));
        Same(before, Contents(source));
        Cli.Json(ExitCode.Done, "ese", "check", Path.Combine(target, "db1.edb"));
    }

    [Fact]
    public void A_backup_directory_of_the_engine_is_recognised_wherever_it_lies()
    {
        string source = Cli.CopyOf("jetbackup-4096", "backup"), target = Path.Combine(GoldenSets.NewFolder(), "target");
        string incremental = Path.Combine(GoldenSets.Small("jetbackup-4096"), "incr");
        var run = Cli.Expect(ExitCode.Done, "ese", "recover", source, "--copy-to", target, "--backup-logs", incremental);
        Assert.Contains($"a backup of the engine to a directory: {Path.Combine(source, "old")}", run.Output, StringComparison.Ordinal);
        Cli.Json(ExitCode.Done, "ese", "check", Path.Combine(target, "db1.edb"));

        File.Delete(Path.Combine(source, "old", "db1.pat"));
        var refused = Cli.Json(ExitCode.Refused, "ese", "recover", source, "--copy-to", Path.Combine(GoldenSets.NewFolder(), "t"));
        Assert.Equal(-538, (int?)refused["error"]!["code"]);
    }

    [Fact]
    public void A_set_stops_where_it_may_and_tells_where_it_may_not()
    {
        string source = Cli.CopyOf("extbackup-4096", "backup");
        var json = Cli.Json(ExitCode.Done, "ese", "recover", source, "--copy-to", GoldenSets.NewFolder("t"), "--stop-at", "0xB");
        Assert.StartsWith("(0xB,", (string?)json["end"], StringComparison.Ordinal);
        var refused = Cli.Json(ExitCode.Refused, "ese", "recover", source, "--copy-to", GoldenSets.NewFolder("t"), "--stop-at", "10");
        Assert.Equal(-553, (int?)refused["error"]!["code"]);
        Assert.Contains("generations 11 (0xb) to 12 (0xc)", (string?)refused["error"]!["hint"], StringComparison.Ordinal);
        refused = Cli.Json(ExitCode.Refused, "ese", "recover", source, "--copy-to", GoldenSets.NewFolder("t"), "--stop-at", "2020-01-01T00:00:00Z");
        Assert.Equal(-553, (int?)refused["error"]!["code"]);
        refused = Cli.Json(ExitCode.Refused, "ese", "recover", source, "--copy-to", GoldenSets.NewFolder("t"), "--gen", "4:0xA");
        Assert.Equal(-543, (int?)refused["error"]!["code"]);
    }

    [Theory]
    [InlineData("--copy-to")]
    [InlineData("--in-place")]
    public void Logs_behind_a_stop_are_left_out_and_kept(string where)
    {
        // Without its database and checkpoint the set begins with the creation of the database, so any stop can be reached.
        string source = Cli.CopyOf("dirty-basic-4096", "files"), target = where == "--in-place" ? source : GoldenSets.NewFolder("t");
        File.Delete(Path.Combine(source, "db1.edb"));
        File.Delete(Path.Combine(source, "edb.chk"));
        byte[] later = File.ReadAllBytes(Path.Combine(source, "edb0000000A.log"));
        string[] way = where == "--in-place" ? [where] : [where, target];

        var json = Cli.Json(ExitCode.Done, ["ese", "recover", source, .. way, "--stop-at", "5"]);

        Assert.StartsWith("(0x5,", (string?)json["end"], StringComparison.Ordinal);
        Assert.Equal(later, File.ReadAllBytes(Path.Combine(target, "edb0000000A.log.left-out")));
        Cli.Json(ExitCode.Done, "ese", "check", Path.Combine(target, "db1.edb"));
        Assert.Equal(where != "--in-place", File.Exists(Path.Combine(source, "edb0000000A.log")));
    }

    [Fact]
    public void Later_logs_are_only_read()
    {
        string golden = GoldenSets.Small("jetbackup-4096"), source = Cli.Copy(Path.Combine(golden, "backup", "old"));
        string logs = Cli.Copy(Path.Combine(golden, "incr")), target = GoldenSets.NewFolder("target");
        var before = Contents(logs);
        var json = Cli.Json(ExitCode.Done, "ese", "recover", source, "--copy-to", target, "--logs", logs);
        Assert.StartsWith("(0xE,", (string?)json["end"], StringComparison.Ordinal);
        Assert.Equal(["db1.edb", "edb.chk", "edb.log"], Names(target));
        Same(before, Contents(logs));

        var places = Contents(source);
        Cli.Json(ExitCode.Done, "ese", "recover", source, "--in-place", "--logs", logs);
        Same(before, Contents(logs));
        Assert.Equal(places.Keys.Select(path => Path.GetFileName(path)).Concat(["edb.chk", "edb.log"]).Order(StringComparer.Ordinal), Names(source));
    }

    [Fact]
    public void A_database_at_rest_goes_on_with_the_logs_of_a_later_snapshot()
    {
        string earlier = GoldenSets.Real("V7a_kinect_car4_clean_v7"), later = GoldenSets.Real("V7b_kinect_car4copy_dirty_v7");
        string target = GoldenSets.NewFolder("target"), dump = Path.Combine(GoldenSets.NewFolder(), "dump.jsonl");
        var before = Contents(earlier).Concat(Contents(later)).ToDictionary();
        Cli.Json(ExitCode.Done, "ese", "recover", earlier, "--copy-to", target, "--logs", later);
        Same(before, Contents(earlier).Concat(Contents(later)).ToDictionary());
        Cli.Json(ExitCode.Done, "ese", "dump", Path.Combine(target, "storage.ide"), "--out", dump);
        using var expected = new GZipStream(File.OpenRead(GoldenSets.RealDump("V7b_kinect_car4copy_dirty_v7.recovered")), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        expected.CopyTo(bytes);
        Assert.True(bytes.ToArray().AsSpan().SequenceEqual(File.ReadAllBytes(dump)), "the rows are not those of the later snapshot");
    }

    [Fact]
    public void Target_directories_come_in_pairs()
    {
        string source = Cli.CopyOf("extbackup-4096", "backup");
        var json = Cli.Json(ExitCode.Usage, "ese", "recover", source, "--in-place", "--log-path", GoldenSets.NewFolder("t"));
        Assert.Equal(-1003, (int?)json["error"]!["code"]);
    }

    [Fact]
    public void What_belongs_to_backup_sets_is_refused_elsewhere()
    {
        string source = Cli.CopyOf("dirty-basic-4096");
        foreach (string[] option in (string[][])[["--gen", "1:5"], ["--backup-logs", source], ["--strict-map"], ["--log-path", source]])
            Cli.Json(ExitCode.Usage, ["ese", "recover", source, "--in-place", .. option]);
        Cli.Json(ExitCode.Usage, "ese", "recover", source, "--copy-to", Path.Combine(source, "inside"));
        Cli.Json(ExitCode.Usage, "ese", "recover", source, "--in-place", "--only", "other.edb");
        Cli.Json(ExitCode.NotFound, "ese", "recover", Path.Combine(source, "none"), "--in-place");
        Cli.Json(ExitCode.NotFound, "ese", "recover", GoldenSets.NewFolder("empty"), "--in-place");
    }

    [Fact]
    public void A_copy_that_failed_leaves_nothing_and_one_that_was_killed_is_replaced()
    {
        string source = Cli.CopyOf("dirty-basic-4096"), target = GoldenSets.NewFolder("target");
        Cli.Flip(Path.Combine(source, "edb.log"), 100, 0xFF);
        Cli.Json(ExitCode.Refused, "ese", "recover", source, "--copy-to", target);
        Assert.Empty(Directory.GetFileSystemEntries(target));

        string sound = Cli.CopyOf("dirty-basic-4096"), copy = Path.Combine(target, "db1.edb");
        File.WriteAllText(copy, "half");
        File.WriteAllText(Path.Combine(target, "edb00000077.log"), "of undo");
        File.WriteAllText(Path.Combine(target, "notes.txt"), "mine");
        Cli.Json(ExitCode.Failed, "ese", "recover", sound, "--copy-to", target);
        File.WriteAllText(Path.Combine(target, Recovery.RecoveryCopy.NoteName),
            new JsonArray(copy, "/etc/hostname", Path.Combine(target, "..", "x")).ToJsonString());
        Cli.Json(ExitCode.Done, "ese", "recover", sound, "--copy-to", target);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(target, "notes.txt")));
        Assert.False(File.Exists(Path.Combine(target, "edb00000077.log")));
        Assert.Contains("nothing is wrong", Cli.Expect(ExitCode.Done, "ese", "check", copy).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_goes_where_a_map_says()
    {
        string source = Cli.CopyOf("dirty-basic-4096"), target = Path.Combine(GoldenSets.NewFolder(), "t");
        foreach (string old in (string[])["db1.edb", @"X:\c\DB1.edb"])
        {
            Cli.Json(ExitCode.Done, "ese", "recover", source, "--copy-to", target, "--map", $"{old}=data/renamed.edb", "--only", "db1.edb");
            Cli.Json(ExitCode.Done, "ese", "check", Path.Combine(target, "data", "renamed.edb"));
            Directory.Delete(target, recursive: true);
        }
    }

    [Fact]
    public void Without_undo_a_later_recovery_goes_on()
    {
        string source = Cli.CopyOf("dirty-undo-flushed-4096");
        var json = Cli.Json(ExitCode.Done, "ese", "recover", source, "--in-place", "--no-undo");
        Assert.Equal((-579, "replayed"), ((int)json["result"]!, (string?)json["databases"]![0]!["outcome"]));
        Cli.Json(ExitCode.Done, "ese", "recover", source, "--in-place");
        Cli.Json(ExitCode.Done, "ese", "check", Path.Combine(source, "db1.edb"));
    }

    private static string[] Names(string folder) => [.. Directory.GetFiles(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    private static Dictionary<string, byte[]> Contents(string folder) =>
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(path => path, File.ReadAllBytes);

    private static void Same(Dictionary<string, byte[]> before, Dictionary<string, byte[]> after)
    {
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        foreach (var (path, bytes) in before)
            Assert.True(bytes.AsSpan().SequenceEqual(after[path]), $"{path} was changed");
    }
}
