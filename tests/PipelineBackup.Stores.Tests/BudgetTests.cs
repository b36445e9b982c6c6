using PipelineBackup.Sinks;
using PipelineBackup.Stores.Tests.Proxy;
using PipelineBackup.Testing;

namespace PipelineBackup.Stores.Tests;

/// <summary>How many requests a backup and a restore are made of, counted on the wire; and that the commit says the same.</summary>
public sealed class BudgetTests
{
    private const long PackBytes = 32 << 20;

    private static string Small => Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");

    public static TheoryData<string> Kinds => [RealStore.Azure, RealStore.S3];

    public static TheoryData<string, int> Faulty => new() { { RealStore.Azure, 4 }, { RealStore.S3, 4 }, { RealStore.Azure, 9 }, { RealStore.S3, 9 } };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task First_attempts_are_within_the_budget(string kind)
    {
        string source = LongDatabase.Of(130);
        await using var store = RealStore.Of(kind);
        await using var sink = await store.OpenAsync();
        // What a store is, is asked once, when it is opened.
        Assert.All(store.Proxy.Requests, request => Assert.Equal(RequestKind.Survey, request.Kind));
        Assert.InRange(store.Proxy.Requests.Count, 1, 5);

        store.Proxy.Forget();
        var full = await Trip.BackupAsync(source, sink);
        var totals = full.Manifest.Totals;
        Demand(store, RequestKind.Put, 0, totals.StoredBytes / PackBytes + 10);
        // The format that is not there yet, and the mark of a removal.
        Demand(store, RequestKind.Get, 2, 2);
        DemandNothingElse(store, RequestKind.Put, RequestKind.Get);

        store.Proxy.Forget();
        await new RestorePipeline(sink, new() { Target = Path.Combine(GoldenSets.NewFolder("restored"), "target") }).RunAsync(full.Manifest.Id);
        // Format, commit, index, and each pack once.
        Demand(store, RequestKind.Get, totals.Packs + 3, totals.Packs + 3);
        DemandNothingElse(store, RequestKind.Get);

        store.Proxy.Forget();
        await Trip.VerifyAsync(sink);
        // The catalogue, and one for the lengths of the backup's objects.
        Demand(store, RequestKind.List, 2, 2);
        Demand(store, RequestKind.Get, totals.Packs + 3, totals.Packs + 3);
        DemandNothingElse(store, RequestKind.Get, RequestKind.List);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_chain_costs_one_listing_and_a_few_small_reads_more(string kind)
    {
        await using var store = RealStore.Of(kind);
        await using var sink = await store.OpenAsync();
        var full = await Trip.BackupAsync(Small, sink);
        store.Proxy.Forget();
        var more = await Trip.BackupAsync(Small, sink, BackupKind.Incremental);
        Demand(store, RequestKind.Put, more.Manifest.Totals.Packs + 3, more.Manifest.Totals.StoredBytes / PackBytes + 10);
        Demand(store, RequestKind.List, 1, 1);
        // Format twice, the parent's commit twice, two marks of removals.
        Demand(store, RequestKind.Get, 4, 6);
        DemandNothingElse(store, RequestKind.Put, RequestKind.Get, RequestKind.List);

        store.Proxy.Forget();
        await Trip.RestoreAsync(sink, recovers: true, more.Manifest.Id);
        int packs = full.Manifest.Totals.Packs + more.Manifest.Totals.Packs;
        Demand(store, RequestKind.Get, packs + 5, packs + 5);
        DemandNothingElse(store, RequestKind.Get);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task The_commit_tells_what_the_wire_saw(string kind) => CompareAsync(kind, FaultPlan.None);

    [Theory]
    [MemberData(nameof(Faulty))]
    public Task The_commit_tells_what_a_faulty_wire_saw(string kind, int seed) =>
        CompareAsync(kind, new FaultPlan { Seed = seed, Probability = 0.3 });

    private static async Task CompareAsync(string kind, FaultPlan plan)
    {
        await using var store = RealStore.Of(kind);
        var meter = new SinkMeter(kind);
        RecordingSink? recording = null;
        await using var sink = await store.OpenAsync(meter, inner => recording = new(inner));
        store.Proxy.Forget();
        store.Proxy.Plan = plan;
        var report = await Trip.BackupAsync(Small, sink, options: new() { Meters = [meter] });
        var told = report.Manifest.Requests;

        // The commit cannot count itself: up to it.
        var seen = store.Proxy.Requests.TakeWhile(request => !request.Target.Contains("/default/backups/", StringComparison.Ordinal)).ToList();
        var calls = recording!.Calls.TakeWhile(call => !call.Name.StartsWith("default/backups/", StringComparison.Ordinal)).ToList();
        // The sink's own question whether the store keeps create-only: what is stored already, once more.
        var probes = seen.Where(request => request.Kind == RequestKind.Put
            && seen.Exists(other => other.Number < request.Number && other.Target == request.Target && other.Succeeded)).ToList();
        Assert.True(kind == RealStore.S3 ? probes.Count > 0 : probes.Count == 0, $"{probes.Count} probes");
        Assert.True(plan.Probability > 0 || probes.Count <= 1);
        seen = [.. seen.Except(probes)];

        Assert.Equal(seen.Count(request => request.Kind == RequestKind.Put), told["put"]);
        Assert.Equal(seen.Count(request => request.Kind == RequestKind.Get), told["read"]);
        Assert.Equal((0, 0), (told["list"], told["delete"]));
        Assert.Equal((calls.Count(call => call.Call == SinkCall.Put), calls.Count(call => call.Call == SinkCall.Read)), (told["put"], told["read"]));
        Assert.Equal(seen.Count(request => !request.Succeeded), told["failed"]);
        // A refusal of which only a part came is one all the same to a client that goes by the status.
        int refused = seen.Count(request => request is { Fault: ProxyFault.CutAnswer, Heard: 404 or 409 or 412 });
        int broken = seen.Count(request => request.IsBroken);
        Assert.InRange(told["retried"], broken - refused, broken);

        var objects = await store.ObjectsAsync();
        long stored = objects.Where(item => !item.Name.ToString().StartsWith("default/backups/", StringComparison.Ordinal)).Sum(item => item.Length);
        Assert.Equal(stored, told["bytesUp"]);
        Assert.Equal(stored, seen.Where(request => request.Kind == RequestKind.Put && request.Heard is >= 200 and < 300).Sum(request => request.BytesUp));
        long came = seen.Where(request => request.Kind == RequestKind.Get && request.Heard is >= 200 and < 300).Sum(request => request.BytesDown);
        if (plan.Probability == 0)
        {
            Assert.Equal(came, told["bytesDown"]);
            Assert.Equal(0, told["retried"]);
        }
        else
        {
            // What a reset threw away on its way was sent, and not read.
            Assert.InRange(told["bytesDown"], 0, came);
            Assert.NotEqual(0, told["retried"]);
        }
    }

    private static void Demand(RealStore store, RequestKind kind, long least, long most)
    {
        var requests = store.Proxy.Of(kind);
        Assert.True(requests.Count >= least && requests.Count <= most,
            $"{requests.Count} {kind}, not {least} to {most}:\n{string.Join('\n', requests.Select(request => $"{request.Method} {request.Target} {request.Status}"))}");
    }

    private static void DemandNothingElse(RealStore store, params ReadOnlySpan<RequestKind> kinds) =>
        Assert.Equal(store.Proxy.Requests, store.Proxy.Of(kinds));
}
