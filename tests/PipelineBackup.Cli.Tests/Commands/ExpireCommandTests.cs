using System.Text.Json.Nodes;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Commands;

public class ExpireCommandTests
{
    private static readonly string s_source = Path.Combine(GoldenSets.Small("clean-4096"), "files");

    [Fact]
    public void The_plan_is_what_is_done_then()
    {
        var (store, ids) = StoreWith(4);
        Leave(store, "20200101T000000Z-F-0000000a");
        var plan = Cli.Json(ExitCode.Done, "expire", "--from", store, "--keep-last", "2", "--plan");
        Assert.True((bool)plan["planned"]!);
        Assert.Equal(["remove", "remove", "keep", "keep"], Actions(plan, "backups"));
        Assert.Equal(["remove"], Actions(plan, "leftovers"));
        Assert.Equal(ids, Ids(store));
        string text = Cli.Expect(ExitCode.Done, "expire", "--from", store, "--keep-last", "2", "--plan").Output;
        Assert.EndsWith("2 backups and what 1 run left would be removed, " + text[(text.LastIndexOf(", ", StringComparison.Ordinal) + 2)..], text, StringComparison.Ordinal);
        Assert.Matches($"\n{ids[0]} +full +clean +\\d+ KiB +remove\n", text);
        Assert.Matches($"\n{ids[2]} +full +clean +\\d+ KiB +keep +of the last 2\n", text);

        var done = Cli.Json(ExitCode.Done, "expire", "--from", store, "--keep-last", "2");
        foreach (string part in (string[])["set", "backups", "leftovers", "unreadable"])
            Assert.Equal(plan[part]!.ToJsonString(), done[part]!.ToJsonString());
        Assert.Equal([ids[1], ids[0], "20200101T000000Z-F-0000000a"], done["removed"]!.AsArray().Select(id => (string)id!));
        Assert.Equal(ids[2..], Ids(store));
        Assert.Equal(ids[2..], Directory.GetDirectories(Path.Combine(store, "default", "data"))
            .Where(folder => Directory.GetFiles(folder).Length > 0).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Cli.Json(ExitCode.Done, "verify", ids[2], "--from", store);
        Assert.Contains("0 backups removed, 0 objects", Cli.Expect(ExitCode.Done, "expire", "--from", store, "--keep-last", "2").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pin_keeps_a_backup_until_it_is_taken_away()
    {
        var (store, ids) = StoreWith(3);
        Assert.Contains("no backup", Cli.Expect(ExitCode.Done, "pin", "--from", store).Output, StringComparison.Ordinal);
        var pin = Cli.Json(ExitCode.Done, "pin", ids[0], "--from", store, "--note", "vor dem Umzug – größer")["pins"]![0]!;
        Assert.Equal((ids[0], "vor dem Umzug – größer"), ((string?)pin["id"], (string?)pin["note"]));
        Assert.True(File.Exists(Path.Combine(store, (string)pin["object"]!)));
        Assert.Matches($"^{ids[0]}  [-0-9]+ [:0-9]+  vor dem Umzug – größer\n$", Cli.Expect(ExitCode.Done, "pin", "--from", store).Output);
        var done = Cli.Json(ExitCode.Done, "expire", "--from", store, "--keep-last", "1");
        Assert.Equal(["keep", "remove", "keep"], Actions(done, "backups"));
        Assert.Equal("pinned", (string?)done["backups"]![0]!["reasons"]![0]);
        Assert.Contains("größer", Cli.Expect(ExitCode.Done, "unpin", ids[0], "--from", store).Output, StringComparison.Ordinal);
        Assert.Contains("was not pinned", Cli.Expect(ExitCode.Done, "unpin", ids[0], "--from", store).Output, StringComparison.Ordinal);
        Cli.Json(ExitCode.Done, "expire", "--from", store, "--keep-last", "1");
        Assert.Equal([ids[2]], Ids(store));
        Cli.Json(ExitCode.NotFound, "pin", ids[0], "--from", store);
        Cli.Json(ExitCode.NotFound, "unpin", ids[0], "--from", store);
        Cli.Json(ExitCode.Usage, "pin", ids[2], "--from", store, "--note", new string('x', 501));
    }

    [Fact]
    public void A_commit_that_cannot_be_read_stays_and_is_told()
    {
        var (store, ids) = StoreWith(3);
        File.WriteAllText(Path.Combine(store, "default", "backups", ids[0] + ".json"), "{}");
        foreach (string[] how in (string[][])[["--plan"], []])
        {
            var json = Cli.Json(ExitCode.Refused, ["expire", "--from", store, "--keep-last", "1", .. how]);
            Assert.Equal(ids[0], (string?)json["unreadable"]![0]!["id"]);
            Assert.Equal(["remove", "keep"], Actions(json, "backups"));
        }

        Assert.Equal([ids[0], ids[2]], Ids(store));
        Assert.Contains($"{ids[0]}  UNREADABLE: ", Cli.Expect(ExitCode.Refused, "expire", "--from", store, "--keep-last", "1").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_rule_nothing_is_removed()
    {
        var (store, ids) = StoreWith(2);
        var json = Cli.Json(ExitCode.Usage, "expire", "--from", store);
        Assert.Contains("--keep-monthly", (string?)json["error"]!["hint"], StringComparison.Ordinal);
        foreach (string number in (string[])["0", "-1", "x", "1.5", "99999999999"])
            Cli.Json(ExitCode.Usage, "expire", "--from", store, "--keep-days", number);
        Assert.Equal(ids, Ids(store));
        Cli.Json(ExitCode.NotFound, "expire", "--from", Path.Combine(store, "none"), "--keep-last", "1");
        Cli.Json(ExitCode.NotFound, "expire", "--from", GoldenSets.NewFolder("empty"), "--keep-last", "1");
        Assert.Contains("'other' has no backups",
            Cli.Expect(ExitCode.Done, "expire", "--from", store, "--set", "other", "--keep-last", "1").Output, StringComparison.Ordinal);
    }

    // The backups of one second are in the order of their random digits.
    private static (string Store, string[] Ids) StoreWith(int count)
    {
        string store = GoldenSets.NewFolder("store");
        for (int i = 0; i < count; i++)
            Cli.Json(ExitCode.Done, "backup", s_source, "--to", store);
        return (store, Ids(store));
    }

    private static string[] Ids(string store) =>
        [.. Directory.GetFiles(Path.Combine(store, "default", "backups")).Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)];

    private static void Leave(string store, string id)
    {
        string folder = Directory.CreateDirectory(Path.Combine(store, "default", "data", id)).FullName;
        File.WriteAllText(Path.Combine(folder, "pages-000001.lz4"), "half of a pack");
    }

    private static IEnumerable<string?> Actions(JsonNode json, string list) => json[list]!.AsArray().Select(row => (string?)row!["action"]);
}
