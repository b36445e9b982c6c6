using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PipelineBackup.Sinks;

namespace PipelineBackup.Sinks.AzureBlob.Tests;

/// <summary>What a real server makes of it.</summary>
public sealed class AzuriteTests
{
    private static readonly ObjectName s_name = ObjectName.Of("set/object");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_container_that_is_not_there_is_not_found_and_not_made()
    {
        string container = Azurite.NewContainer();
        for (int i = 0; i < 2; i++)
        {
            var failure = Assert.Throws<SinkException>(() => AzureBlobSink.Open(
                Azurite.Account, container, "", create: false, Azurite.Owner));
            Assert.Equal(SinkFailure.NotFound, failure.Failure);
            Assert.Equal(ExitCode.NotFound, failure.ExitCode);
            Assert.Contains(container, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_wrong_key_is_denied_and_not_repeated()
    {
        string wrong = Convert.ToBase64String(Encoding.ASCII.GetBytes("not the key of this account"));
        var failure = Assert.Throws<SinkException>(() => Azurite.Open("box", Azurite.Owner with { AccountKey = wrong }));
        Assert.Equal((SinkFailure.AccessDenied, false), (failure.Failure, failure.Transient));
        Assert.DoesNotContain(wrong, failure.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(failure.Hint);
    }

    [Fact]
    public async Task A_connection_string_opens_the_store_of_its_account()
    {
        string container = Azurite.NewContainer();
        string connection = $"DefaultEndpointsProtocol=http;AccountName={Azurite.Account};AccountKey={Azurite.Key};"
            + $"BlobEndpoint={Azurite.Endpoint};";
        var factory = new AzureBlobSinkFactory(name => name == "AZURE_STORAGE_CONNECTION_STRING" ? connection : null);
        await using var sink = factory.Create(new($"azblob://{Azurite.Account}/{container}/dc1"), create: true);
        await sink.PutAsync(s_name, ObjectBody.Of(new byte[] { 1 }), Token);
        await using var whole = Azurite.Open(container);
        Assert.Equal([(ObjectName.Of("dc1/set/object"), 1)], await ListedAsync(whole));
        Assert.Throws<ArgumentException>(() => factory.Create(new($"azblob://other1/{container}"), create: true));
    }

    [Fact]
    public async Task A_signature_of_the_container_reads_and_writes_and_one_without_rights_is_denied()
    {
        string container = Azurite.NewContainer();
        await using var owner = Azurite.Open(container);
        var options = new AzureBlobSinkOptions { Endpoint = Azurite.Endpoint };
        await using (var writer = AzureBlobSink.Open(
            Azurite.Account, container, "", create: false, options with { SasToken = Sas(container, "racwdl") }))
        {
            await writer.PutAsync(s_name, ObjectBody.Of(new byte[] { 1, 2 }), Token);
            Assert.Equal([(s_name, 2)], await ListedAsync(writer));
        }

        await using var reader = AzureBlobSink.Open(
            Azurite.Account, container, "", create: false, options with { SasToken = "?" + Sas(container, "rl") });
        await using (var stream = await reader.OpenReadAsync(s_name, default, Token))
            Assert.Equal(2, await stream.ReadAtLeastAsync(new byte[2], 2, cancellationToken: Token));
        foreach (var call in (Func<Task>[])
            [() => reader.PutAsync(s_name, ObjectBody.Of(new byte[] { 1 }), Token).AsTask(), () => reader.DeleteAsync(s_name, Token).AsTask()])
            Assert.Equal(SinkFailure.AccessDenied, (await Assert.ThrowsAsync<SinkException>(call)).Failure);
        var late = Assert.Throws<SinkException>(() => AzureBlobSink.Open(
            Azurite.Account, container, "", create: false, options with { SasToken = Sas(container, "racwdl", hours: -1) }));
        Assert.Equal(SinkFailure.AccessDenied, late.Failure);
    }

    [Theory]
    [InlineData(33 << 20)]
    [InlineData(70 << 20)]
    public async Task An_object_longer_than_a_pack_comes_back_whole(int length)
    {
        byte[] content = new byte[length];
        RandomNumberGenerator.Fill(content);
        await using var sink = Azurite.Open(Azurite.NewContainer(), Azurite.Owner with { DataTier = "Cool" });
        var body = ObjectBody.Of(content);
        await sink.PutAsync(s_name, body, Token);
        await using (var stream = await sink.OpenReadAsync(s_name, ByteRange.All, Token))
            Assert.Equal(body.Sha256.ToArray(), await SHA256.HashDataAsync(stream, Token));
        await using var end = await sink.OpenReadAsync(s_name, new(length - 9), Token);
        byte[] last = new byte[9];
        await end.ReadExactlyAsync(last, Token);
        Assert.Equal(content[^9..], last);
    }

    [Theory]
    [InlineData(TransferChecksum.Md5)]
    [InlineData(TransferChecksum.Crc64)]
    public async Task Bytes_that_changed_on_their_way_are_refused(TransferChecksum checksum)
    {
        byte[] content = new byte[100];
        await using var server = new Wire(Azurite.Endpoint, 0);
        await using var sink = server.Open(Azurite.NewContainer(), Azurite.Owner with { Checksum = checksum });
        server.Damage = true;
        var failure = await Assert.ThrowsAsync<SinkException>(() => sink.PutAsync(s_name, ObjectBody.Of(content), Token).AsTask());
        Assert.Equal((SinkFailure.Corrupt, true), (failure.Failure, failure.Transient));
        server.Damage = false;
        await sink.PutAsync(s_name, ObjectBody.Of(content), Token);
    }

    [Fact]
    public async Task With_a_fifth_of_requests_failing_every_object_arrives_once_and_is_read_back()
    {
        int seed = Random.Shared.Next();
        string container = Azurite.NewContainer();
        await using var wire = new Wire(Azurite.Endpoint, seed);
        await using var inner = wire.Open(container, Azurite.Owner with { SingleRequestLength = 100_000, BlockLength = 60_000 });
        wire.Share = 0.2;
        var meter = new SinkMeter("azblob");
        await using var sink = new RetryingSink(new MeteredSink(inner, meter), new()
        {
            Attempts = 20, FirstPause = TimeSpan.FromMilliseconds(1), LongestPause = TimeSpan.FromMilliseconds(10), Seed = seed,
        }, meter: meter);
        var expected = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
#pragma warning disable CA5394
        var random = new Random(seed);
        for (int i = 0; i < 40; i++)
        {
            byte[] content = new byte[random.Next(200_000)];
            random.NextBytes(content);
            expected[$"set/{random.Next(1_000_000)}"] = content;
        }
#pragma warning restore CA5394
        await Parallel.ForEachAsync(expected, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Token },
            async (one, token) => await sink.PutAsync(ObjectName.Of(one.Key), ObjectBody.Of(one.Value), token));
        Assert.Equal(expected.Select(one => (ObjectName.Of(one.Key), (long)one.Value.Length)), await ListedAsync(sink));
        foreach (var (name, content) in expected)
        {
            await using var stream = await sink.OpenReadAsync(ObjectName.Of(name), ByteRange.All, Token);
            byte[] read = new byte[content.Length];
            await stream.ReadExactlyAsync(read, Token);
            Assert.True(content.AsSpan().SequenceEqual(read), $"seed {seed}: {name}");
        }

        Assert.True(wire.Failed > 10, $"seed {seed}: only {wire.Failed} requests failed");
    }

    private static async Task<List<(ObjectName Name, long Length)>> ListedAsync(IBackupSink sink) =>
        await sink.ListAsync("", Token).Select(item => (item.Name, item.Length)).ToListAsync(Token);

    // A service SAS of a container, as the documentation composes it.
    private static string Sas(string container, string permissions, int hours = 1)
    {
        const string version = "2021-06-08";
        string end = DateTime.UtcNow.AddHours(hours).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        string[] signed =
        [
            permissions, "", end, $"/blob/{Azurite.Account}/{container}", "", "", "", version, "c", "", "", "", "", "", "", "",
        ];
        string signature = Convert.ToBase64String(HMACSHA256.HashData(
            Convert.FromBase64String(Azurite.Key), Encoding.UTF8.GetBytes(string.Join('\n', signed))));
        return $"sv={version}&sr=c&sp={permissions}&se={Uri.EscapeDataString(end)}&sig={Uri.EscapeDataString(signature)}";
    }
}
