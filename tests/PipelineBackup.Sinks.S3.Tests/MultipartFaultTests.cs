using PipelineBackup.Stores.Tests.Proxy;

namespace PipelineBackup.Sinks.S3.Tests;

/// <summary>Objects that go in parts, over a line on which much fails.</summary>
public sealed class MultipartFaultTests
{
    private static readonly ObjectName s_name = ObjectName.Of("set/data/large");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Wherever_an_upload_in_parts_is_cut_the_object_is_whole_in_the_end(int request)
    {
        byte[] content = Bytes();
        foreach (var fault in Enum.GetValues<ProxyFault>())
        {
            string bucket = S3Server.NewBucket();
            await using var proxy = new FaultProxy(S3Server.Endpoint, StoreDialect.S3);
            await using (var sink = await OpenAsync(proxy, bucket))
            {
                proxy.Forget();
                proxy.Trigger = new(request, fault, () => { });
                await sink.PutAsync(s_name, ObjectBody.Of(content), TestContext.Current.CancellationToken);
                Assert.Equal(fault, proxy.Requests[request - 1].Fault);
                Assert.Equal(request switch { 1 => RequestKind.Begin, 2 => RequestKind.Part, _ => RequestKind.Complete }, proxy.Requests[request - 1].Kind);
                await DemandAsync(sink, content);
            }

            // Of an upload whose beginning nobody heard of, nobody knows the number.
            Assert.True(await S3Server.DropAsync(bucket) == Lost(proxy), $"{fault}");
        }
    }

    [Fact]
    public async Task With_all_kinds_of_faults_at_once_it_leaves_no_parts_behind()
    {
        byte[] content = Bytes();
        for (int seed = 1; seed <= 8; seed++)
        {
            string bucket = S3Server.NewBucket();
            await using var proxy = new FaultProxy(S3Server.Endpoint, StoreDialect.S3);
            await using (var sink = await OpenAsync(proxy, bucket))
            {
                proxy.Forget();
                proxy.Plan = new() { Seed = seed, Probability = 0.2 };
                await sink.PutAsync(s_name, ObjectBody.Of(content), TestContext.Current.CancellationToken);
                await DemandAsync(sink, content);
                Assert.Single(await sink.ListAsync("", default).ToListAsync());
            }

            Assert.True(await S3Server.DropAsync(bucket) == Lost(proxy), $"seed {seed}");
        }
    }

    [Fact]
    public async Task A_put_that_stands_still_ends_and_may_be_repeated()
    {
        string bucket = S3Server.NewBucket();
        await using var proxy = new FaultProxy(S3Server.Endpoint, StoreDialect.S3);
        var options = S3Server.Options with { Endpoint = proxy.Address, StallTimeout = TimeSpan.FromMilliseconds(300) };
        await using (var sink = await S3Sink.OpenAsync(bucket, "", create: true, options))
        {
            proxy.Stalls = request => request.Kind is RequestKind.Put or RequestKind.Part;
            foreach (int length in (int[])[1000, 2_000_000])
            {
                var failure = await Assert.ThrowsAsync<SinkException>(
                    () => sink.PutAsync(s_name, ObjectBody.Of(Bytes().AsMemory(0, length)), default).AsTask());
                Assert.True(failure.Transient);
                Assert.Contains("stood still for 00:00:00.3", failure.Message, StringComparison.Ordinal);
            }
        }

        await S3Server.DropAsync(bucket);
    }

    private static int Lost(FaultProxy proxy) =>
        proxy.Of(RequestKind.Begin).Count(request => request.Heard is >= 200 and < 300 && !request.Succeeded);

    private static byte[] Bytes()
    {
        byte[] content = new byte[(5 << 20) + 100_000];
        new Random(1).NextBytes(content);
        return content;
    }

    private static async Task<RetryingSink> OpenAsync(FaultProxy proxy, string bucket)
    {
        var options = S3Server.Options with { Endpoint = proxy.Address, MultipartAbove = 1 << 20, PartLength = 5 << 20 };
        var sink = await S3Sink.OpenAsync(bucket, "", create: true, options);
        return new(sink, new() { FirstPause = TimeSpan.FromMilliseconds(5), LongestPause = TimeSpan.FromMilliseconds(50), Attempts = 12 });
    }

    private static async Task DemandAsync(RetryingSink sink, byte[] content)
    {
        await using var stream = await sink.OpenReadAsync(s_name, new(0, content.Length), default);
        byte[] read = new byte[content.Length];
        await stream.ReadExactlyAsync(read);
        Assert.True(read.AsSpan().SequenceEqual(content));
    }
}
