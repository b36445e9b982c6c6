using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Verification;

/// <summary>
/// Damage to any object of a store, as disks and people make it: verification tells, restore refuses and publishes nothing;
/// or the object is one that a restore does not need, and every byte comes back.
/// </summary>
public class DamageTests
{
    private static readonly Lazy<Task<Chain>> s_chain = new(MakeAsync);

    [Fact]
    public Task Any_damage_is_told_or_makes_no_difference() => Seeds.EachAsync(500, async (seed, random) =>
    {
        var chain = await s_chain.Value;
        var objects = new SortedDictionary<string, byte[]>(chain.Objects.ToDictionary(), StringComparer.Ordinal);
        string[] names = [.. objects.Keys];
        string name = names[random.Next(names.Length)];
        string what = Damage(objects, name, names, random);
        await using var store = await StoreProof.StoreOfAsync(objects);
        string? told = await VerifyAsync(store, chain.Id);
        bool restored = await TryRestoreAsync(store, chain, $"seed {seed}: {name} {what}");
        // Bytes behind the end of a pack do a restore no harm: it reads the pack, and proves it.
        bool surplus = name.EndsWith(".lz4", StringComparison.Ordinal) && what.StartsWith("longer", StringComparison.Ordinal);
        Assert.True(surplus || restored == (told is null), $"{name} {what}: verification says '{told ?? "sound"}', restore {(restored ? "worked" : "refused")}");
        // What a restore needs: everything but the claims, and the commits and objects of other backups.
        bool needed = !name.Contains("/chain/", StringComparison.Ordinal) && !name.Contains(chain.Unrelated, StringComparison.Ordinal);
        Assert.True(told is not null == needed, $"{name} {what}: {told ?? "nobody noticed"}");
    });

    [Fact]
    public async Task Every_single_bit_of_a_commit_counts()
    {
        var chain = await s_chain.Value;
        string name = $"default/backups/{chain.Id}.json";
        await using var store = await StoreProof.StoreOfAsync(chain.Objects);
        for (int bit = 0; bit < chain.Objects[name].Length * 8; bit += 3)
        {
            store.Tamper(ObjectName.Of(name), Flip);
            var refusal = await Assert.ThrowsAnyAsync<BackupException>(() => new BackupCatalog(store, BackupSet.Default).FindAsync(chain.Id));
            Assert.True(refusal.ExitCode == ExitCode.Refused, $"bit {bit}: {refusal.Message}");
            store.Tamper(ObjectName.Of(name), Flip);

            byte[] Flip(byte[] content)
            {
                content[bit / 8] ^= (byte)(1 << (bit % 8));
                return content;
            }
        }
    }

    [Fact]
    public async Task Verification_names_every_damaged_pack_and_not_just_the_first()
    {
        var source = await Backup.LargeSource.MakeAsync(8, 36, 36);
        await using var store = new MemorySink();
        var report = await new BackupPipeline(source, [store]).RunAsync();
        var packs = (await StoreProof.ObjectsAsync(store)).Keys.Where(name => name.EndsWith(".lz4", StringComparison.Ordinal)).ToList();
        Assert.InRange(packs.Count, 4, 8);
        store.Tamper(ObjectName.Of(packs[0]), bytes => bytes[..^1]);
        store.Tamper(ObjectName.Of(packs[1]), bytes =>
        {
            bytes[bytes.Length / 2] ^= 1;
            return bytes;
        });
        store.Tamper(ObjectName.Of(packs[2]), bytes => [.. bytes, 0]);
        await store.DeleteAsync(ObjectName.Of(packs[3]), default);
        var verified = await new VerificationPipeline(store).RunAsync(report.Manifest.Id);
        Assert.Equal(ExitCode.Refused, verified.ExitCode);
        foreach (string pack in packs.Take(4))
            Assert.Contains(verified.Damage, line => line.Contains(pack[(pack.LastIndexOf('/') + 1)..], StringComparison.Ordinal));
        Assert.Equal(4, verified.Damage.Count);
    }

    [Fact]
    public async Task A_backup_that_is_not_there_is_not_found()
    {
        var chain = await s_chain.Value;
        await using var store = await StoreProof.StoreOfAsync(chain.Objects);
        foreach (string which in new[] { "20200101T000000Z-F-00000000", "yesterday", "" })
            Assert.Equal(ExitCode.NotFound, (await Assert.ThrowsAsync<BackupException>(() => new VerificationPipeline(store).RunAsync(which))).ExitCode);
        await using var empty = new MemorySink();
        Assert.Equal(ExitCode.NotFound, (await Assert.ThrowsAsync<BackupException>(() => new VerificationPipeline(empty).RunAsync("latest"))).ExitCode);
        await using var otherSet = await StoreProof.StoreOfAsync(chain.Objects);
        var options = new VerificationOptions { Set = BackupSet.Of("other") };
        Assert.Equal(ExitCode.NotFound, (await Assert.ThrowsAsync<BackupException>(() => new VerificationPipeline(otherSet, options).RunAsync("latest"))).ExitCode);
    }

