using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Format.Tests;

/// <summary>
/// Stores that were written to deceive: every object changed behind its digest. Readers say what is wrong or give the bytes,
/// fail in no other way than documented, never stand still, take no more memory than the store is large, and never write
/// anything outside of the target.
/// </summary>
[Collection(nameof(Alone))]
public class HostileStoreTests
{
    private static readonly Lazy<Task<(IReadOnlyDictionary<string, byte[]> Objects, string Id)>> s_store = new(MakeAsync);

    [Fact]
    public Task A_format_document_of_any_content_is_refused_or_read() => Seeds.EachAsync(150, async (_, random) =>
    {
        var (objects, id) = await s_store.Value;
        var changed = new SortedDictionary<string, byte[]>(objects.ToDictionary(), StringComparer.Ordinal);
        changed["format.json"] = Encoding.UTF8.GetBytes(JsonMischief.Change(Encoding.UTF8.GetString(changed["format.json"]), random));
        await DemandDocumentedAsync(await StoreProof.StoreOfAsync(changed), id);
    });

    [Fact]
    public Task A_commit_of_any_content_is_refused_or_read() => Seeds.EachAsync(400, async (_, random) =>
    {
        var store = await OpenAsync();
        for (int changes = random.Next(1, 3); changes > 0; changes--)
        {
            string body = store.Commit[..^("\"crc32c\":\"00000000\"}".Length + 1)];
            store.Commit = JsonMischief.Change(body, random) + ",\"crc32c\":\"00000000\"}";
        }

        await DemandDocumentedAsync(await store.SealAsync(), store.Id);
    });

    [Fact]
    public Task An_index_of_any_content_is_refused_or_read() => Seeds.EachAsync(400, async (_, random) =>
    {
        var store = await OpenAsync();
        for (int changes = random.Next(1, 4); changes > 0; changes--)
            ChangeLines(store.Index, random);
        await DemandDocumentedAsync(await store.SealAsync(sealsPacks: random.OneIn(2)), store.Id);
    });

    [Fact]
    public Task A_list_of_bad_pages_of_any_content_is_refused_or_read() => Seeds.EachAsync(150, async (_, random) =>
    {
        var store = await OpenAsync();
        for (int changes = random.Next(1, 4); changes > 0; changes--)
            ChangeLines(store.BadPages!, random);
        await DemandDocumentedAsync(await store.SealAsync(), store.Id);
    });

    [Fact]
    public Task A_pack_of_any_content_is_refused_or_read() => Seeds.EachAsync(500, async (_, random) =>
    {
        var store = await OpenAsync();
        store.ChangePack(store.Packs[random.Next(store.Packs.Count)], pack => ChangePack(pack, random));
        await DemandDocumentedAsync(await store.SealAsync(), store.Id);
    });

