using System.Buffers.Binary;
using System.Text.Json.Nodes;
using PipelineBackup.Ese;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Commands;

public class EseLogsCommandTests
{
    public static TheoryData<string> SoftCases => DamagedCase.Names("log-", "chk-", "soft-ok", "lostflush-ok");

    public static TheoryData<string> HardCases => DamagedCase.Names("hard-log", "hard-genhigh");

    [Theory]
    [MemberData(nameof(SoftCases), DisableDiscoveryEnumeration = true)]
    public void Soft_recovery_would_meet_the_engines_error(string name)
    {
        var damage = DamagedCase.Read(name);
        var (run, json) = Run(damage.Prepare());
        Assert.Equal("soft", (string?)json["streams"]![0]!["recovery"]!["way"]);
        // Flags let the engine go on without the current log, to the next error.
        int expected = damage.HasFlags ? -528 : damage.Error;
        AssertError(expected, run, json);
    }

    [Theory]
    [MemberData(nameof(HardCases), DisableDiscoveryEnumeration = true)]
    public void A_restore_would_meet_the_engines_error(string name)
    {
        var damage = DamagedCase.Read(name);
        var (run, json) = Run(damage.Prepare());
        Assert.Equal("restore", (string?)json["streams"]![0]!["recovery"]!["way"]);
        // Here the engine reports success and leaves a corrupt database: the trailer page is enforced instead.
        AssertError(name == "hard-genhigh-below-trailer" ? -543 : damage.Error, run, json);
    }

    [Fact]
    public void The_chain_is_shown_in_a_table()
    {
        string folder = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");
        string text = Cli.Expect(ExitCode.Done, "ese", "logs", folder).Output;
        Assert.All((string[])["GENERATION  FILE ", "   1 (0x1)  edb00000001.log  ", "  12 (0xc)  edb.log ",
            "db1.edb: needs generations 1 (0x1) to 12 (0xc)",
            "soft recovery would find all logs it needs"], part =>
                Assert.Contains(part, text, StringComparison.Ordinal));
        var stream = Cli.Json(ExitCode.Done, "ese", "logs", folder)["streams"]![0]!;
        Assert.Equal(Enumerable.Range(1, 12), stream["logs"]!.AsArray().Select(log => (int)log!["generation"]!));
        Assert.All(stream["logs"]!.AsArray(), log =>
            Assert.Equal((0, "Good"), ((int)log!["error"]!, (string?)log["verdict"])));
    }

    [Fact]
    public void One_file_is_judged_by_itself()
    {
        string folder = Cli.CopyOf("dirty-basic-4096"), path = Path.Combine(folder, "edb00000004.log");
        Assert.Contains("   4 (0x4)  edb00000004.log", Cli.Expect(ExitCode.Done, "ese", "logs", path).Output,
            StringComparison.Ordinal);
        File.Move(path, Path.Combine(folder, "edb00000044.log"));
        Assert.Equal(-513,
            (int?)Cli.Json(ExitCode.Refused, "ese", "logs", Path.Combine(folder, "edb00000044.log"))["error"]!["code"]);
    }

    [Fact]
    public void Without_a_database_that_needs_them_any_fault_counts()
    {
        string folder = Cli.CopyOf("dirty-basic-4096");
        File.Delete(Path.Combine(folder, "db1.edb"));
        Cli.Json(ExitCode.Done, "ese", "logs", folder);
        File.Delete(Path.Combine(folder, "edb00000003.log"));
        Assert.Equal(-528, (int?)Cli.Json(ExitCode.Refused, "ese", "logs", folder)["error"]!["code"]);
    }

    [Fact]
    public void A_dirty_database_without_any_log_cannot_be_recovered()
    {
        string folder = Cli.CopyOf("dirty-basic-4096");
        foreach (string file in Directory.GetFiles(folder, "edb*"))
            File.Delete(file);
        Assert.Equal(-543, (int?)Cli.Json(ExitCode.Refused, "ese", "logs", folder)["error"]!["code"]);
        Cli.Json(ExitCode.NotFound, "ese", "logs", Path.Combine(GoldenSets.Small("clean-4096"), "files"));
        Cli.Json(ExitCode.NotFound, "ese", "logs", Path.Combine(folder, "none"));
    }