    [Fact]
    public Task Faults_on_the_way_out_of_a_store_are_told_or_cured() => Seeds.EachAsync(150, async (_, random) =>
    {
        var chain = await s_chain.Value;
        await using var store = await StoreProof.StoreOfAsync(chain.Objects);
        var script = new Dictionary<int, PlannedFault>();
        for (int faults = random.Next(1, 4); faults > 0; faults--)
        {
            int nth = random.Next(1, 14);
            script[nth] = random.Next(5) switch
            {
                0 => PlannedFault.Before(SinkCall.Read, nth),
                1 => PlannedFault.After(SinkCall.Read, nth),
                2 => PlannedFault.Break(SinkCall.Read, nth, random.Next(3000)),
                3 => PlannedFault.EndEarly(SinkCall.Read, nth, random.Next(3000)),
                _ => PlannedFault.FlipBit(nth, random.Next(300)),
            };
        }

        bool retries = random.OneIn(2);
        var faulty = new FaultySink(store, script.Values);
        await using IBackupSink sink = retries ? new PipelineBackup.Sinks.RetryingSink(faulty, new() { Seed = 1 }, new HurriedTime()) : faulty;
        using var scratch = new Scratch();
        bool verifies = random.OneIn(2);
        string? told;
        if (verifies)
        {
            told = await VerifyAsync(sink, chain.Id);
        }
        else
        {
            bool restored = await TryRestoreAsync(sink, chain, "faults");
            told = restored ? null : "refused";
        }

        bool harmful = script.Values.Except(faulty.NotHappened).Any(fault => !retries || fault.Action is FaultAction.EndEarly or FaultAction.FlipBit);
        if (!harmful)
            Assert.Null(told);
    });

    private static string Damage(SortedDictionary<string, byte[]> objects, string name, string[] names, Random random)
    {
        byte[] bytes = [.. objects[name]];
        switch (random.Next(7))
        {
            case 0:
                objects.Remove(name);
                return "deleted";
            case 1:
                int length = random.Next(bytes.Length);
                objects[name] = bytes[..length];
                return $"cut to {length}";
            case 2:
                byte[] more = new byte[random.Next(1, 3000)];
                random.NextBytes(more);
                objects[name] = [.. bytes, .. more];
                return $"longer by {more.Length}";
            case 3:
                string other;
                do
                {
                    other = names[random.Next(names.Length)];
                }
                while (other == name || objects[other].AsSpan().SequenceEqual(bytes));
                objects[name] = [.. objects[other]];
                return $"replaced by {other}";
            case 4:
                int start = random.Next(bytes.Length), count = random.Next(1, bytes.Length - start + 1);
                if (!bytes.AsSpan(start, count).ContainsAnyExcept((byte)0))
                    bytes[start] = 1;
                else
                    bytes.AsSpan(start, count).Clear();
                objects[name] = bytes;
                return $"zeros at {start}, {count}";
            default:
                int bit = random.Next(bytes.Length * 8);
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                objects[name] = bytes;
                return $"bit {bit} flipped";
        }
    }

    // What verification says; null when everything is as the backup says.
    private static async Task<string?> VerifyAsync(IBackupArchive store, string id)
    {
        try
        {
            var verified = await new VerificationPipeline(store, new() { Workers = 2, MemoryBudget = 80 << 20 }).RunAsync(id);
            Assert.Equal(verified.Damage.Count > 0, verified.ExitCode == ExitCode.Refused);
            return verified.Damage.Count > 0 ? string.Join("; ", verified.Damage) : null;
        }
        catch (BackupException failure)
        {
            Assert.True(failure is SinkException || failure.ExitCode is ExitCode.Refused or ExitCode.NotFound, $"{failure.ExitCode}: {failure}");
            return failure.Message;
        }
    }

    private static async Task<bool> TryRestoreAsync(IBackupArchive store, Chain chain, string context)
    {
        using var scratch = new Scratch();
        string target = scratch["target"];
        try
        {
            var restored = await new RestorePipeline(store, new() { Target = target, SkipRecovery = true, Workers = 2, MemoryBudget = 80 << 20 }).RunAsync(chain.Id);
            Assert.Equal(chain.Expected.Keys.Order(StringComparer.Ordinal), restored.Files.Select(Path.GetFileName).Order(StringComparer.Ordinal)!);
            foreach (var (name, bytes) in chain.Expected)
                Assert.True(File.ReadAllBytes(Path.Combine(target, name)).AsSpan().SequenceEqual(bytes), $"{context}: wrong bytes in {name}");
            StoreProof.DemandClean(target, chain.Expected.Count);
            return true;
        }
        catch (BackupException)
        {
            Assert.True(!Directory.Exists(target) || !Directory.EnumerateFileSystemEntries(target).Any(), $"{context}: a refused restore left something");
            return false;
        }
    }

    // A full backup with a bad page on record would be no parent: so a chain of two, and one with a bad page beside it.
    private static async Task<Chain> MakeAsync()
    {
        using var scratch = new Scratch();
        var history = new Backup.LogHistory(scratch);
        await using var store = new MemorySink();
        string first = history.At(2, segments: 10), second = history.At(3, from: 2);
        var time = new HurriedTime();
        await RunAsync(first, new() { Time = time });
        var last = await RunAsync(second, new() { Time = time, Kind = BackupKind.Incremental });
        string torn = history.At(1);
        Sources.FileSurgery.Flip(Path.Combine(torn, "db1.edb"), Sources.FileSurgery.UsedPage(Path.Combine(torn, "db1.edb"), 4096), 4096, (70, 9));
        time.Pass(TimeSpan.FromMinutes(1));
        var unrelated = await RunAsync(torn, new() { Time = time, OnBadPage = BadPagePolicy.Record });
        var expected = Directory.EnumerateFiles(first).Where(file => !file.EndsWith("edb.log", StringComparison.Ordinal))
            .Concat(Directory.EnumerateFiles(second, "*.log")).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
        return new(await StoreProof.ObjectsAsync(store), last.Manifest.Id, unrelated.Manifest.Id, expected);

        Task<BackupReport> RunAsync(string path, BackupOptions options) => new BackupPipeline(new FileSetSource(new() { Path = path }), [store], options).RunAsync();
    }

    private sealed record Chain(IReadOnlyDictionary<string, byte[]> Objects, string Id, string Unrelated, IReadOnlyDictionary<string, byte[]> Expected);
}
