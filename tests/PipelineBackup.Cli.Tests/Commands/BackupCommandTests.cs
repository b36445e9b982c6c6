using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Commands;

public class BackupCommandTests
{
    [Fact]
    public void A_backup_tells_what_it_holds()
    {
        string source = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"),
            store = GoldenSets.NewFolder("store");
        var run = Cli.Expect(ExitCode.Done, "backup", source, "--to", store);
        Assert.Matches(@"^backup \d{8}T\d{6}Z-F-[0-9a-f]{8} is published\n", run.Output);
        Assert.Contains("  database   db1.edb: DirtyShutdown, needs recovery; 252 pages verified", run.Output,
            StringComparison.Ordinal);
        Assert.Contains("  logs       edb 1–12 (12 files)", run.Output, StringComparison.Ordinal);
        Assert.Contains("  note       left out, as they hold no transactions: edbtmp.log", run.Output,
            StringComparison.Ordinal);

        var json = Cli.Json(ExitCode.Done, "backup", source, "--to", store, "--set", "other", "--kind", "copy");
        Assert.Equal(("other", "Copy", store),
            ((string?)json["set"], (string?)json["manifest"]!["kind"], (string?)json["stores"]![0]));
        Assert.Equal(["ok", "exit", "error", "id", "set", "stores", "durationSeconds", "manifest", "badPages",
            "repairedPages", "droppedStores",
            "truncatedLogs"], json.AsObject().Select(pair => pair.Key));
    }

    [Fact]
    public void Rates_plugins_and_several_stores_work_together()
    {
        string source = Path.Combine(GoldenSets.Small("clean-4096"), "files"), first = GoldenSets.NewFolder("store"),
            second = GoldenSets.NewFolder("store");
        Cli.Json(ExitCode.Done, "backup", source, "--to", first, "--to", $"test://{second}", "--plugin", Cli.TestPlugin,
            "--max-read-rate", "1GiB", "--max-upload-rate", "1GB/s", "--require", "all");
        foreach (string address in (string[])[first, $"file://{second}", $"test://{second}"])
            Assert.Single(Cli.Json(ExitCode.Done, "list", "--from", address, "--plugin",
                Cli.TestPlugin)["backups"]!.AsArray());
    }

    [Fact]
    public void One_of_several_stores_may_be_missing_when_any_suffices()
    {
        string source = Path.Combine(GoldenSets.Small("clean-4096"), "files"), good = GoldenSets.NewFolder("store");
        string bad = Path.Combine(GoldenSets.NewFolder("file"), "file");
        File.WriteAllText(bad, "no directory");
        Cli.Json(ExitCode.Failed, "backup", source, "--to", good, "--to", bad);
        Cli.Json(ExitCode.Failed, "backup", source, "--to", bad, "--require", "any");
        var json = Cli.Json(ExitCode.Done, "backup", source, "--to", bad, "--to", good, "--require", "any");
        Assert.Contains(bad, (string?)json["droppedStores"]![0], StringComparison.Ordinal);
        Assert.Single(Cli.Json(ExitCode.Done, "list", "--from", good)["backups"]!.AsArray());
    }

    [Theory]
    [InlineData("fail", ExitCode.Refused)]
    [InlineData("record", ExitCode.Damaged)]
    [InlineData("drop-database", ExitCode.Damaged)]
    public void A_bad_page_falls_under_the_policy(string policy, ExitCode expected)
    {
        string source = TwoDatabases();
        Cli.Flip(Path.Combine(source, "db1.edb"), 50 * 4096 + 100);
        Cli.Flip(Path.Combine(source, "db1.edb"), 50 * 4096 + 2000);
        string store = GoldenSets.NewFolder("store");
        var json = Cli.Json(expected, "backup", source, "--to", store, "--on-bad-page", policy);
        Assert.Equal((-1018, "JET_errReadVerifyFailure"), ((int?)json["error"]!["code"], (string?)json["error"]!["name"]));
        Assert.NotEqual("", (string?)json["error"]!["hint"]);
        var backups = Cli.Json(ExitCode.Done, "list", "--from", store)["backups"]!.AsArray();
        Assert.Equal(policy == "fail" ? [] : ["damaged"], backups.Select(backup => (string)backup!["state"]!));
        if (policy == "fail")
            return;
        Assert.Equal(policy == "record" ? ["db1.edb", "db2.edb"] : ["db2.edb"],
            backups[0]!["databases"]!.AsArray().Select(name => (string)name!));
        Cli.Json(ExitCode.Damaged, "verify", "latest", "--from", store);
        Cli.Json(ExitCode.Damaged, "restore", "latest", "--from", store, "--to", GoldenSets.NewFolder("target"));
    }

