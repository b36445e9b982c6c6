using PipelineBackup.Stores.Tests.Proxy;

namespace PipelineBackup.Stores.Tests;

/// <summary>The proxy itself: each fault is what its name says, for a bare sink that repeats nothing.</summary>
public sealed class ProxyTests
{
    private static readonly ObjectName s_name = ObjectName.Of("a/b");

    public static TheoryData<string> Kinds => [RealStore.Azure, RealStore.S3];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Every_fault_of_a_put_is_transient_and_the_store_has_what_it_heard(string kind)
    {
        await using var store = RealStore.Of(kind);
        await using var sink = store.OpenDirect();
        byte[] content = new byte[300_000];
        new Random(1).NextBytes(content);
        int number = 0;
        foreach (var fault in Enum.GetValues<ProxyFault>())
        {
            await using var faulty = store.OpenBare();
            var name = ObjectName.Of($"put/{++number}");
            store.Proxy.Forget();
            store.Proxy.Trigger = new(1, fault, () => { });
            var failure = await Record.ExceptionAsync(() => faulty.PutAsync(name, ObjectBody.Of(content), default).AsTask());
            var request = store.Proxy.Of(RequestKind.Put)[0];
            store.Proxy.Trigger = null;
            bool isThere = (await sink.ListAsync("put/", default).ToListAsync()).Any(item => item.Name == name && item.Length == content.Length);
            bool heard = fault is ProxyFault.None or ProxyFault.Late or ProxyFault.CutBeforeAnswer or ProxyFault.CutAnswer;
            Assert.True(isThere == heard, $"{fault}: {isThere}");
            Assert.Equal(fault, request.Fault);
            bool answered = fault is ProxyFault.None or ProxyFault.Late;
            Assert.Equal(answered, request.Succeeded);
            // Half of an answer without a body may be its head's first line, which is an answer to some.
            Assert.True(answered ? failure is null : failure is SinkException { Transient: true }, $"{fault}: {failure}");
            if (fault == ProxyFault.Throttled)
                Assert.Equal(TimeSpan.FromSeconds(1), ((SinkException)failure!).RetryAfter);
            Assert.Equal(fault switch { ProxyFault.CutBefore => 0, ProxyFault.CutUpload => request.BytesUp, _ => content.Length }, request.BytesUp);
            Assert.InRange(request.BytesUp, 0, fault == ProxyFault.CutUpload ? content.Length / 2 : content.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Every_fault_of_a_read_a_listing_and_a_delete_is_transient(string kind)
    {
        await using var store = RealStore.Of(kind);
        await using var faulty = store.OpenBare();
        byte[] content = new byte[300_000];
        new Random(1).NextBytes(content);
        foreach (var fault in Enum.GetValues<ProxyFault>())
        {
            await faulty.PutAsync(s_name, ObjectBody.Of(content), default);
            bool good = fault is ProxyFault.None or ProxyFault.Late;
            await DemandAsync(RequestKind.Get, async sink =>
            {
                await using var stream = await sink.OpenReadAsync(s_name, ByteRange.All, default);
                using var copy = new MemoryStream();
                await stream.CopyToAsync(copy);
                Assert.True(copy.GetBuffer().AsSpan(0, (int)copy.Length).SequenceEqual(content));
            });
            await DemandAsync(RequestKind.List, async sink => Assert.Single(await sink.ListAsync("a", default).ToListAsync()));
            await DemandAsync(RequestKind.Delete, async sink => await sink.DeleteAsync(s_name, default));
            await faulty.DeleteAsync(s_name, default);

            async Task DemandAsync(RequestKind call, Func<IBackupSink, Task> act)
            {
                store.Proxy.Forget();
                store.Proxy.Trigger = new(1, fault, () => { });
                var failure = await Record.ExceptionAsync(() => act(faulty));
                store.Proxy.Trigger = null;
                Assert.True(good ? failure is null : failure is SinkException { Transient: true }, $"{call} {fault}: {failure}");
                // Nobody beneath the sink repeats anything.
                var request = Assert.Single(store.Proxy.Requests);
                Assert.Equal((call, fault), (request.Kind, request.Fault));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_is_not_there_is_told_so_or_has_to_be_asked_for_again(string kind)
    {
        await using var store = RealStore.Of(kind);
        await using var faulty = store.OpenBare();
        foreach (var fault in Enum.GetValues<ProxyFault>())
        {
            // The end of an answer in order or by a reset is a matter of chance.
            for (int time = 1; time <= 4; time++)
            {
                store.Proxy.Forget();
                store.Proxy.Plan = new() { Seed = time };
                store.Proxy.Trigger = new(1, fault, () => { });
                var failure = await Assert.ThrowsAsync<SinkException>(async () => await faulty.OpenReadAsync(s_name, ByteRange.All, default));
                Assert.True(failure.Transient || failure.Failure == SinkFailure.NotFound, $"{fault}: {failure}");
                Assert.True(fault is not (ProxyFault.None or ProxyFault.Late) || failure.Failure == SinkFailure.NotFound, $"{fault}: {failure}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Whatever_an_opening_meets_it_may_be_tried_again(string kind)
    {
        foreach (var fault in Enum.GetValues<ProxyFault>())
        {
            await using var store = RealStore.Of(kind);
            for (int request = 1; request <= 4; request++)
            {
                store.Proxy.Forget();
                store.Proxy.Plan = new() { Seed = request };
                store.Proxy.Trigger = new(request, fault, () => { });
                var failure = Record.Exception(() => store.OpenBare().DisposeAsync().AsTask().Wait());
                Assert.True(failure is null or SinkException { Transient: true }, $"{fault} at {request}: {failure}");
            }

            store.Proxy.Trigger = null;
            await store.OpenBare().DisposeAsync();
        }
    }

    [Fact]
    public void A_plan_gives_the_same_faults_again_in_about_the_share_asked_for()
    {
        var plan = new FaultPlan { Seed = 7, Probability = 0.2 };
        var first = Faults(plan).ToList();
        Assert.Equal(first, Faults(plan));
        Assert.NotEqual(first, Faults(plan with { Seed = 8 }));
        Assert.InRange(first.Count(fault => fault != ProxyFault.None), 1700, 2300);
        Assert.Equal(Enum.GetValues<ProxyFault>(), first.Distinct().Order());
        Assert.DoesNotContain(Faults(FaultPlan.None), fault => fault != ProxyFault.None);

        static IEnumerable<ProxyFault> Faults(FaultPlan plan) => Enumerable.Range(1, 10_000).Select(i => plan.Choose((RequestKind)(i % 10), i, out _));
    }
}
