using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Commands;

public class EseDumpCommandTests
{
    [Theory]
    [InlineData("clean-4096", false)]
    [InlineData("clean-4096", true)]
    [InlineData("clean-32768", false)]
    public void A_database_is_dumped_as_the_engine_says(string set, bool system)
    {
        string[] options = system ? ["--system"] : [];
        var run = Cli.Expect(ExitCode.Done, ["ese", "dump", Database(set), .. options]);
        string expected = Path.Combine(GoldenSets.Folder, "dumps", set + (system ? "-sys.jsonl" : ".jsonl"));
        var frame = run.Output.Split('\n').Where(line => !line.StartsWith("{\"type\":\"row\"", StringComparison.Ordinal));
        Assert.Equal(File.ReadAllText(expected), string.Join('\n', frame));
        Assert.Equal("", run.Error);
    }

    [Fact]
    public void A_dump_goes_into_a_file_that_is_not_there_yet()
    {
        string file = Path.Combine(GoldenSets.NewFolder("dump"), "db1.jsonl"), database = Database("clean-4096");
        Assert.Contains("rows", Cli.Expect(ExitCode.Done, "ese", "dump", database, "--out", file).Output, StringComparison.Ordinal);
        Assert.Equal(Cli.Expect(ExitCode.Done, "ese", "dump", database).Output, File.ReadAllText(file));
        Assert.Contains("already there", Cli.Expect(ExitCode.Failed, "ese", "dump", database, "--out", file).Error, StringComparison.Ordinal);
        File.Delete(file);
        var json = Cli.Json(ExitCode.Done, "ese", "dump", database, "--out", file);
        Assert.Equal(new FileInfo(file).Length, (long)json["bytes"]!);
        Assert.Equal(File.ReadLines(file).LongCount(line => line.Contains("\"type\":\"row\"", StringComparison.Ordinal)), (long)json["rows"]!);
    }

    [Fact]
    public void A_table_that_is_not_there_is_not_found_and_leaves_no_file()
    {
        string file = Path.Combine(GoldenSets.NewFolder("dump"), "none.jsonl");
        var json = Cli.Json(ExitCode.NotFound, "ese", "dump", Database("clean-4096"), "--table", "nothing", "--out", file);
        Assert.Equal(-1305, (int?)json["error"]!["code"]);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void A_table_is_found_whatever_the_case_system_tables_too()
    {
        string output = Cli.Expect(ExitCode.Done, "ese", "dump", Database("clean-4096"), "--table", "msysobjids", "--table", "MSYSLOCALES").Output;
        var tables = output.Split('\n').Where(line => line.StartsWith("{\"type\":\"table\"", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, tables.Count);
        Assert.Contains("MSysLocales", tables[0], StringComparison.Ordinal);
        Assert.Contains("MSysObjids", tables[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_dirty_database_is_refused_unless_it_is_to_be_taken_as_it_is()
    {
        string database = Database("dirty-basic-4096");
        Assert.Equal(-550, (int?)Cli.Json(ExitCode.Refused, "ese", "dump", database)["error"]!["code"]);
        var run = Cli.Expect(ExitCode.Done, "ese", "dump", database, "--as-is", "--system");
        Assert.Contains("warning: the database was not shut down cleanly", run.Error, StringComparison.Ordinal);
        Assert.Contains("MSysObjects", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_database_is_refused_and_what_is_missing_not_found()
    {
        string text = Path.Combine(GoldenSets.NewFolder("dump"), "text.edb");
        File.WriteAllText(text, new string('x', 100_000));
        Cli.Json(ExitCode.Refused, "ese", "dump", text);
        Cli.Json(ExitCode.NotFound, "ese", "dump", text + "2");
    }

    [Theory]
    [InlineData("clean-4096")]
    [InlineData("clean-32768")]
    public void A_backup_dumps_as_the_database_it_was_made_of(string set)
    {
        var (store, id) = Cli.StoreWith(set);
        string expected = Cli.Expect(ExitCode.Done, "ese", "dump", Database(set)).Output;
        Assert.Equal(expected, Cli.Expect(ExitCode.Done, "ese", "dump", "DB1.edb", "--from", store).Output);
        Assert.Equal(expected, Cli.Expect(ExitCode.Done, "ese", "dump", "db1.edb", "--from", store, "--backup", id).Output);
        string file = Path.Combine(GoldenSets.NewFolder("dump"), "db1.jsonl");
        var json = Cli.Json(ExitCode.Done, "ese", "dump", "db1.edb", "--from", store, "--table", "MSysLocales", "--out", file);
        Assert.Equal((id, "db1.edb"), ((string?)json["backup"], (string?)json["database"]));
        Assert.InRange((long)json["fetched"]!, 1, Directory.GetFiles(store, "pages-*.lz4", SearchOption.AllDirectories).Sum(pack => new FileInfo(pack).Length));
    }

    [Fact]
    public void What_a_backup_does_not_hold_is_not_found()
    {
        var (store, _) = Cli.StoreWith("clean-4096");
        Assert.Contains("it has: db1.edb", (string?)Cli.Json(ExitCode.NotFound, "ese", "dump", "db2.edb", "--from", store)["error"]!["hint"], StringComparison.Ordinal);
        Cli.Json(ExitCode.NotFound, "ese", "dump", "db1.edb", "--from", store, "--backup", "nonsense");
        Cli.Json(ExitCode.NotFound, "ese", "dump", "db1.edb", "--from", store, "--set", "other");
    }

    [Fact]
    public void A_damaged_pack_is_refused_and_a_dirty_backup_too()
    {
        var (store, _) = Cli.StoreWith("clean-4096");
        string damaged = Cli.Copy(store), pack = Directory.GetFiles(damaged, "pages-*.lz4", SearchOption.AllDirectories)[0];
        Cli.Flip(pack, 1000);
        Assert.Contains("is damaged", (string?)Cli.Json(ExitCode.Refused, "ese", "dump", "db1.edb", "--from", damaged)["error"]!["message"], StringComparison.Ordinal);
        var (dirty, _) = Cli.StoreWith("dirty-basic-4096");
        Assert.Equal(-550, (int?)Cli.Json(ExitCode.Refused, "ese", "dump", "db1.edb", "--from", dirty)["error"]!["code"]);
    }

    private static string Database(string set) => Path.Combine(GoldenSets.Small(set), "files", "db1.edb");
}
