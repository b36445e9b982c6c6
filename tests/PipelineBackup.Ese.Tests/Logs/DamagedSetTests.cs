using System.Buffers.Binary;
using System.Text.Json.Nodes;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Logs;

/// <summary>The corpus' damages of logs: what the engine answered to each, and what the judge answers.</summary>
public sealed class DamagedSetTests
{
    public static TheoryData<string> SoftCases => Cases("log-", "chk-", "soft-ok", "lostflush-ok");

    public static TheoryData<string> HardCases => Cases("hard-log", "hard-rf", "hard-ok", "hard-genhigh");

    [Theory]
    [MemberData(nameof(SoftCases), DisableDiscoveryEnumeration = true)]
    public void Soft_recovery_is_judged_as_the_engine_does_it(string name)
    {
        var description = Read(name);
        string folder = Prepare(description, (string)description["base"]!, "ops");
        var database = ReadRequired(Path.Combine(Root, (string)description["base"]!, "db1.edb"));
        Assert.Equal((int)description["info_before"]!["genMinRequired"]!, database.Min.Value);
        var chain = LogChain.Open(folder, "edb");
        chain.ScanAll();

        // A checkpoint that is missing, damaged or of another stream makes recovery start with the lowest log.
        string checkpoint = Path.Combine(folder, "edb.chk");
        bool usable = File.Exists(checkpoint) && Checkpoint.TryRead(File.ReadAllBytes(checkpoint), out var read, out _)
            && read.CheckStream(chain.Signature) is null;
        var start = usable ? Checkpoint.Read(File.ReadAllBytes(checkpoint)).Position.Generation : chain.Lowest;
        int grbit = description["args"]!.AsArray().Select(arg => (string)arg!).Where(arg => arg.StartsWith("grbit=", StringComparison.Ordinal))
            .Select(arg => Convert.ToInt32(arg[6..], 16)).FirstOrDefault();
        var finding = chain.JudgeSoftRecovery([database], new(start, (grbit & 0x100) != 0, (grbit & 0x80) != 0));

        Assert.True((int)description["recover"]!["err"]! == (int)(finding?.Error ?? 0), $"{name}: {finding}");
        foreach (var (file, answer) in description["loginfo"]!.AsObject().Where(pair => !name.Contains("othersig", StringComparison.Ordinal)))
        {
            var scan = LogFileReader.Scan(Path.Combine(folder, file));
            Assert.Equal((string)answer!, "JET_err" + scan.ErrorFor(LogScanPurpose.SoftRecovery, file == "edb.log"));
        }

        foreach (string text in description["events"]!.AsArray().Select(e => (string)e!).Where(e => e.Contains("LOG_CORRUPT_ID", StringComparison.Ordinal)))
            AssertSameReason(text, folder);
    }

