using System.Text.Json.Nodes;

namespace PipelineBackup.Tests.Sources;

/// <summary>
/// The damaged sets of the corpus: what the engine could recover, a backup takes and gives back byte by byte; what it could
/// not is refused with the engine's number, as far as the files tell without replaying them.
/// </summary>
public class DamagedSetTests
{
    // Where a backup asks for more or less than recovery does, and why.
    private static readonly Dictionary<string, int> s_otherwise = new()
    {
        // A backup stores no page that does not verify, whether or not replay would pass over it.
        ["db-bit2-untouched"] = -1018,
        ["hard-db-bit2-untouched"] = -1018,
        // A page that was never written is no damage that the page shows; the flush map makes it a suspicion.
        ["db-zero-touched"] = 0,
        // That the tail is gone shows in the space trees only.
        ["db-truncated-quarter"] = 0,
        // Recovery was asked to pass over these; a backup is not.
        ["db-missing-ignore"] = -1811,
        ["log-missing-current-0x100"] = -528,
        ["log-missing-current-0x180"] = -528,
        ["log-missing-last2"] = -528,
        // The same damage under the number it has outside of a restore.
        ["hard-hdr-both-bad"] = -1018,
        ["hard-log-bit2"] = -501,
        ["hard-log-bit2-last"] = -501,
    };

    public static TheoryData<string> Cases => new(GoldenSets.HasCorpus
        ? Directory.GetFiles(GoldenSets.Engine("damaged"), "*.json").Select(path => Path.GetFileNameWithoutExtension(path)!)
            // Which logs to replay up to, or to roll forward with, is no matter of the files.
            .Where(name => name != "summary" && !name.StartsWith("hard-genhigh", StringComparison.Ordinal) && !name.Contains("-rf", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        : [""]);

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public async Task A_backup_of_a_damaged_set_ends_as_its_recovery_would(string name)
    {
        GoldenSets.RequireCorpus();
        string root = GoldenSets.Engine("damaged");
        var damage = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(root, name + ".json")))!;
        bool hard = (string)damage["kind"]! == "hard";
        await using var trip = new MemoryTrip();
        string source = trip.Copy(Path.Combine(root, (string)damage["base"]!, hard ? "backup" : ""));
        foreach (var operation in damage["ops"]!.AsArray())
            Apply(operation!, root, source);
        int expected = s_otherwise.TryGetValue(name, out int other) ? other : (int)damage["recover"]!["err"]!;
        BackupException? refusal = null;
        try
        {
            await trip.BackupAsync(source);
        }
        catch (BackupException failure)
        {
            refusal = failure;
        }

        Assert.True(expected == (refusal?.Error?.Number ?? 0), $"{name}: {expected} expected, {refusal?.Error}: {refusal?.Message}");
        if (refusal is null)
            await trip.ProveAsync(ExitCode.Done, name.Contains("bit1", StringComparison.Ordinal) ? Path.Combine(root, (string)damage["base"]!) : source);
        else
            Assert.Empty(await Simulation.StoreProof.ListAsync(trip.Store));
    }

    private static void Apply(JsonNode operation, string root, string folder)
    {
        string path = Path.Combine(folder, (string)operation["file"]!);
        string kind = (string)operation["op"]!;
        if (kind == "delete")
        {
            File.Delete(path);
            return;
        }

        byte[] bytes = File.ReadAllBytes(path);
        int offset = (int?)operation["off"] ?? 0;
        switch (kind)
        {
            case "xor": bytes[offset] ^= (byte)(int)operation["val"]!; break;
            case "fill": bytes.AsSpan(offset, (int)operation["len"]!).Fill((byte)(int)operation["byte"]!); break;
            case "truncate": bytes = bytes[..(int)operation["len"]!]; break;
            case "replace": bytes = File.ReadAllBytes(Path.Combine(root, (string)operation["from"]!)); break;
            case "paste": File.ReadAllBytes(Path.Combine(root, (string)operation["from"]!)).CopyTo(bytes.AsSpan(offset)); break;
            case "copy": bytes.AsSpan((int)operation["src"]!, (int)operation["len"]!).CopyTo(bytes.AsSpan((int)operation["dst"]!)); break;
            default: throw new NotSupportedException(kind);
        }

        File.WriteAllBytes(path, bytes);
    }
}