    [Fact]
    public void A_flipped_bit_is_repaired_and_told()
    {
        string source = Cli.CopyOf("clean-4096");
        Cli.Flip(Path.Combine(source, "db1.edb"), 50 * 4096 + 100);
        var json = Cli.Json(ExitCode.Done, "backup", source, "--to", GoldenSets.NewFolder("store"));
        Assert.Equal((50, "db1.edb"),
            ((int)json["repairedPages"]![0]!["page"]!, (string?)json["repairedPages"]![0]!["file"]));
        Assert.Contains("repaired page: db1.edb page 49: ",
            Cli.Expect(ExitCode.Done, "backup", source, "--to", GoldenSets.NewFolder("store")).Output,
                StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("--max-read-rate", "1GiB")]
    public void A_lost_write_is_found_through_the_flush_map_at_any_rate(params string[] rate)
    {
        string source = Cli.CopyOf("clean-4096");
        using (var file = File.Open(Path.Combine(source, "db1.edb"), FileMode.Open))
        {
            file.Position = 50 * 4096;
            file.Write(new byte[4096]);
        }

        var json = Cli.Json(ExitCode.Refused, ["backup", source, "--to", GoldenSets.NewFolder("store"), .. rate]);
        Assert.Equal(-1119, (int?)json["error"]!["code"]);
    }

    [Fact]
    public void A_log_gap_is_refused_or_kept_as_a_forensic_copy()
    {
        string source = Cli.CopyOf("dirty-basic-4096"), store = GoldenSets.NewFolder("store"),
            target = GoldenSets.NewFolder("target");
        File.Delete(Path.Combine(source, "edb00000005.log"));
        var refused = Cli.Json(ExitCode.Refused, "backup", source, "--to", store);
        Assert.NotNull(refused["error"]!["code"]);
        Assert.Contains("--on-log-gap record", (string?)refused["error"]!["hint"], StringComparison.Ordinal);
        var kept = Cli.Json(ExitCode.Damaged, "backup", source, "--to", store, "--on-log-gap", "record");
        Assert.True((bool)kept["manifest"]!["logs"]!["gap"]!);
        Cli.Json(ExitCode.Refused, "restore", "latest", "--from", store, "--to", target);
        Cli.Json(ExitCode.Damaged, "restore", "latest", "--from", store, "--to", target, "--no-recover");
    }

    [Fact]
    public void Logs_may_lie_elsewhere()
    {
        string source = Cli.CopyOf("dirty-basic-4096"), logs = GoldenSets.NewFolder("logs"),
            store = GoldenSets.NewFolder("store");
        foreach (string file in Directory.GetFiles(source, "edb*"))
            File.Move(file, Path.Combine(logs, Path.GetFileName(file)));
        Cli.Json(ExitCode.Refused, "backup", source, "--to", store);
        var json = Cli.Json(ExitCode.Done, "backup", Path.Combine(source, "db1.edb"), "--to", store, "--logs", logs,
            "--base", "edb");
        Assert.Equal(12, (int)json["manifest"]!["logs"]!["count"]!);
        json = Cli.Json(ExitCode.NotFound, "backup", source, "--to", store, "--logs", logs, "--base", "E00");
        Assert.Equal(-1811, (int?)json["error"]!["code"]);
        Cli.Json(ExitCode.NotFound, "backup", source, "--to", store, "--logs", Path.Combine(logs, "none"));
    }

    [Fact]
    public void Databases_can_be_chosen_by_name()
    {
        string source = TwoDatabases(), store = GoldenSets.NewFolder("store");
        var json = Cli.Json(ExitCode.Done, "backup", source, "--to", store, "--database", "DB2.EDB");
        Assert.Equal(["db2.edb"],
            json["manifest"]!["databases"]!.AsArray().Select(database => (string)database!["name"]!));
        json = Cli.Json(ExitCode.NotFound, "backup", source, "--to", store, "--database", "db3.edb");
        Assert.Contains("db1.edb", (string?)json["error"]!["hint"], StringComparison.Ordinal);
    }

    [Fact]
    public void An_incremental_backup_continues_a_full_one()
    {
        string source = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");
        string store = GoldenSets.NewFolder("store");
        var full = Cli.Json(ExitCode.Done, "backup", source, "--to", store);
        var incremental = Cli.Json(ExitCode.Done, "backup", source, "--to", store, "--kind", "incremental");
        Assert.Equal((string?)full["id"], (string?)incremental["manifest"]!["parent"]);
        string table = Cli.Expect(ExitCode.Done, "list", "--from", store).Output;
        Assert.Equal(3, table.TrimEnd().Split('\n').Length);
        Assert.Contains("incremental", table, StringComparison.Ordinal);
        var shown = Cli.Json(ExitCode.Done, "show", (string)incremental["id"]!, "--from", store);
        Assert.Equal([(string)full["id"]!, (string)incremental["id"]!],
            shown["chain"]!.AsArray().Select(id => (string)id!));
    }

    [Fact]
    public void A_chain_of_streamed_sets_verifies_and_restores_as_one()
    {
        string store = GoldenSets.NewFolder("store"), target = GoldenSets.NewFolder("target");
        string set = Path.Combine(GoldenSets.Engine("extincr-4096"), "backup");
        Cli.Json(ExitCode.Done, "backup", Path.Combine(set, "full"), "--to", store);
        Cli.Json(ExitCode.Done, "backup", Path.Combine(set, "incr1"), "--to", store, "--kind", "incremental");
        Cli.Json(ExitCode.Done, "backup", Path.Combine(set, "incr2"), "--to", store, "--kind", "differential");
        Assert.Equal(3, Cli.Json(ExitCode.Done, "verify", "latest", "--from", store)["chain"]!.AsArray().Count);
        Cli.Json(ExitCode.Done, "restore", "latest", "--from", store, "--to", target, "--no-recover");
        foreach (string log in Directory.GetFiles(Path.Combine(set, "incr2")))
            Assert.Equal(File.ReadAllBytes(log), File.ReadAllBytes(Path.Combine(target, Path.GetFileName(log))));
        Cli.Json(ExitCode.Done, "ese", "logs", target);
    }

    [Theory]
    [InlineData("incremental")]
    [InlineData("differential")]
    public void Without_a_full_backup_there_is_nothing_to_continue(string kind)
    {
        string source = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");
        var json = Cli.Json(ExitCode.Refused, "backup", source, "--to", GoldenSets.NewFolder("store"), "--kind", kind);
        Assert.Equal(-560, (int?)json["error"]!["code"]);
    }

    [Fact]
    public void What_is_not_there_is_not_found_and_leaves_no_store_behind()
    {
        string store = Path.Combine(GoldenSets.NewFolder("none"), "store"), empty = GoldenSets.NewFolder("empty");
        Cli.Json(ExitCode.NotFound, "backup", Path.Combine(empty, "none"), "--to", store);
        Assert.False(Directory.Exists(store));
        Cli.Json(ExitCode.NotFound, "backup", empty, "--to", store);
        Cli.Json(ExitCode.NotFound, "backup", empty, "--to", store, "--plugin", Path.Combine(empty, "none.dll"));
    }

    [Fact]
    public void A_file_that_someone_writes_to_is_in_use()
    {
        string source = Cli.CopyOf("clean-4096");
        using var writer =
            new FileStream(Path.Combine(source, "db1.edb"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Cli.Json(ExitCode.InUse, "backup", source, "--to", GoldenSets.NewFolder("store"));
        Cli.Json(ExitCode.InUse, "ese", "info", Path.Combine(source, "db1.edb"));
        Cli.Json(ExitCode.InUse, "ese", "checksum", source);
    }

    // Two databases that share nothing; neither needs a log.
    private static string TwoDatabases()
    {
        string folder = Cli.CopyOf("clean-4096");
        string other = Path.Combine(GoldenSets.Small("clean-32768"), "files", "db1.edb");
        File.WriteAllBytes(Path.Combine(folder, "db2.edb"), File.ReadAllBytes(other));
        return folder;
    }
}
