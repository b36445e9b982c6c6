using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PipelineBackup.Cli.Text;
using PipelineBackup.Ese;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests.Text;

public partial class DatabaseHeaderTextTests
{
    [Fact]
    public void The_text_is_the_engines_own()
    {
        var texts = GoldenSets.EngineSets.Where(set => set != "damaged").Select(GoldenSets.Engine)
            .Concat(((string[])["clean-4096", "clean-32768", "dirty-basic-4096", "dirty-empty-4096", "extbackup-4096"])
                .Select(GoldenSets.Small))
            .SelectMany(Texts)
            .ToList();
        foreach (var (text, database) in texts)
        {
            string expected = File.ReadAllText(text).Replace("\r\n", "\n", StringComparison.Ordinal);
            expected = ReportLine().Replace(expected, "");
            bool streamed = expected.Contains("Patch Current Full Backup", StringComparison.Ordinal);
            if (streamed)
                expected = FromABufferOverwrittenByTheTrailer(expected, database);
            string actual = Print(database);
            Assert.True(expected == actual, $"{text}:\n{FirstDifference(expected, actual)}");
        }

        int fromCorpus = GoldenSets.HasCorpus ? 42 : 0;
        Assert.True(texts.Count >= 5 + fromCorpus, $"{texts.Count} texts");
    }

    [Fact]
    public void A_damaged_copy_is_told_behind_the_header_that_counts()
    {
        byte[] start = Start();
        start[300] ^= 1;
        string text = Print(HeaderPair.Read(start), null);
        Assert.StartsWith("\nDATABASE SHADOW HEADER:\nChecksum Information:\n", text, StringComparison.Ordinal);
        Assert.EndsWith("\n\nWARNING: primary header and shadow header are not identical.\n"
            + "WARNING: primary header has a checksum error.\n", text, StringComparison.Ordinal);

        start[300] ^= 1;
        start[4096 + 300] ^= 1;
        text = Print(HeaderPair.Read(start), null);
        Assert.StartsWith("\nDATABASE HEADER:\n", text, StringComparison.Ordinal);
        Assert.EndsWith("WARNING: shadow header has a checksum error.\n", text, StringComparison.Ordinal);

        start[300] ^= 1;
        Assert.Equal("\nWARNING: primary header and shadow header are not identical.\n"
            + "WARNING: primary header has a checksum error.\nWARNING: shadow header has a checksum error.\n",
            Print(HeaderPair.Read(start), null));
    }

