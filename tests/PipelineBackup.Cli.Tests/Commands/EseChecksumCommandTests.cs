using System.Text.Json.Nodes;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Commands;

public class EseChecksumCommandTests
{
    public static TheoryData<string> Cases =>
        DamagedCase.Names("db-bit", "db-ff", "db-trunc", "db-zero", "hdr-", "hard-db-bit", "hard-db-wrong",
        "hard-db-trailer", "soft-ok");

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void The_counts_are_the_engines_own(string name)
    {
        var damage = DamagedCase.Read(name);
        var run = Cli.Run("ese", "checksum", Path.Combine(damage.Prepare(), "db1.edb"), "--json");
        var json = JsonNode.Parse(run.Output.TrimEnd('\n').Split('\n')[^1])!;
        var database = json["databases"]![0]!;
        if (damage.Description["checksum_before"]!.AsArray()
            .FirstOrDefault(line => line!["pages"] is not null) is not { } engine)
        {
            // No header, no pages.
            Assert.Equal((ExitCode.Refused, -1018, 0),
                (run.Exit, (int)json["error"]!["code"]!, (int)database["pages"]!));
            return;
        }

        int lost = database["faults"]!.AsArray().Count(fault => (int?)fault!["error"] == -1119);
        int trailer = name == "hard-db-trailer-cut" ? 1 : 0;
        int header = name == "hdr-shadow-bad" ? 1 : 0;
        Assert.Equal(((int)engine["pages"]!, (int)engine["uninitialized"]!, (int)engine["correctable"]! + header,
            (int)engine["bad"]! + lost + trailer),
            ((int)database["pages"]!, (int)database["zero"]! + lost, (int)database["corrected"]!,
                (int)database["bad"]!));
        Assert.Equal((int)database["pages"]! + header + trailer,
            (int)database["ok"]! + (int)database["zero"]! + (int)database["corrected"]! + (int)database["bad"]!);
        Assert.Equal((int)database["bad"]! > 0 ? ExitCode.Refused : (int)database["corrected"]! > 0 ? ExitCode.Damaged
            : ExitCode.Done, run.Exit);
    }

    [Fact]
    public void Everything_that_the_engine_left_sound_is_sound()
    {
        foreach (string set in (string[])["clean-4096", "clean-32768", "dirty-basic-4096", "dirty-empty-4096"])
            Cli.Json(ExitCode.Done, "ese", "checksum", Path.Combine(GoldenSets.Small(set), "files"));
        var json = Cli.Json(ExitCode.Done, "ese", "checksum",
            Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"));
        Assert.Equal((1, 12), (json["databases"]!.AsArray().Count, json["logs"]!.AsArray().Count));
        Assert.Equal(["db1.jfm: a flush map, used with its database", "edb.chk: a checkpoint",
            "edbtmp.log: holds no transactions"],
            json["skipped"]!.AsArray().Select(line => (string)line!));
    }

    [Fact]
    public void A_directory_of_damages_lists_each_with_its_error()
    {
        string folder = Cli.CopyOf("dirty-basic-4096");
        File.Copy(Path.Combine(GoldenSets.Small("clean-4096"), "files", "db1.edb"), Path.Combine(folder, "other.dat"));
        Cli.Flip(Path.Combine(folder, "other.dat"), 50 * 4096 + 100);
        Cli.Flip(Path.Combine(folder, "other.dat"), 60 * 4096 + 100);
        Cli.Flip(Path.Combine(folder, "other.dat"), 60 * 4096 + 2000);
        Cli.Flip(Path.Combine(folder, "edb00000004.log"), 5 * 4096 + 100);
        Cli.Flip(Path.Combine(folder, "edb00000004.log"), 5 * 4096 + 2000);
        var json = Cli.Json(ExitCode.Refused, "ese", "checksum", folder);
        Assert.Equal((-1018, "other.dat"), ((int?)json["error"]!["code"], (string?)json["databases"]![1]!["file"]));
        Assert.Equal([(49, null), (59, -1018)],
            json["databases"]![1]!["faults"]!.AsArray().Select(fault => ((int)fault!["page"]!, (int?)fault["error"])));
        Assert.Equal([-501], json["logs"]!.AsArray().Select(log => (int)log!["error"]!).Where(error => error != 0));
        string text = Cli.Expect(ExitCode.Refused, "ese", "checksum", folder).Output;
        Assert.All((string[])["1 correctable, 1 bad\n", "  page 49: corrected: bit ",
            "  page 59: checksum mismatch (-1018)",
            "[-1018 JET_errReadVerifyFailure]", "edb00000004.log: segments ", "DAMAGED (-501)"], part =>
                Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Correctable_bits_alone_are_exit_3()
    {
        string folder = Cli.CopyOf("clean-4096");
        Cli.Flip(Path.Combine(folder, "db1.edb"), 50 * 4096 + 100);
        byte[] before = File.ReadAllBytes(Path.Combine(folder, "db1.edb"));
        var json = Cli.Json(ExitCode.Damaged, "ese", "checksum", Path.Combine(folder, "db1.edb"));
        Assert.Equal(1, (int)json["databases"]![0]!["corrected"]!);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(folder, "db1.edb")));
        Cli.Json(ExitCode.Damaged, "ese", "checksum", Log());

        static string Log()
        {
            string path = Path.Combine(Cli.CopyOf("dirty-basic-4096"), "edb00000004.log");
            Cli.Flip(path, 5 * 4096 + 100);
            return path;
        }
    }

    [Fact]
    public void A_file_that_is_cut_inside_a_page_is_damaged()
    {
        string path = Path.Combine(Cli.CopyOf("clean-4096"), "db1.edb");
        using (var file = File.Open(path, FileMode.Open))
            file.SetLength(file.Length - 100);
        var json = Cli.Json(ExitCode.Refused, "ese", "checksum", path);
        Assert.Equal((-4001, 1), ((int?)json["error"]!["code"], (int)json["databases"]![0]!["bad"]!));
    }

    [Fact]
    public void What_is_not_there_or_not_the_engines_is_told()
    {
        string folder = GoldenSets.NewFolder(), text = Path.Combine(folder, "text");
        Cli.Json(ExitCode.NotFound, "ese", "checksum", folder);
        Cli.Json(ExitCode.NotFound, "ese", "checksum", text);
        File.WriteAllText(text, "nothing of the engine");
        Assert.Equal(-1812, (int?)Cli.Json(ExitCode.Refused, "ese", "checksum", text)["error"]!["code"]);
    }
}
