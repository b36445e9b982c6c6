using PipelineBackup.Stores.Tests.Proxy;

namespace PipelineBackup.Sinks.AzureBlob.Tests;

/// <summary>Objects that go in blocks, over a line on which much fails.</summary>
public sealed class BlockFaultTests
{
    private static readonly ObjectName s_name = ObjectName.Of("set/data/large");

    [Fact]
    public async Task With_all_kinds_of_faults_at_once_the_object_is_whole_in_the_end()
    {
        byte[] content = new byte[3_500_000];
        new Random(1).NextBytes(content);
        var met = new HashSet<(RequestKind, ProxyFault)>();
        for (int seed = 1; seed <= 12; seed++)
        {
            await using var proxy = new FaultProxy(Azurite.Endpoint, StoreDialect.Azure);
            var options = Azurite.Owner with { Endpoint = proxy.Address, SingleRequestLength = 1 << 20, BlockLength = 1 << 20 };
            await using var sink = new RetryingSink(
                Azurite.Open(Azurite.NewContainer(), options),
                new() { FirstPause = TimeSpan.FromMilliseconds(5), LongestPause = TimeSpan.FromMilliseconds(50), Attempts = 16 });
            proxy.Forget();
            proxy.Plan = new() { Seed = seed, Probability = 0.2 };
            await sink.PutAsync(s_name, ObjectBody.Of(content), TestContext.Current.CancellationToken);
            met.UnionWith(proxy.Requests.Select(request => (request.Kind, request.Fault)));
            Assert.Equal(content.Length, Assert.Single(await sink.ListAsync("", default).ToListAsync()).Length);
            await using var stream = await sink.OpenReadAsync(s_name, new(0, content.Length), default);
            byte[] read = new byte[content.Length];
            await stream.ReadExactlyAsync(read);
            Assert.True(read.AsSpan().SequenceEqual(content), $"seed {seed}");
        }

        Assert.Contains(met, one => one is (RequestKind.Part, ProxyFault.CutUpload));
        Assert.Contains(met, one => one is (RequestKind.Complete, ProxyFault.CutBeforeAnswer or ProxyFault.CutAnswer));
    }

    [Fact]
    public async Task A_put_that_stands_still_ends_and_may_be_repeated()
    {
        await using var proxy = new FaultProxy(Azurite.Endpoint, StoreDialect.Azure);
        var options = Azurite.Owner with
        {
            Endpoint = proxy.Address, SingleRequestLength = 1 << 20, BlockLength = 1 << 20, StallTimeout = TimeSpan.FromMilliseconds(300),
        };
        await using var sink = Azurite.Open(Azurite.NewContainer(), options);
        proxy.Stalls = request => request.Kind is RequestKind.Put or RequestKind.Part;
        foreach (int length in (int[])[1000, 2_000_000])
        {
            var failure = await Assert.ThrowsAsync<SinkException>(
                () => sink.PutAsync(s_name, ObjectBody.Of(new byte[length]), default).AsTask());
            Assert.True(failure.Transient);
            Assert.Contains("stood still for 00:00:00.3", failure.Message, StringComparison.Ordinal);
        }
    }
}
