using System.Text;

namespace PipelineBackup.Sinks.AzureBlob.Tests;

/// <summary>What goes over the wire.</summary>
public sealed class SendingTests
{
    private static readonly byte[] s_content = "123456789"u8.ToArray();
    private static readonly ObjectName s_name = ObjectName.Of("set/object");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_put_is_one_request_that_creates_only()
    {
        await using var server = ScriptedServer.WithContainer(_ => new(201));
        await using var sink = server.Open();
        await sink.PutAsync(s_name, ObjectBody.Of(s_content), Token);
        var put = Assert.Single(server.Calls);
        Assert.Equal("PUT", put.Method);
        Assert.Equal("/devstoreaccount1/box/set/object", put.Target);
        Assert.Equal("*", put["If-None-Match"]);
        Assert.Equal("BlockBlob", put["x-ms-blob-type"]);
        Assert.Equal(s_content, put.Body);
        Assert.Equal(Convert.ToHexStringLower(ObjectBody.Of(s_content).Sha256.Span), put["x-ms-meta-sha256"]);
        Assert.Null(put["x-ms-access-tier"]);
        Assert.Null(put["x-ms-tags"]);
    }

    [Fact]
    public async Task The_last_length_of_one_request_is_one_and_a_byte_more_is_in_blocks()
    {
        await using var server = ScriptedServer.WithContainer(_ => new(201));
        await using var sink = server.Open(new() { SingleRequestLength = 8, BlockLength = 4 });
        await sink.PutAsync(s_name, ObjectBody.Of(s_content.AsMemory(0, 8)), Token);
        Assert.Single(server.Calls);
        for (int i = 0; i < 2; i++)
            await sink.PutAsync(s_name, ObjectBody.Of(s_content), Token);
        var calls = server.Calls.Skip(1).ToList();
        Assert.Equal(8, calls.Count);
        string[] lists = [.. new[] { calls[3], calls[7] }.Select(call => Encoding.UTF8.GetString(call.Body))];
        foreach (var commit in new[] { calls[3], calls[7] })
        {
            Assert.Contains("comp=blocklist", commit.Target, StringComparison.Ordinal);
            Assert.Equal("*", commit["If-None-Match"]);
        }

        // A block is of one put: another writer of the name must not put his bytes in its place.
        string[] ids = [.. calls.Where(call => call.Target.Contains("comp=block&", StringComparison.Ordinal)).Select(BlockOf)];
        Assert.Equal(6, ids.Distinct().Count());
        Assert.Single(ids.Select(id => id.Length).Distinct());
        Assert.All(ids, (id, i) => Assert.Contains(id, lists[i / 3], StringComparison.Ordinal));
        Assert.Equal(s_content, calls.Take(3).SelectMany(call => call.Body));
    }

    [Theory]
    [InlineData(TransferChecksum.Auto, "x-ms-content-crc64", "iJh5CoYUi64=")]
    [InlineData(TransferChecksum.Crc64, "x-ms-content-crc64", "iJh5CoYUi64=")]
    [InlineData(TransferChecksum.Md5, "x-ms-blob-content-md5", "JfnnlDI7RTiF9RgfG2JNCw==")]
    [InlineData(TransferChecksum.None, "x-ms-content-crc64", null)]
    public async Task The_checksum_goes_ahead_of_the_bytes(TransferChecksum checksum, string header, string? value)
    {
        await using var server = ScriptedServer.WithContainer(_ => new(201));
        await using var sink = server.Open(new() { Checksum = checksum });
        await sink.PutAsync(s_name, ObjectBody.Of(s_content), Token);
        Assert.Equal(value, Assert.Single(server.Calls)[header]);
    }

    [Fact]
    public async Task Every_block_has_its_checksum()
    {
        foreach (var (checksum, header) in new[]
            { (TransferChecksum.Crc64, "x-ms-content-crc64"), (TransferChecksum.Md5, "Content-MD5") })
        {
            await using var server = ScriptedServer.WithContainer(_ => new(201));
            await using var sink = server.Open(new() { Checksum = checksum, SingleRequestLength = 1, BlockLength = 5 });
            await sink.PutAsync(s_name, ObjectBody.Of(s_content), Token);
            Assert.Equal(2, server.Calls.Take(2).Select(call => call[header]).OfType<string>().Distinct().Count());
        }
    }

    [Theory]
    [InlineData(ObjectClass.Catalogue, "Hot")]
    [InlineData(ObjectClass.Data, "Cold")]
    public async Task Each_class_has_its_tier_and_all_have_tags_and_scope(ObjectClass one, string tier)
    {
        await using var server = ScriptedServer.WithContainer(_ => new(201));
        await using var sink = server.Open(new()
        {
            CatalogueTier = "Hot", DataTier = "Cold", EncryptionScope = "vault",
            Tags = new Dictionary<string, string> { ["owner"] = "dc 1" }, BlockLength = 5,
        });
        var body = ObjectBody.Of(s_content);
        await sink.PutAsync(s_name, new(body.Content, body.Sha256, body.Crc32C) { Class = one }, Token);
        await using var blocks = server.Open(new()
        {
            CatalogueTier = "Hot", DataTier = "Cold", EncryptionScope = "vault", SingleRequestLength = 1,
            Tags = new Dictionary<string, string> { ["owner"] = "dc 1" },
        });
        await blocks.PutAsync(s_name, new(body.Content, body.Sha256, body.Crc32C) { Class = one }, Token);
        Assert.Equal(3, server.Calls.Count);
        foreach (var call in new[] { server.Calls[0], server.Calls[2] })
        {
            Assert.Equal(tier, call["x-ms-access-tier"]);
            Assert.Equal("owner=dc%201", call["x-ms-tags"]?.Replace('+', ' ').Replace(" ", "%20", StringComparison.Ordinal));
            Assert.Equal("vault", call["x-ms-encryption-scope"]);
        }
    }

