using System.Security.Cryptography;
using PipelineBackup.StoreServers;

namespace PipelineBackup.Sinks.AzureBlob.Tests;

/// <summary>What goes over TLS only.</summary>
public sealed class SecuredTests : IDisposable
{
    private static readonly ObjectName s_name = ObjectName.Of("set/object");

    private readonly ServerCertificate _certificate = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _certificate.Dispose();

    [Fact]
    public async Task A_certificate_of_ones_own_is_trusted_with_its_authority_and_refused_without()
    {
        await using var server = Server();
        await using (var sink = server.Open(new() { AuthorityFile = _certificate.AuthorityFile }))
            await sink.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token);
        using var other = new ServerCertificate();
        foreach (string? file in (string?[])[null, other.AuthorityFile])
        {
            var failure = Assert.Throws<SinkException>(() => server.Open(new() { AuthorityFile = file }));
            Assert.False(failure.Transient);
            Assert.Contains("certificate", failure.Hint, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>(() => server.Open(new() { AuthorityFile = "/nowhere/authority.pem" }));
    }

    [Fact]
    public async Task A_customers_key_goes_with_every_request_that_writes_or_reads_and_is_told_nowhere()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        string told = Convert.ToBase64String(key), digest = Convert.ToBase64String(SHA256.HashData(key));
        await using var server = Server();
        var options = new AzureBlobSinkOptions { AuthorityFile = _certificate.AuthorityFile, CustomerKey = key };
        await using (var whole = server.Open(options))
        {
            await whole.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token);
            await using var stream = await whole.OpenReadAsync(s_name, ByteRange.All, Token);
            await using var nothing = await whole.OpenReadAsync(s_name, new(0, 0), Token);
        }

        await using (var blocks = server.Open(options with { SingleRequestLength = 5, BlockLength = 10 }))
            await blocks.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token);
        Assert.Equal(["PUT", "GET", "HEAD", "PUT", "PUT"], server.Calls.Select(one => one.Method));
        foreach (var request in server.Calls)
        {
            Assert.Equal("AES256", request["x-ms-encryption-algorithm"]);
            Assert.Equal(told, request["x-ms-encryption-key"]);
            Assert.Equal(digest, request["x-ms-encryption-key-sha256"]);
        }

        Assert.DoesNotContain(told, options.ToString(), StringComparison.Ordinal);
    }

    private ScriptedServer Server() => ScriptedServer.WithContainer(
        request => new(request.Method == "PUT" ? 201 : 200), certificate: _certificate.Certificate);
}