    [Fact]
    public void A_streamed_copy_without_its_trailer_is_told()
    {
        string database = Path.Combine(GoldenSets.Small("extbackup-4096"), "backup", "db1.edb");
        using var file = File.OpenHandle(database);
        var pair = HeaderPair.Read(file);
        string text = Print(pair, new PatchTrailer(new byte[4096]));
        Assert.DoesNotContain("Patch Current", text, StringComparison.Ordinal);
        Assert.EndsWith("WARNING: the trailer page of this streaming backup is missing or damaged.\n", text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Counters_that_are_set_show_with_their_times()
    {
        byte[] start = Start();
        foreach (int copy in (int[])[0, 4096])
        {
            var page = start.AsSpan(copy, 4096);
            foreach (int count in (int[])[368, 380, 384, 396, 400, 412, 476, 716])
                BitConverter.TryWriteBytes(page[count..], 5);
            foreach (int time in (int[])[372, 388, 404, 480, 720])
                LogTime.From(new DateTimeOffset(2026, 11, 20, 1, 2, 3, 4, TimeSpan.Zero)).Write(page[time..]);
            page[356] = 1;
            page[360] = 2;
            page[468] = 9;
            page[52] = 7;
            BitConverter.TryWriteBytes(page, HeaderChecksum.Compute(page));
        }

        string text = Print(HeaderPair.Read(start), null);
        const string Time = "11/20/2026 01:02:03.004 UTC";
        foreach (string line in (string[])
        [
            "            State: Dirty and Patched Shutdown", "     Reseed Count: 5", $"      Reseed Date: {Time}",
            "        Log Gen: 0-0 (0x0-0x0) - OSSnapshot", "        Log Gen: 0-0 (0x0-0x0) - Snapshot",
            "        Log Gen: 0-0 (0x0-0x0) - UNKNOWN", "       ECC Fix Success Count: found (5)",
            $"   Last ECC Fix Success Date: {Time}", "   Old ECC Fix Success Count: found (5)",
            "         ECC Fix Error Count: found (5)", $"     Last ECC Fix Error Date: {Time}",
            "     Old ECC Fix Error Count: found (5)", "    Bad Checksum Error Count: found (5)",
            $"Last Bad Checksum Error Date: {Time}", "Old bad Checksum Error Count: found (5)",
            "     Revert Count: 5", $" Revert From Date: {Time}",
        ])
        {
            Assert.Contains($"\n{line}\n", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Any_mutated_header_prints()
    {
        byte[] original = Start();
        for (int seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            byte[] start = [.. original];
            for (int i = random.Next(1, 200); i > 0; i--)
                start[random.Next(4096)] = (byte)random.Next(256);
            BitConverter.TryWriteBytes(start.AsSpan(236), 4096);
            BitConverter.TryWriteBytes(start, HeaderChecksum.Compute(start.AsSpan(0, 4096)));
            byte[] page = new byte[4096];
            random.NextBytes(page);
            BitConverter.TryWriteBytes(page, HeaderChecksum.Compute(page));
            try
            {
                var pair = HeaderPair.Read(start);
                Assert.NotNull(pair.Primary);
                string text = Print(pair, new PatchTrailer(page));
                Assert.True(text.Split('\n').Length > 80);
                Assert.DoesNotContain(text, letter => char.IsControl(letter) && letter != '\n');
                Assert.NotEqual("", DatabaseHeaderJson.Create(pair, new PatchTrailer(page)).ToJsonString());
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}: {failure}");
            }
        }
    }

    [Fact]
    public void The_json_holds_numbers_positions_and_times()
    {
        string database = Path.Combine(GoldenSets.Small("extbackup-4096"), "backup", "db1.edb");
        var json = JsonNode.Parse(Json(database))!;
        Assert.Equal("identical", (string?)json["copies"]);
        Assert.Equal(-544, (int)json["attachError"]!);
        Assert.Equal("JET_errSoftRecoveryOnBackupDatabase", (string?)json["attachErrorName"]);
        Assert.Equal("0x620,290,600", (string?)json["version"]);
        Assert.Equal(("dirtyShutdown", 2), ((string?)json["state"], (int)json["stateNumber"]!));
        Assert.True((bool)json["needsRecovery"]!);
        Assert.Equal((4096, 319UL), ((int)json["pageSize"]!, (ulong)json["dbtime"]!));
        Assert.Equal("(0x1,1,268)", (string?)json["attach"]);
        Assert.Equal("2026-11-20T13:22:39.491Z", (string?)json["attachTime"]);
        Assert.Null(json["detach"]);
        Assert.Null(json["detachTime"]);
        Assert.Null(json["previousFull"]);
        Assert.Equal(2235499711, (long)json["signature"]!["random"]!);
        var current = json["currentFull"]!;
        Assert.Equal((4, 0), ((int)current["lowGeneration"]!, (int)current["highGeneration"]!));
        Assert.Equal((0, 11), ((int)json["trailer"]!["error"]!, (int)json["trailer"]!["maxRequired"]!));
        Assert.Equal("(0xB,6,89C)", (string?)json["trailer"]!["backup"]!["mark"]);
    }

    [Fact]
    public void The_json_of_an_unreadable_header_tells_why()
    {
        var json = DatabaseHeaderJson.Create(HeaderPair.Read([]), null);
        Assert.Equal("""{"copies":"bothBad","attachError":-1018,"attachErrorName":"JET_errReadVerifyFailure"}""",
            json.ToJsonString());
    }

    // A text stands beside the folder of the database it was printed from; expected- texts of dirty sets, restore- and
    // rollforward- texts were printed from results that are not kept.
    private static IEnumerable<(string Text, string Database)> Texts(string set)
    {
        bool clean = Directory.EnumerateFiles(set, "expected-*-header.txt").Any()
            && !Directory.EnumerateFiles(set, "before-*-header.txt").Any();
        foreach (string text in Directory.EnumerateFiles(set, "*-header.txt"))
        {
            var parts = TextName().Match(Path.GetFileName(text)).Groups;
            string? database = parts["what"].Value switch
            {
                "before" => Path.Combine(set, "files", parts["db"].Value),
                "expected" when clean => Path.Combine(set, "files", parts["db"].Value),
                "backup" => Path.Combine(set, "backup", parts["db"].Value),
                "redo-only" => Path.Combine(set, "redo-only", "db1.edb"),
                _ => null,
            };
            if (database is not null)
                yield return (text, database);
        }
    }

    // The engine reads the trailer into the buffer of the header before it prints the signatures and compares the
    // copies: both are of the trailer then. Ours are the header's.
    private static string FromABufferOverwrittenByTheTrailer(string expected, string database)
    {
        using var file = File.OpenHandle(database);
        var header = HeaderPair.Read(file).Require(database);
        const string None = "Create time:00/00/1900 00:00:00.000 Rand:0 Computer:";
        const string Database = "  Database Header Flush Signature: ", Map = " Flush Map Header Flush Signature: ";
        const string Warning = "WARNING: primary header and shadow header are not identical.\n";
        Assert.Contains(Database + None, expected, StringComparison.Ordinal);
        Assert.Contains(Map + None, expected, StringComparison.Ordinal);
        Assert.EndsWith(Warning, expected, StringComparison.Ordinal);
        return expected[..^Warning.Length]
            .Replace(Database + None, Database + header.HeaderFlushSignature, StringComparison.Ordinal)
            .Replace(Map + None, Map + header.FlushMapFlushSignature, StringComparison.Ordinal);
    }

    private static string Print(string database)
    {
        using var file = File.OpenHandle(database);
        var pair = HeaderPair.Read(file);
        return Print(pair, PatchTrailer.Read(file, pair.PageSize));
    }

    private static string Print(HeaderPair headers, PatchTrailer? trailer)
    {
        using var output = new StringWriter { NewLine = "\r\n" };
        DatabaseHeaderText.Write(output, headers, trailer);
        return output.ToString();
    }

    private static string Json(string database)
    {
        using var file = File.OpenHandle(database);
        var pair = HeaderPair.Read(file);
        return DatabaseHeaderJson.Create(pair, PatchTrailer.Read(file, pair.PageSize)).ToJsonString();
    }

    private static byte[] Start() =>
        File.ReadAllBytes(Path.Combine(GoldenSets.Small("clean-4096"), "files", "db1.edb"))[..8192];

    private static string FirstDifference(string expected, string actual)
    {
        string[] left = expected.Split('\n'), right = actual.Split('\n');
        for (int i = 0; i < Math.Max(left.Length, right.Length); i++)
        {
            string a = i < left.Length ? left[i] : "<end>", b = i < right.Length ? right[i] : "<end>";
            if (a != b)
                return $"line {i + 1}\n  engine: {a}\n  ours:   {b}";
        }

        return "no line differs";
    }

    [GeneratedRegex(@"\{""verb"":.*\}\n$")]
    private static partial Regex ReportLine();

    [GeneratedRegex(@"^(?<what>before|expected|backup|redo-only|.*?)(-(?<db>[^-]+\.edb))?-header\.txt$")]
    private static partial Regex TextName();
}