    [Theory]
    [InlineData(RetentionMode.Unlocked, "Unlocked", 100)]
    [InlineData(RetentionMode.Locked, "Locked", 1)]
    public async Task A_container_that_can_keeps_an_object_until_its_date(RetentionMode mode, string sent, int single)
    {
        var able = new ScriptedServer.Answer(200)
        {
            Headers = { ["x-ms-immutable-storage-with-versioning-enabled"] = "true" },
        };
        await using var server = ScriptedServer.WithContainer(_ => new(201), able);
        await using var sink = server.Open(new() { Retention = mode, SingleRequestLength = single });
        Assert.True(sink.Traits.SupportsRetention);
        await sink.PutAsync(s_name, Retained(), Token);
        Assert.Equal("Sun, 01 Nov 2099 00:00:00 GMT", server.Calls[^1]["x-ms-immutability-policy-until-date"]);
        Assert.Equal(sent, server.Calls[^1]["x-ms-immutability-policy-mode"], ignoreCase: true);
    }

    [Fact]
    public async Task A_container_that_cannot_says_so_at_the_start_and_is_not_asked()
    {
        await using var server = ScriptedServer.WithContainer(_ => new(201));
        await using var sink = server.Open();
        Assert.False(sink.Traits.SupportsRetention);
        await sink.PutAsync(s_name, Retained(), Token);
        Assert.Null(server.Calls[^1]["x-ms-immutability-policy-until-date"]);
    }

    [Fact]
    public async Task Everything_goes_through_the_proxy_that_is_named()
    {
        await using var proxy = new ScriptedServer(request => new(request.Method == "PUT" ? 201 : 200));
        await using var sink = AzureBlobSink.Open(Azurite.Account, "box", "dc1/", create: false, new()
        {
            Endpoint = new("http://store.invalid/"), AccountKey = Azurite.Key,
            Proxy = new(proxy.Endpoint.GetLeftPart(UriPartial.Authority)),
        });
        await sink.PutAsync(s_name, ObjectBody.Of(s_content), Token);
        Assert.Equal("http://store.invalid/box/dc1/set/object", proxy.Calls[^1].Target);
    }

    [Fact]
    public async Task What_keeps_a_blob_is_told()
    {
        await using var server = new ScriptedServer(request => request.Target.Contains("gone", StringComparison.Ordinal) ? new(404) : new(200)
        {
            Headers =
            {
                ["x-ms-immutability-policy-until-date"] = "Sun, 01 Nov 2099 12:00:00 GMT",
                ["x-ms-immutability-policy-mode"] = "unlocked",
                ["x-ms-legal-hold"] = request.Target.Contains("held", StringComparison.Ordinal) ? "true" : "false",
            },
        });
        await using var sink = server.Open();
        var until = new DateTimeOffset(2099, 11, 1, 12, 0, 0, TimeSpan.Zero);
        Assert.Equal(new ObjectLock(until, false), await sink.GetLockAsync(ObjectName.Of("kept"), Token));
        Assert.Equal(new ObjectLock(until, true), await sink.GetLockAsync(ObjectName.Of("held"), Token));
        Assert.Equal(default, await sink.GetLockAsync(ObjectName.Of("gone"), Token));
    }

    [Fact]
    public async Task A_hierarchical_account_is_listed_in_the_order_of_names_without_its_directories()
    {
        const string page = """
            <?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://x/" ContainerName="box"><Blobs>
            <Blob><Name>a</Name><Properties><Content-Length>0</Content-Length></Properties><Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob>
            <Blob><Name>a/b</Name><Properties><Content-Length>7</Content-Length></Properties></Blob>
            <Blob><Name>a-b</Name><Properties><Content-Length>8</Content-Length></Properties></Blob>
            <Blob><Name>not ours</Name><Properties><Content-Length>9</Content-Length></Properties></Blob>
            </Blobs><NextMarker /></EnumerationResults>
            """;
        var xml = new ScriptedServer.Answer(200)
        {
            Body = Encoding.UTF8.GetBytes(page), Headers = { ["Content-Type"] = "application/xml" },
        };
        foreach (bool told in (bool[])[true, false])
        {
            await using var server = new ScriptedServer(request =>
                request.IsAccount ? new(200) { Headers = { ["x-ms-is-hns-enabled"] = told ? "true" : "false" } }
                : request.IsContainer ? new(200) : xml);
            await using var sink = server.Open();
            var listing = sink.ListAsync("", Token);
            if (told)
                Assert.Equal([new(ObjectName.Of("a-b"), 8), new(ObjectName.Of("a/b"), 7)], await listing.ToListAsync(Token));
            else
                await Assert.ThrowsAsync<SinkException>(async () => await listing.ToListAsync(Token));
        }
    }

    private static ObjectBody Retained()
    {
        var body = ObjectBody.Of(s_content);
        return new(body.Content, body.Sha256, body.Crc32C) { RetainUntil = new(2099, 11, 1, 0, 0, 0, TimeSpan.Zero) };
    }

    private static string BlockOf(ScriptedServer.Request call) =>
        Uri.UnescapeDataString(call.Target.Split("blockid=")[1].Split('&')[0]);
}