    [Fact]
    public void A_streamed_copy_is_judged_as_a_restore()
    {
        string folder = Cli.CopyOf("extbackup-4096", "backup");
        Assert.Contains("a restore would find all logs it needs",
            Cli.Expect(ExitCode.Done, "ese", "logs", folder).Output, StringComparison.Ordinal);
        string database = Path.Combine(folder, "db1.edb");
        Cli.Flip(database, new FileInfo(database).Length - 4096 + 130);
        Assert.Equal(-535, (int?)Cli.Json(ExitCode.Refused, "ese", "logs", folder)["error"]!["code"]);
    }

    [Fact]
    public void Records_are_shown_in_the_words_of_the_engine()
    {
        string path = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files", "edb.log");
        string text = Cli.Expect(ExitCode.Done, "ese", "logs", path, "--records").Output;
        Assert.All((string[])["      lGeneration: 12 (0xC)\n", "      Last Lgpos: (0xc,10,0)\n",
            "Segment Checksum: 0x53cc2c3308d2d5a3, LGPOS (0000000C,0001,0000), logtimeStart 11/20/2026 13:19:55.751 UTC\n"
            + ">0000000C,0001,0000 Delete    16a0,169e,ebc:1(7,[1:142:7],U:NSP:USR,objid:[1:13])\n"
            + ">0000000C,0001,0054 Begin0    (8,from:0,to:1) ec0\n",
            "  12 (0xc)  edb.log "], part => Assert.Contains(part, text, StringComparison.Ordinal));

        string folder = Path.GetDirectoryName(path)!;
        string all = Cli.Expect(ExitCode.Done, "ese", "logs", folder, "--records").Output;
        Assert.Contains(">00000001,0001,0000 Init      (", all, StringComparison.Ordinal);
        Assert.Contains("soft recovery would find all logs it needs", all, StringComparison.Ordinal);
        Assert.True(all.IndexOf(">0000000B,", StringComparison.Ordinal) < all.IndexOf(">0000000C,", StringComparison.Ordinal));
    }

    [Fact]
    public void Records_are_objects_of_their_own_in_json()
    {
        string path = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files", "edb.log");
        var run = Cli.Run("ese", "logs", path, "--records", "--json");
        string[] lines = run.Output[..^1].Split('\n');
        Assert.True(lines.Length > 500);
        Assert.Equal("""
            {"record":{"file":"edb.log","position":"0000000C,0001,0000","type":"delete","length":44,"session":7,"database":1,"page":142,"line":7,"dbtime":5792,"dbtimeBefore":5790,"transaction":3772,"level":1,"tree":13,"text":"16a0,169e,ebc:1(7,[1:142:7],U:NSP:USR,objid:[1:13])"}}
            """, lines[0]);
        Assert.All(lines[..^1], line => Assert.NotNull(JsonNode.Parse(line)!["record"]));
        Assert.True((bool)JsonNode.Parse(lines[^1])!["ok"]!);
    }

    [Fact]
    public void Bytes_that_are_no_records_are_damage_although_their_checksum_is_right()
    {
        string path = Path.Combine(Cli.CopyOf("dirty-basic-4096"), "edb.log");
        byte[] log = File.ReadAllBytes(path);
        var segment = log.AsSpan(2 * 4096, 4096);
        segment[40] = 0x77;
        BinaryPrimitives.WriteUInt64LittleEndian(segment, XorEcc.Compute(segment, 2, isFirst: true));
        File.WriteAllBytes(path, log);
        Cli.Json(ExitCode.Done, "ese", "logs", path);
        var run = Cli.Expect(ExitCode.Refused, "ese", "logs", path, "--records");
        Assert.Contains("(-501 JET_errLogFileCorrupt)", run.Error, StringComparison.Ordinal);
        Assert.Contains(">0000000C,0001,0000 Delete", run.Output, StringComparison.Ordinal);
    }

    private static (CliResult Run, JsonNode Json) Run(string folder)
    {
        var run = Cli.Run("ese", "logs", folder, "--json");
        return (run, JsonNode.Parse(run.Output.TrimEnd('\n').Split('\n')[^1])!);
    }

    // Damage that recovery does not meet is told too, as exit 3.
    private static void AssertError(int expected, CliResult run, JsonNode json)
    {
        int actual = (int?)json["streams"]![0]!["recovery"]!["error"]?["code"] ?? 0;
        Assert.True(expected == actual, $"{expected} is not {actual}: {run.Error}");
        if (expected != 0)
            Assert.Equal((ExitCode.Refused, expected), (run.Exit, (int)json["error"]!["code"]!));
        else
            Assert.Equal(json["streams"]![0]!["findings"]!.AsArray().Count == 0 ? ExitCode.Done : ExitCode.Damaged,
                run.Exit);
    }
}
