using System.Security.Cryptography;
using PipelineBackup.StoreServers;

namespace PipelineBackup.Sinks.S3.Tests;

/// <summary>What goes over TLS only.</summary>
public sealed class S3SecuredTests : IDisposable
{
    private static readonly ObjectName s_name = ObjectName.Of("set/object");

    private readonly ServerCertificate _certificate = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _certificate.Dispose();

    [Fact]
    public async Task A_certificate_of_ones_own_is_trusted_with_its_authority_and_refused_without()
    {
        await using var server = Server();
        await using (var sink = await server.OpenAsync(Trusting(server)))
            await sink.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token);
        using var other = new ServerCertificate();
        foreach (string? file in (string?[])[null, other.AuthorityFile])
        {
            var failure = await Assert.ThrowsAsync<SinkException>(
                () => server.OpenAsync(server.Options with { AuthorityFile = file }));
            Assert.False(failure.Transient);
            Assert.Contains("trust", failure.Hint, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_refused_whoever_signed_it()
    {
        await using var server = Server();
        var elsewhere = new UriBuilder(server.Address) { Host = "localhost" }.Uri;
        var failure = await Assert.ThrowsAsync<SinkException>(
            () => server.OpenAsync(Trusting(server) with { Endpoint = elsewhere }));
        Assert.Contains("trust", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_authority_that_cannot_be_read_is_told_at_the_start()
    {
        await using var server = Server();
        foreach (string file in (string[])["/nowhere/authority.pem", typeof(S3SecuredTests).Assembly.Location])
        {
            var failure = await Assert.ThrowsAsync<SinkException>(
                () => server.OpenAsync(server.Options with { AuthorityFile = file }));
            Assert.Contains(file, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_customers_key_goes_with_every_request_that_writes_or_reads_and_is_told_nowhere()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        string told = Convert.ToBase64String(key), digest = Convert.ToBase64String(Digest(key));
        await using var server = Server();
        var options = Trusting(server) with { CustomerKey = key };
        await using (var whole = await server.OpenAsync(options))
        {
            await whole.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token);
            await using var stream = await whole.OpenReadAsync(s_name, ByteRange.All, Token);
            await using var nothing = await whole.OpenReadAsync(s_name, new(0, 0), Token);
        }

        await using (var parts = await server.OpenAsync(options with { MultipartAbove = 5 }))
            await parts.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token);
        Assert.Equal(["PUT", "GET", "HEAD", "POST", "PUT", "POST"], server.Requests.Select(one => one.Method));
        foreach (var request in server.Requests)
        {
            Assert.Equal("AES256", request.Headers["x-amz-server-side-encryption-customer-algorithm"]);
            Assert.Equal(told, request.Headers["x-amz-server-side-encryption-customer-key"]);
            Assert.Equal(digest, request.Headers["x-amz-server-side-encryption-customer-key-md5"]);
        }

        Assert.DoesNotContain(told, options.ToString(), StringComparison.Ordinal);
        var plain = Assert.Throws<ArgumentException>(
            () => (options with { Endpoint = new("http://127.0.0.1:1") }).Validate());
        Assert.Contains("https", plain.Message, StringComparison.Ordinal);
    }

    private ScriptedServer Server() => new(request => ScriptedServer.Answer(200,
        request.Target.Contains("?uploads", StringComparison.Ordinal)
            ? "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
            : request.Method == "POST" ? "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>" : ""),
        _certificate.Certificate);

    private S3SinkOptions Trusting(ScriptedServer server) => server.Options with { AuthorityFile = _certificate.AuthorityFile };

#pragma warning disable CA5351 // The protocol's own check of the key.
    private static byte[] Digest(byte[] key) => MD5.HashData(key);
#pragma warning restore CA5351
}
