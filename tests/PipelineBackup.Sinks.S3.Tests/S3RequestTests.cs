using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace PipelineBackup.Sinks.S3.Tests;

public sealed class S3RequestTests
{
    private static readonly ObjectName s_name = ObjectName.Of("set/object");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("compatible", false)]
    [InlineData("ceph", false)]
    [InlineData("minio", true)]
    [InlineData("aws", true)]
    public async Task A_put_is_create_only_and_brings_the_checksums_that_are_known(string store, bool checksum)
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(200));
        var profile = S3StoreProfile.All.Single(one => one.Name == store);
        await using var sink = await server.OpenAsync(server.Options with
        {
            Store = profile with { ProveCreateOnly = false },
            PathStyle = true,
        });
        byte[] content = Encoding.ASCII.GetBytes("123456789");
        await sink.PutAsync(s_name, ObjectBody.Of(content), Token);
        var put = Assert.Single(server.Requests);
        Assert.Equal("PUT", put.Method);
        Assert.Equal("/bucket/set/object", put.Target);
        Assert.Equal("*", put.Headers["if-none-match"]);
        Assert.Equal(content, put.Body);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), put.Headers["x-amz-content-sha256"]);
        // E3069283 is the CRC-32C of these bytes in every textbook.
        Assert.Equal(checksum ? "4waSgw==" : null, put.Headers.GetValueOrDefault("x-amz-checksum-crc32c"));
        Assert.DoesNotContain("x-amz-trailer", put.Headers.Keys);
        Assert.DoesNotContain("content-encoding", put.Headers.Keys);
    }

    [Fact]
    public async Task The_hash_that_a_put_is_signed_with_is_the_bodys_own_and_not_computed()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(200));
        await using var sink = await server.OpenAsync();
        byte[] claimed = [.. Enumerable.Repeat((byte)0xAB, 32)];
        await sink.PutAsync(s_name, new(new(new byte[5000]), claimed, 0), Token);
        Assert.Equal(Convert.ToHexStringLower(claimed), Assert.Single(server.Requests).Headers["x-amz-content-sha256"]);
    }

    [Theory]
    [InlineData(ObjectClass.Catalogue, "STANDARD")]
    [InlineData(ObjectClass.Data, "STANDARD_IA")]
    public async Task What_the_options_say_of_an_object_stands_in_its_put(ObjectClass kind, string storageClass)
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(200));
        await using var sink = await server.OpenAsync(server.Options with
        {
            CatalogueStorageClass = "STANDARD",
            DataStorageClass = "STANDARD_IA",
            Encryption = "aws:kms",
            KmsKey = "key-1",
            Tags = new Dictionary<string, string> { ["team"] = "a b&c" },
        });
        await sink.PutAsync(
            s_name, new(new(new byte[1]), SHA256.HashData(new byte[1]), 0) { Class = kind }, Token);
        var headers = Assert.Single(server.Requests).Headers;
        Assert.Equal(storageClass, headers["x-amz-storage-class"]);
        Assert.Equal("aws:kms", headers["x-amz-server-side-encryption"]);
        Assert.Equal("key-1", headers["x-amz-server-side-encryption-aws-kms-key-id"]);
        Assert.Equal("team=a%20b%26c", headers["x-amz-tagging"]);
    }

    [Fact]
    public async Task An_object_of_a_pack_and_more_goes_in_one_request()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(200));
        await using var sink = await server.OpenAsync();
        await sink.PutAsync(s_name, ObjectBody.Of(new byte[(32 << 20) + 70_000]), Token);
        Assert.Equal((32 << 20) + 70_000, Assert.Single(server.Requests).Body.Length);
    }

    [Fact]
    public async Task A_store_that_overwrites_is_found_out_with_the_first_object()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(200));
        await using var sink = await server.OpenAsync(server.Options with { Store = null });
        var failure = await Assert.ThrowsAsync<SinkException>(
            () => sink.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token).AsTask());
        Assert.Equal(SinkFailure.Other, failure.Failure);
        Assert.False(failure.Transient);
        Assert.Contains("If-None-Match", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task That_a_store_creates_only_is_proved_once()
    {
        int puts = 0;
        await using var server = new ScriptedServer(
            _ => ++puts == 2 ? ScriptedServer.Error(412, "PreconditionFailed") : ScriptedServer.Answer(200));
        await using var sink = await server.OpenAsync(server.Options with { Store = null });
        await sink.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token);
        await sink.PutAsync(ObjectName.Of("other"), ObjectBody.Of(new byte[10]), Token);
        Assert.Equal(["/bucket/set/object", "/bucket/set/object", "/bucket/other"], server.Requests.Select(one => one.Target));
    }

    [Fact]
    public async Task A_proxy_is_asked_for_the_whole_address()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(200));
        await using var sink = await server.OpenAsync(server.Options with
        {
            // Nobody has that name: the proxy alone knows where the store is.
            Endpoint = new("http://store.invalid:81"),
            Proxy = new WebProxy(server.Address),
        });
        await sink.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token);
        Assert.Equal("http://store.invalid:81/bucket/set/object", Assert.Single(server.Requests).Target);
    }

    [Fact]
    public async Task A_listing_that_is_out_of_order_is_refused()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(200,
            "<ListBucketResult><Contents><Key>b</Key><Size>1</Size></Contents>"
            + "<Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>"));
        await using var sink = await server.OpenAsync();
        var failure = await Assert.ThrowsAsync<SinkException>(async () =>
        {
            await foreach (var item in sink.ListAsync("", Token))
            {
            }
        });
        Assert.Contains("'a' behind 'b'", failure.Message, StringComparison.Ordinal);
    }
}