    [Theory]
    [MemberData(nameof(HardCases), DisableDiscoveryEnumeration = true)]
    public void A_restore_is_judged_as_the_engine_does_it(string name)
    {
        var description = Read(name);
        string folder = Prepare(description, "base-hard/backup", "ops");
        string? live = (bool)description["extra"]! ? Prepare(description, "base-hard/extra-logs", "extraops") : null;
        var backup = LogChain.Open(folder, "edb");
        backup.ScanAll();
        var rollForward = live is null ? null : LogChain.Open(live, "edb");
        rollForward?.ScanAll();
        var database = ReadRequired(Path.Combine(Root, "base-hard/backup/db1.edb"), hasTrailer: true);
        var gen = description["gen"]!.AsArray();

        var finding = backup.JudgeRestore([database], new((int)gen[0]!), new((int)gen[1]!), rollForward);

        // Here the engine reports success and leaves a corrupt database: the trailer page is enforced instead.
        int error = name == "hard-genhigh-below-trailer" ? -543 : (int)description["recover"]!["err"]!;
        Assert.True(error == (int)(finding?.Error ?? 0), $"{name}: {finding}");
        if (finding is not null)
            Assert.NotEqual("", finding.Hint);
        foreach (string text in description["events"]!.AsArray().Select(e => (string)e!).Where(e => e.Contains("LOG_CORRUPT_ID", StringComparison.Ordinal)))
            AssertSameReason(text, text.Contains(@"\log\", StringComparison.Ordinal) ? live! : folder);
    }

    [Fact]
    public void A_foreign_current_log_is_no_roll_forward_log()
    {
        string folder = GoldenSets.NewFolder();
        foreach (string file in Directory.GetFiles(Path.Combine(Root, "base-hard/extra-logs"), "*.log"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.Copy(Path.Combine(Root, "othersig-logs/edb.log"), Path.Combine(folder, "edb.log"), overwrite: true);
        var backup = LogChain.Open(Path.Combine(Root, "base-hard/backup"), "edb");
        var database = ReadRequired(Path.Combine(Root, "base-hard/backup/db1.edb"), hasTrailer: true);

        Assert.Equal(EseError.ExistingLogFileHasBadSignature, backup.JudgeRestore([database], rollForward: LogChain.Open(folder, "edb"))!.Error);
    }

    private static string Root => GoldenSets.Engine("damaged");

    private static TheoryData<string> Cases(params string[] prefixes) => new(GoldenSets.HasCorpus
        ? Directory.GetFiles(GoldenSets.Engine("damaged"), "*.json").Select(path => Path.GetFileNameWithoutExtension(path))
            .Where(name => prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))).Order(StringComparer.Ordinal)
        : [""]);

    private static JsonNode Read(string name)
    {
        GoldenSets.RequireCorpus();
        return JsonNode.Parse(File.ReadAllText(Path.Combine(Root, name + ".json")))!;
    }

    // The event tells reason, last valid and current segment, and both checksums.
    private static void AssertSameReason(string text, string folder)
    {
        string file = text[..text.IndexOf(".log", StringComparison.Ordinal)].Split('\\')[^1] + ".log";
        var scan = LogFileReader.Scan(Path.Combine(folder, file));
        Assert.Contains($"'{scan.Verdict}'", text, StringComparison.Ordinal);
        Assert.Contains($"Last valid segment was {scan.LastValidSegment}, current segment is {scan.FailedSegment}.", text, StringComparison.Ordinal);
        // One of these texts is cut off behind the first number.
        Assert.Contains($"stored checksum was {scan.StoredChecksum} ", text, StringComparison.Ordinal);
    }

    // Only the logs and the checkpoint are copied; databases stay where they are.
    private static string Prepare(JsonNode description, string baseFolder, string operations)
    {
        string folder = GoldenSets.NewFolder("damaged");
        foreach (string file in Directory.GetFiles(Path.Combine(Root, baseFolder)).Where(file => Path.GetExtension(file) is ".log" or ".chk"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        foreach (var operation in description[operations]!.AsArray())
        {
            string file = (string)operation!["file"]!;
            if (Path.GetExtension(file) is ".log" or ".chk")
                Apply(operation, Path.Combine(folder, file));
        }

        return folder;
    }

    private static void Apply(JsonNode operation, string path)
    {
        if ((string)operation["op"]! == "delete")
        {
            File.Delete(path);
            return;
        }

        byte[] bytes = File.ReadAllBytes(path);
        int offset = (int?)operation["off"] ?? 0;
        switch ((string)operation["op"]!)
        {
            case "xor": bytes[offset] ^= (byte)(int)operation["val"]!; break;
            case "fill": bytes.AsSpan(offset, (int)operation["len"]!).Fill((byte)(int)operation["byte"]!); break;
            case "truncate": bytes = bytes[..(int)operation["len"]!]; break;
            case "replace": bytes = File.ReadAllBytes(Path.Combine(Root, (string)operation["from"]!)); break;
            case var other: throw new NotSupportedException(other);
        }

        File.WriteAllBytes(path, bytes);
    }

    private static RequiredLogs ReadRequired(string path, bool hasTrailer = false)
    {
        byte[] file = File.ReadAllBytes(path);
        int At(int offset) => BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(offset));
        int trailer = file.Length - 4096;
        return hasTrailer
            ? new(new(Math.Min(At(296), At(trailer + 120))), new(Math.Max(At(300), At(trailer + 124))), new(At(trailer + 128)),
                LogTime.Read(file.AsSpan(trailer + 132)), LogTime.Read(file.AsSpan(trailer + 140)))
            : new(new(At(296)), new(At(300)), new(At(416)), LogTime.Read(file.AsSpan(672)), LogTime.Read(file.AsSpan(348)));
    }
}