    [Fact]
    public async Task A_store_that_is_sealed_again_without_a_change_is_whole()
    {
        var store = await OpenAsync();
        await using var sink = await store.SealAsync();
        Assert.Equal(ExitCode.Damaged, (await new VerificationPipeline(sink).RunAsync(store.Id)).ExitCode);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("..\\x")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("/etc/x")]
    [InlineData("C:\\x")]
    [InlineData("C:x")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("")]
    [InlineData("x\0y")]
    [InlineData("x\ny")]
    [InlineData("name.")]
    [InlineData("name ")]
    [InlineData("CON")]
    [InlineData("con.edb")]
    [InlineData("LPT1.log")]
    [InlineData("NUL .txt")]
    [InlineData("a|b")]
    [InlineData("a*b")]
    [InlineData("stream:alternate")]
    [InlineData(".pipelinebackup-publish.json")]
    [InlineData(".pipelinebackup-restore.lock")]
    [InlineData(".pipelinebackup-staging-1")]
    [InlineData("long")]
    public async Task A_name_that_leads_elsewhere_is_refused(string name)
    {
        if (name == "long")
            name = new string('n', 300);
        foreach (string kind in new[] { "Database", "Log", "FlushMap", "Checkpoint" })
        {
            var store = await OpenAsync();
            int line = store.Index.FindIndex(text => text.Contains($"\"kind\":\"{kind}\"", StringComparison.Ordinal));
            var file = JsonNode.Parse(store.Index[line])!.AsObject();
            file["name"] = name;
            store.Index[line] = file.ToJsonString();
            using var scratch = new Scratch();
            string before = Tree(scratch.Path);
            await using var sink = await store.SealAsync();
            var refusal = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(sink, store.Id, scratch["target"]));
            Assert.Equal(ExitCode.Refused, refusal.ExitCode);
            Assert.Equal(before, Tree(scratch.Path));
            Assert.Equal(ExitCode.Refused, (await Assert.ThrowsAsync<BackupException>(() => new VerificationPipeline(sink).RunAsync(store.Id))).ExitCode);
        }
    }

    [Fact]
    public async Task A_log_that_says_it_is_longer_than_all_disks_takes_no_time()
    {
        var store = await OpenAsync();
        int line = store.Index.FindIndex(text => text.Contains("\"kind\":\"Log\"", StringComparison.Ordinal));
        var file = JsonNode.Parse(store.Index[line])!.AsObject();
        int number = (int)file["file"]!;
        long pages = 1L << 32;
        file["length"] = pages * 4096;
        store.Index[line] = file.ToJsonString();
        int last = store.Index.FindLastIndex(text => text.Contains("\"type\":\"extent\"", StringComparison.Ordinal) && text.Contains($"\"file\":{number},", StringComparison.Ordinal));
        store.Index.Insert(last + 1, $"{{\"type\":\"extent\",\"file\":{number},\"first\":32,\"pages\":{pages - 32},\"zero\":true,\"pack\":0,\"offset\":0}}");
        await using var sink = await store.SealAsync();
        var verified = await new VerificationPipeline(sink).RunAsync(store.Id).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Refused, verified.ExitCode);
        using var scratch = new Scratch();
        var refusal = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(sink, store.Id, scratch["target"]));
        Assert.Equal(-1808, refusal.Error!.Value.Number);
    }

    [Fact]
    public async Task Pages_that_no_chunk_brings_are_damage()
    {
        // A file is added that the index places where the chunks of another, dropped one lie.
        var store = await OpenAsync();
        int line = store.Index.FindIndex(text => text.Contains("\"kind\":\"Database\"", StringComparison.Ordinal));
        var dropped = JsonNode.Parse(store.Index[line])!.AsObject();
        var twin = JsonNode.Parse(store.Index[line])!.AsObject();
        dropped["dropped"] = true;
        store.Index[line] = dropped.ToJsonString();
        int files = store.Index.Count(text => text.Contains("\"type\":\"file\"", StringComparison.Ordinal));
        twin["file"] = files;
        twin["name"] = "twin.edb";
        for (int i = 0; i < store.Index.Count; i++)
        {
            if (JsonNode.Parse(store.Index[i])!.AsObject() is { } extent && (string?)extent["type"] == "extent" && (int)extent["file"]! == (int)dropped["file"]!)
            {
                extent["file"] = files;
                store.Index[i] = extent.ToJsonString();
            }
        }

        store.Index.Insert(files, twin.ToJsonString());
        store.BadPages![0] = store.BadPages[0].Replace($"\"file\":{dropped["file"]}", $"\"file\":{files}", StringComparison.Ordinal);
        await using var sink = await store.SealAsync();
        Assert.Equal(ExitCode.Refused, (await new VerificationPipeline(sink).RunAsync(store.Id)).ExitCode);
        using var scratch = new Scratch();
        Assert.Equal(ExitCode.Refused, (await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(sink, store.Id, scratch["target"]))).ExitCode);
    }

    // A backup with a bad page, and so with every kind of object.
    private static async Task<(IReadOnlyDictionary<string, byte[]> Objects, string Id)> MakeAsync()
    {
        var golden = await CapturedSource.OfAsync(Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files"));
        var rotten = golden.With(new(SourceStep.Read, 1, SourceMischief.Rots), null);
        await using var store = new MemorySink();
        var report = await new BackupPipeline(rotten, [store], new() { OnBadPage = BadPagePolicy.Record, Time = new HurriedTime() }).RunAsync();
        Assert.Single(report.BadPages);
        return (await StoreProof.ObjectsAsync(store), report.Manifest.Id);
    }

    private static async Task<HostileStore> OpenAsync()
    {
        var (objects, id) = await s_store.Value;
        return new(objects, id);
    }

    private static async Task DemandDocumentedAsync(MemorySink sink, string id)
    {
        long length = (await StoreProof.ObjectsAsync(sink)).Values.Sum(bytes => bytes.LongLength);
        long allocated = GC.GetTotalAllocatedBytes();
        bool listed = await EndsAsDocumentedAsync(() => new BackupCatalog(sink, BackupSet.Default).ListAsync());
        await EndsAsDocumentedAsync(() => new VerificationPipeline(sink, new() { Workers = 2 }).RunAsync(id));
        using var scratch = new Scratch();
        string target = scratch["target"];
        bool restored = await EndsAsDocumentedAsync(() => RestoreAsync(sink, id, target));
        Assert.True(restored || !Directory.Exists(target) || !Directory.EnumerateFileSystemEntries(target).Any(), "a refused restore left something");
        Assert.True(listed || !restored, "what cannot be listed was restored");
        await EndsAsDocumentedAsync(() => new BackupPipeline(
            new FileSetSource(new() { Path = Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files") }), [sink], new() { Kind = BackupKind.Incremental }).RunAsync());
        // What a run needs whatever it reads, and some times the length of the store.
        Assert.InRange(GC.GetTotalAllocatedBytes() - allocated, 0, (16 << 20) + 40 * length);
    }

    private static async Task<bool> EndsAsDocumentedAsync(Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (BackupException)
        {
            return false;
        }
    }

    private static Task<RestoreReport> RestoreAsync(MemorySink sink, string id, string target) =>
        new RestorePipeline(sink, new() { Target = target, SkipRecovery = true, Workers = 2 }).RunAsync(id);

    private static void ChangeLines(List<string> lines, Random random)
    {
        int line = random.Next(lines.Count);
        switch (random.Next(8))
        {
            case 0:
                lines.RemoveAt(line);
                break;
            case 1:
                lines.Insert(random.Next(lines.Count + 1), lines[line]);
                break;
            case 2:
                int other = random.Next(lines.Count);
                (lines[line], lines[other]) = (lines[other], lines[line]);
                break;
            default:
                lines[line] = JsonMischief.Change(lines[line], random);
                break;
        }

        if (lines.Count == 0)
            lines.Add("");
    }

    private static byte[] ChangePack(byte[] pack, Random random)
    {
        int tail = (int)BinaryPrimitives.ReadInt64LittleEndian(pack.AsSpan(pack.Length - PackFormat.FooterBytes + 8));
        switch (random.Next(6))
        {
            case 0:
                return pack[..random.Next(pack.Length)];
            case 1:
                byte[] longer = new byte[pack.Length + random.Next(1, 5000)];
                pack.CopyTo(longer, 0);
                return longer;
            case 2:
                // An entry of the tail index, or the footer, with numbers that no writer writes.
                int field = tail + 4 * random.Next((pack.Length - tail) / 4);
                BinaryPrimitives.WriteInt32LittleEndian(pack.AsSpan(field), random.Pick(-1, 0, 1, 2, 4096, 1 << 20, (1 << 20) + 1, int.MaxValue, int.MinValue, random.Next()));
                return pack;
            case 3:
                // A frame's own header and block words.
                BinaryPrimitives.WriteInt32LittleEndian(pack.AsSpan(72 + random.Next(24)), random.Pick(-1, 0, 1, int.MaxValue, int.MinValue, random.Next()));
                return pack;
            default:
                for (int changes = random.Next(1, 6); changes > 0; changes--)
                    pack[random.Next(pack.Length)] ^= (byte)(1 << random.Next(8));
                return pack;
        }
    }

    private static string Tree(string folder) => string.Join('\n', Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
        .Concat(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(folder)!)).Where(path => !path.Contains("pipelinebackup-tests-", StringComparison.Ordinal) || path.StartsWith(folder, StringComparison.Ordinal))
        .Order(StringComparer.Ordinal));

    /// <summary>Runs beside nothing else, so that what it allocates can be told.</summary>
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}
