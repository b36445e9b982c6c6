using System.Collections.Concurrent;
using PipelineBackup.Stores.Tests.Proxy;

namespace PipelineBackup.Stores.Tests;

/// <summary>
/// The whole way through real stores of which each fifth request fails, is throttled, cut off or answered late: what comes
/// back is what comes back without faults, to the byte.
/// </summary>
public sealed class FaultyTripTests
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<(string Plain, string Recovered)>>> s_expected = new();

    // Of the engine itself: always there, and of the corpus where that is.
    private static readonly (string Set, string Inner, bool IsChain)[] s_small =
    [
        ("dirty-basic-4096", "files", true), ("clean-32768", "files", false), ("extbackup-4096", "backup", false),
        ("dirty-undo-flushed-4096", "files", true), ("dirty-undoddl-4096", "files", true), ("dirty-empty-4096", "files", true),
    ];

    private static readonly string[] s_corpus =
        ["dirty-multidb-4096", "dirty-smo-32768", "dirty-E00-32768", "dirty-sigkill5-32768", "dirty-gens64k-4096", "dirty-lv-4096"];

    public static TheoryData<string> Kinds => [RealStore.Azure, RealStore.S3];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_comes_back_from_a_faulty_store_is_the_same_to_the_byte(string kind)
    {
        int faults = 0;
        await Seeds.EachAsync(3, async seed =>
        {
            var (set, inner, isChain) = s_small[seed % s_small.Length];
            faults += await TravelAsync(kind, Path.Combine(GoldenSets.Small(set), inner), isChain, seed);
        });
        Assert.NotEqual(0, faults);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task So_it_is_of_larger_databases_of_the_engine(string kind)
    {
        GoldenSets.RequireCorpus();
        int faults = 0;
        await Seeds.EachAsync(2, async seed =>
            faults += await TravelAsync(kind, Path.Combine(GoldenSets.Engine(s_corpus[seed % s_corpus.Length]), "files"), true, seed));
        Assert.NotEqual(0, faults);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task So_it_is_of_a_database_of_several_packs(string kind)
    {
        string source = LongDatabase.Of(130);
        await using var store = RealStore.Of(kind);
        store.Proxy.Plan = Plan(seed: 11) with { Probability = 0.5 };
        await using var sink = await store.OpenAsync();
        var report = await Trip.BackupAsync(source, sink);
        Assert.InRange(report.Manifest.Totals.Packs, 3, 5);
        await Trip.VerifyAsync(sink);
        Trip.AssertSameFiles(source, await Trip.RestoreAsync(sink, recovers: true));
        Assert.Contains(store.Proxy.Of(RequestKind.Put), request => request.Fault != ProxyFault.None && request.Target.Contains("/pages-", StringComparison.Ordinal));
        Assert.Contains(store.Proxy.Of(RequestKind.Get), request => request.Fault != ProxyFault.None && request.Target.Contains("/pages-", StringComparison.Ordinal));
    }

    private static FaultPlan Plan(int seed) => new()
    {
        Seed = seed, Probability = 0.2, LongDelay = RealStore.ClientLimit + TimeSpan.FromSeconds(1),
    };

    private static async Task<int> TravelAsync(string kind, string path, bool isChain, int seed)
    {
        var (plain, recovered) = await s_expected.GetOrAdd(path, _ => new(() => Trip.WithoutFaultsAsync(path, isChain))).Value;
        await using var store = RealStore.Of(kind);
        store.Proxy.Plan = Plan(seed);
        await using var sink = await store.OpenAsync();
        var full = await Trip.BackupAsync(path, sink);
        Assert.Equal(ExitCode.Done, full.ExitCode);
        if (isChain)
        {
            var more = await Trip.BackupAsync(path, sink, BackupKind.Incremental);
            Assert.Equal((ExitCode.Done, full.Manifest.Id), (more.ExitCode, more.Manifest.Parent));
        }

        await Trip.VerifyAsync(sink);
        Trip.AssertSameFiles(plain, await Trip.RestoreAsync(sink, recovers: false));
        Trip.AssertSameFiles(recovered, await Trip.RestoreAsync(sink, recovers: true), areRecovered: true);

        // Nothing but what the two backups are made of, whatever was sent twice.
        var objects = await store.ObjectsAsync();
        Assert.Equal(isChain ? 2 : 1, objects.Count(item => item.Name.ToString().StartsWith("default/backups/", StringComparison.Ordinal)));
        return store.Proxy.Requests.Count(request => request.Fault != ProxyFault.None);
    }
}
