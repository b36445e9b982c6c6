using System.Text.RegularExpressions;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Commands;

public partial class EseInfoCommandTests
{
    [Theory]
    [InlineData("clean-4096", "expected-db1.edb-header.txt", "db1.edb")]
    [InlineData("clean-32768", "expected-db1.edb-header.txt", "db1.edb")]
    [InlineData("dirty-basic-4096", "before-db1.edb-header.txt", "db1.edb")]
    [InlineData("dirty-basic-4096", "before-ckpt.txt", "edb.chk")]
    public void The_text_is_the_engines_own(string set, string dump, string file)
    {
        string folder = GoldenSets.Small(set);
        string expected = ReportLine()
            .Replace(File.ReadAllText(Path.Combine(folder, dump)).Replace("\r", "", StringComparison.Ordinal), "");
        // The name of the file decides nothing.
        string renamed = Path.Combine(GoldenSets.NewFolder(), "a.file");
        File.Copy(Path.Combine(folder, "files", file), renamed);
        string actual = Cli.Expect(ExitCode.Done, "ese", "info", renamed).Output;
        if (file == "edb.chk")
            expected = expected[expected.IndexOf("      LastFullBackupCheckpoint", StringComparison.Ordinal)..];
        Assert.Equal(expected.TrimEnd(), actual.TrimEnd());
    }

    [Theory]
    [InlineData("db1.edb", "database", "database")]
    [InlineData("edb.log", "log", "log")]
    [InlineData("edb00000003.log", "log", "log")]
    [InlineData("edb.chk", "checkpoint", "checkpoint")]
    [InlineData("db1.jfm", "flushMap", "flushMap")]
    public void Every_kind_of_file_has_its_json(string file, string kind, string field)
    {
        string path = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files", file);
        var json = Cli.Json(ExitCode.Done, "ese", "info", path);
        Assert.Equal((path, kind), ((string?)json["file"], (string?)json["kind"]));
        Assert.NotNull(json[field]);
        Assert.NotEqual("", Cli.Expect(ExitCode.Done, "ese", "info", path).Output);
    }

    [Fact]
    public void A_log_shows_header_end_and_the_checkpoint_beside_it()
    {
        string text =
            Cli.Expect(ExitCode.Done, "ese", "info",
            Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files", "edb.log")).Output;
        Assert.All((string[])["      Base name: edb\n", "      lGeneration: 12 (0xC)\n", "      Last Lgpos: (0xc,",
            "      Checkpoint: (0x1,", "; sound\n"],
            part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("db1.edb", 4096, -1018)]
    [InlineData("edb.chk", 4096, -533)]
    [InlineData("edb00000003.log", 0, -501)]
    [InlineData("db1.jfm", 0, -1018)]
    public void A_damaged_header_is_refused_with_the_engines_error(string file, int copy, int error)
    {
        string folder = Cli.CopyOf("dirty-basic-4096"), path = Path.Combine(folder, file);
        Cli.Flip(path, 300);
        if (copy > 0)
            Cli.Flip(path, copy + 300);
        Assert.Equal(error, (int?)Cli.Json(ExitCode.Refused, "ese", "info", path)["error"]!["code"]);
    }

    [Fact]
    public void Other_files_are_told_apart()
    {
        string folder = GoldenSets.NewFolder(), path = Path.Combine(folder, "edb.log");
        File.WriteAllText(path, "a text that is called a log");
        Assert.Equal(-1812, (int?)Cli.Json(ExitCode.Refused, "ese", "info", path)["error"]!["code"]);
        File.WriteAllText(path, "");
        Cli.Json(ExitCode.Refused, "ese", "info", path);
        Cli.Json(ExitCode.NotFound, "ese", "info", Path.Combine(folder, "none"));
        Cli.Json(ExitCode.Usage, "ese", "info", folder);
    }

    [GeneratedRegex(@"\{""verb"":.*\}\n$")]
    private static partial Regex ReportLine();
}
