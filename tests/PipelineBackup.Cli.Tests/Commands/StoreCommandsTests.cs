using System.Text.Json.Nodes;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Commands;

public class StoreCommandsTests
{
    [Fact]
    public void A_set_is_listed_in_a_table()
    {
        var (store, id) = Cli.StoreWith("clean-4096");
        string[] lines = Cli.Expect(ExitCode.Done, "list", "--from", store).Output.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Matches("^ID +KIND +TIME \\(UTC\\) +DATABASES +STATE +LOGS +STORED +PARENT$", lines[0]);
        Assert.Matches($"^{id}  full  \\d{{4}}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d  db1.edb +clean +- +\\d+ KiB  -$",
            lines[1]);

        var row = Cli.Json(ExitCode.Done, "list", "--from", store)["backups"]![0]!;
        Assert.Equal((id, "full", "clean"), ((string?)row["id"], (string?)row["kind"], (string?)row["state"]));
        Assert.Contains("'other' has no backups",
            Cli.Expect(ExitCode.Done, "list", "--from", store, "--set", "other").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_backup_shows_its_manifest()
    {
        var (store, id) = Cli.StoreWith("dirty-basic-4096");
        var json = Cli.Json(ExitCode.Done, "show", "latest", "--from", store);
        Assert.Equal((id, "dirty"), ((string?)json["id"], (string?)json["state"]));
        var database = json["manifest"]!["databases"]![0]!;
        string text = Cli.Expect(ExitCode.Done, "show", id, "--from", store).Output;
        Assert.All((string[])[id, "full, dirty", (string)database["signature"]!, (string)database["originalPath"]!,
            "needs logs 1–12",
            (string)json["manifest"]!["index"]!["sha256"]!, "requests", "rooms"], part =>
                Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("show")]
    [InlineData("verify")]
    [InlineData("restore")]
    public void What_a_store_does_not_have_is_not_found(string command)
    {
        var (store, _) = Cli.StoreWith("clean-4096");
        string[] target = command == "restore" ? ["--to", GoldenSets.NewFolder("target")] : [];
        foreach (string id in (string[])["20200101T000000Z-F-00000000", "nonsense"])
            Assert.NotEqual("",
                (string?)Cli.Json(ExitCode.NotFound, [command, id, "--from", store, .. target])["error"]!["hint"]);
        Cli.Json(ExitCode.NotFound, [command, "latest", "--from", store, "--set", "other", .. target]);
        Cli.Json(ExitCode.NotFound, [command, "latest", "--from", Path.Combine(store, "none"), .. target]);
    }

    [Fact]
    public void A_sound_backup_verifies_and_a_flipped_bit_does_not()
    {
        var (store, id) = Cli.StoreWith("clean-4096");
        Assert.Contains($"backup {id} is sound", Cli.Expect(ExitCode.Done, "verify", id, "--from", store).Output,
            StringComparison.Ordinal);
        string damaged = Cli.Copy(store),
            pack = Directory.GetFiles(damaged, "pages-*.lz4", SearchOption.AllDirectories)[0];
        Cli.Flip(pack, new FileInfo(pack).Length / 2);
        var json = Cli.Json(ExitCode.Refused, "verify", "latest", "--from", damaged);
        Assert.Equal(-1018, (int?)json["error"]!["code"]);
        Assert.Contains("pages-000001.lz4", (string?)json["damage"]![0], StringComparison.Ordinal);
        Assert.Contains("damage", Cli.Expect(ExitCode.Refused, "verify", "latest", "--from", damaged).Output,
            StringComparison.Ordinal);
        Cli.Json(ExitCode.Refused, "restore", "latest", "--from", damaged, "--to", GoldenSets.NewFolder("target"));
    }

    [Fact]
    public void A_commit_that_is_damaged_is_refused()
    {
        var (store, id) = Cli.StoreWith("clean-4096");
        Cli.Json(ExitCode.Done, "backup", Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files"), "--to", store,
            "--kind", "copy");
        File.WriteAllText(Path.Combine(store, "default", "backups", id + ".json"), "{}");
        var json = Cli.Json(ExitCode.Refused, "list", "--from", store);
        Assert.Equal((1, id), (json["backups"]!.AsArray().Count, (string?)json["unreadable"]![0]!["id"]));
        Assert.Contains($"\n{id}  UNREADABLE: ", Cli.Expect(ExitCode.Refused, "list", "--from", store).Output,
            StringComparison.Ordinal);
        Cli.Json(ExitCode.Refused, "show", id, "--from", store);
    }

    [Fact]
    public void A_restore_gives_the_files_back()
    {
        string source = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        var (store, id) = Cli.StoreWith("clean-4096");
        string target = Path.Combine(GoldenSets.NewFolder("target"), "new");
        var run = Cli.Expect(ExitCode.Done, "restore", id, "--from", store, "--to", target);
        Assert.StartsWith($"backup {id} is restored to {target}\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(Path.Combine(source, "db1.edb")),
            File.ReadAllBytes(Path.Combine(target, "db1.edb")));

        string other = GoldenSets.NewFolder("target");
        var json = Cli.Json(ExitCode.Done, "restore", "latest", "--from", store, "--to", other, "--database", "db1.edb",
            "--map", "db1.edb=sub/renamed.edb");
        Assert.Equal((false, other), ((bool)json["needsRecovery"]!, (string?)json["target"]));
        Assert.Contains(Path.Combine(other, "sub", "renamed.edb"),
            json["files"]!.AsArray().Select(file => (string)file!));
        Assert.Equal(File.ReadAllBytes(Path.Combine(source, "db1.edb")),
            File.ReadAllBytes(Path.Combine(other, "sub", "renamed.edb")));
    }

    [Fact]
    public void The_files_are_put_together_where_it_is_said()
    {
        var (store, _) = Cli.StoreWith("clean-4096");
        string target = GoldenSets.NewFolder("target"), staging = Path.Combine(target, "staging");
        Cli.Json(ExitCode.Done, "restore", "latest", "--from", store, "--to", target, "--staging", staging);
        Assert.True(File.Exists(Path.Combine(target, "db1.edb")));
        Assert.True(Directory.Exists(staging));
    }

    [Fact]
    public void A_restore_overwrites_nothing()
    {
        var (store, _) = Cli.StoreWith("clean-4096");
        string target = GoldenSets.NewFolder("target"), file = Path.Combine(target, "db1.edb");
        File.WriteAllText(file, "mine");
        var json = Cli.Json(ExitCode.Failed, "restore", "latest", "--from", store, "--to", target);
        Assert.Contains("db1.edb", (string?)json["error"]!["message"], StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(file));
    }

    [Fact]
    public void A_dirty_database_is_recovered_unless_that_is_left_to_the_user()
    {
        var (store, _) = Cli.StoreWith("dirty-basic-4096");
        string target = GoldenSets.NewFolder("target"), recovered = GoldenSets.NewFolder("target");
        var json = Cli.Json(ExitCode.Done, "restore", "latest", "--from", store, "--to", recovered);
        Assert.Equal((false, Path.Combine(recovered, "db1.edb")), ((bool)json["needsRecovery"]!, (string?)Assert.Single(json["files"]!.AsArray())));
        Assert.True((long)json["recovery"]!["records"]! > 100);
        Assert.Equal([Path.Combine(recovered, "db1.edb")], Directory.GetFileSystemEntries(recovered));
        Cli.Json(ExitCode.Done, "ese", "check", Path.Combine(recovered, "db1.edb"));
        var run = Cli.Expect(ExitCode.Done, "restore", "latest", "--from", store, "--to", target, "--no-recover");
        Assert.Contains("RECOVERY IS NEEDED", run.Output, StringComparison.Ordinal);
        foreach (string file in Directory.GetFiles(Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files"), "*.log")
            .Where(log => !log.EndsWith("tmp.log", StringComparison.Ordinal)))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(target, Path.GetFileName(file))));
    }

    [Fact]
    public void A_restore_goes_on_with_later_logs_and_stops_where_it_is_told()
    {
        string whole = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");
        var (store, _) = Cli.StoreWith("dirty-basic-4096");
        var stopped = Cli.Json(ExitCode.Refused, "restore", "latest", "--from", store, "--to", GoldenSets.NewFolder("t"), "--stop-at", "0x2");
        Assert.Contains("possible is generation", (string?)stopped["error"]!["hint"], StringComparison.Ordinal);
        var json = Cli.Json(ExitCode.Done, "restore", "latest", "--from", store, "--to", GoldenSets.NewFolder("t"), "--roll-forward", whole);
        Assert.StartsWith("(0xC,", (string?)json["recovery"]!["reached"], StringComparison.Ordinal);
        Cli.Json(ExitCode.Usage, "restore", "latest", "--from", store, "--to", GoldenSets.NewFolder("t"), "--roll-forward", whole, "--no-recover");
        Cli.Json(ExitCode.NotFound, "restore", "latest", "--from", store, "--to", GoldenSets.NewFolder("t"), "--roll-forward", whole + "-none");
    }

    [Fact]
    public void A_drill_proves_a_backup_and_leaves_a_receipt_and_nothing_else()
    {
        var (store, id) = Cli.StoreWith("dirty-basic-4096");
        string scratch = GoldenSets.NewFolder("scratch");
        var json = Cli.Json(ExitCode.Done, "drill", "latest", "--from", store, "--scratch", scratch);
        var database = Assert.Single(json["databases"]!.AsArray())!;
        Assert.Equal(("db1.edb", 0), ((string?)database["name"], database["findings"]!.AsArray().Count));
        Assert.True((long)database["rows"]! > 100 && (long)database["pages"]! > 100);
        Assert.Empty(Directory.GetFileSystemEntries(scratch));
        string receipt = (string)json["receipt"]!;
        Assert.Matches($"^default/marks/{id}/drill-[0-9]{{8}}T[0-9]{{6}}Z-[0-9a-f]{{8}}\\.json$", receipt);
        var stored = JsonNode.Parse(File.ReadAllText(Path.Combine(store, receipt)))!;
        Assert.Equal((1, id, 0), ((int)stored["version"]!, (string?)stored["backup"], (int)stored["exit"]!));

        var run = Cli.Expect(ExitCode.Done, "drill", id, "--from", store, "--scratch", scratch, "--no-mark");
        Assert.Contains($"backup {id} can be restored", run.Output, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Path.Combine(store, "default", "marks", id)));
        Cli.Json(ExitCode.Done, "verify", "latest", "--from", store);
        Cli.Json(ExitCode.Done, "list", "--from", store);
    }

    [Fact]
    public void A_drill_of_a_damaged_store_is_refused()
    {
        var (store, id) = Cli.StoreWith("clean-4096");
        string damaged = Cli.Copy(store), pack = Directory.GetFiles(damaged, "pages-*.lz4", SearchOption.AllDirectories)[0];
        Cli.Flip(pack, new FileInfo(pack).Length / 2);
        Cli.Json(ExitCode.Refused, "drill", "latest", "--from", damaged, "--scratch", GoldenSets.NewFolder("scratch"));
        Assert.False(Directory.Exists(Path.Combine(damaged, "default", "marks")));
        Cli.Json(ExitCode.NotFound, "drill", "20200101T000000Z-F-00000000", "--from", store);
        Assert.NotEqual("", id);
    }
}
