using PipelineBackup.Tests.Backup;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Restore;

/// <summary>A store with a chain of two backups and a full one of another database, and what each restores.</summary>
internal sealed class RestoreTrip : IDisposable
{
    private static readonly Lazy<Task<(IReadOnlyDictionary<string, byte[]> Objects, Restored Chain, Restored Other)>> s_store = new(MakeAsync);

    private RestoreTrip(MemorySink store, Restored chain, Restored other) => (Store, Chain, Other) = (store, chain, other);

    public MemorySink Store { get; }

    /// <summary>A full backup and an incremental one: a database and three logs.</summary>
    public Restored Chain { get; }

    /// <summary>A clean database and its flush map, under a name that is in the chain too.</summary>
    public Restored Other { get; }

    public Scratch Scratch { get; } = new();

    public string Target => Scratch["target"];

    public static async Task<RestoreTrip> BeginAsync()
    {
        var (objects, chain, other) = await s_store.Value;
        return new(await StoreProof.StoreOfAsync(objects), chain, other);
    }

    public RestoreOptions Options(Restored which) => new()
    {
        Target = Target, SkipRecovery = true, Workers = 2, MemoryBudget = 80 << 20, Set = which.Set,
    };

    public Task<RestoreReport> RestoreAsync(
        Restored which, IBackupArchive? archive = null, Func<RestoreOptions, RestoreOptions>? change = null, CancellationToken cancellationToken = default) =>
        new RestorePipeline(archive ?? Store, change?.Invoke(Options(which)) ?? Options(which)).RunAsync(which.Id, cancellationToken);

    /// <summary>Asserts that the target holds a backup, whole, and beside it only what is named.</summary>
    public void DemandWhole(Restored which, params string[] beside)
    {
        foreach (var (name, bytes) in which.Files)
            Assert.True(File.Exists(Path.Combine(Target, name)) && File.ReadAllBytes(Path.Combine(Target, name)).AsSpan().SequenceEqual(bytes), name);
        DemandOnly([.. which.Files.Keys, .. beside]);
    }

    /// <summary>Asserts that the target holds nothing but what is named.</summary>
    public void DemandOnly(params string[] names) => Assert.Equal(
        names.Order(StringComparer.Ordinal),
        Directory.Exists(Target) ? Directory.EnumerateFileSystemEntries(Target).Select(Path.GetFileName).Order(StringComparer.Ordinal)! : []);

    public void Dispose() => Scratch.Dispose();

    private static async Task<(IReadOnlyDictionary<string, byte[]> Objects, Restored Chain, Restored Other)> MakeAsync()
    {
        using var scratch = new Scratch();
        var history = new LogHistory(scratch);
        await using var store = new MemorySink();
        string first = history.At(2, segments: 10), second = history.At(3, from: 2), clean = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        var time = new HurriedTime();
        await RunAsync(first, new() { Time = time });
        var last = await RunAsync(second, new() { Time = time, Kind = BackupKind.Incremental });
        var other = await RunAsync(clean, new() { Time = time, Set = BackupSet.Of("other") });
        var chain = Directory.EnumerateFiles(first).Where(file => !file.EndsWith("edb.log", StringComparison.Ordinal))
            .Concat(Directory.EnumerateFiles(second, "*.log")).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
        return (await StoreProof.ObjectsAsync(store), new(last.Manifest.Id, BackupSet.Default, chain),
            new(other.Manifest.Id, BackupSet.Of("other"), Directory.EnumerateFiles(clean).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes)));

        Task<BackupReport> RunAsync(string path, BackupOptions options) => new BackupPipeline(new FileSetSource(new() { Path = path }), [store], options).RunAsync();
    }
}

/// <summary>A backup and what it restores.</summary>
internal sealed record Restored(string Id, BackupSet Set, IReadOnlyDictionary<string, byte[]> Files);
