using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;

namespace PipelineBackup.Sinks.S3.Tests;

public sealed class S3FailureTests
{
    private static readonly ObjectName s_name = ObjectName.Of("set/object");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(412, "PreconditionFailed", SinkFailure.AlreadyExists, false)]
    [InlineData(409, "ConditionalRequestConflict", SinkFailure.Other, true)]
    [InlineData(409, "OperationAborted", SinkFailure.Other, true)]
    [InlineData(409, "InvalidBucketState", SinkFailure.Other, false)]
    [InlineData(503, "SlowDown", SinkFailure.Other, true)]
    [InlineData(503, "ServiceUnavailable", SinkFailure.Other, true)]
    [InlineData(429, "TooManyRequests", SinkFailure.Other, true)]
    [InlineData(500, "InternalError", SinkFailure.Other, true)]
    [InlineData(502, "", SinkFailure.Other, true)]
    [InlineData(504, "", SinkFailure.Other, true)]
    [InlineData(400, "RequestTimeout", SinkFailure.Other, true)]
    [InlineData(400, "BadDigest", SinkFailure.Corrupt, true)]
    [InlineData(400, "XAmzContentSHA256Mismatch", SinkFailure.Corrupt, true)]
    [InlineData(400, "InvalidRequest", SinkFailure.Other, false)]
    [InlineData(400, "ExpiredToken", SinkFailure.AccessDenied, false)]
    [InlineData(403, "AccessDenied", SinkFailure.AccessDenied, false)]
    [InlineData(403, "SignatureDoesNotMatch", SinkFailure.AccessDenied, false)]
    [InlineData(403, "RequestTimeTooSkewed", SinkFailure.AccessDenied, false)]
    [InlineData(403, "QuotaExceeded", SinkFailure.Full, false)]
    [InlineData(507, "XMinioStorageFull", SinkFailure.Full, false)]
    [InlineData(404, "NoSuchBucket", SinkFailure.NotFound, false)]
    [InlineData(301, "PermanentRedirect", SinkFailure.Other, false)]
    [InlineData(501, "NotImplemented", SinkFailure.Other, false)]
    public async Task An_answer_is_told_as_what_it_means_and_asked_for_once(
        int status, string code, SinkFailure expected, bool transient)
    {
        await using var server = new ScriptedServer(
            _ => code.Length > 0 ? ScriptedServer.Error(status, code) : ScriptedServer.Answer(status, "<html>sorry</html>"));
        await using var sink = await server.OpenAsync();
        var failure = await Assert.ThrowsAsync<SinkException>(
            () => sink.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token).AsTask());
        Assert.Equal((expected, transient), (failure.Failure, failure.Transient));
        Assert.Contains("set/object", failure.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(404, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>NoSuchBucket</Code><Message></Message><Buck", SinkFailure.Other, true)]
    [InlineData(404, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Co", SinkFailure.NotFound, false)]
    [InlineData(200, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><Contents><Key>a</Key>", SinkFailure.Other, true)]
    [InlineData(404, "<html>nothing here</html>", SinkFailure.NotFound, false)]
    [InlineData(403, "<html>go away</html>", SinkFailure.AccessDenied, false)]
    public async Task An_answer_without_its_end_may_be_another_one_the_next_time(
        int status, string body, SinkFailure expected, bool transient)
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Answer(status, body));
        await using var sink = await server.OpenAsync();
        var failure = await Assert.ThrowsAsync<SinkException>(async () => await sink.ListAsync("", Token).ToListAsync(Token));
        Assert.Equal((expected, transient), (failure.Failure, failure.Transient));
    }

    [Fact]
    public async Task How_long_a_store_asks_to_be_left_alone_is_told()
    {
        await using var server = new ScriptedServer(
            _ => ScriptedServer.Error(503, "SlowDown", "Retry-After: 7\r\n"));
        await using var sink = await server.OpenAsync();
        var failure = await Assert.ThrowsAsync<SinkException>(
            () => sink.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token).AsTask());
        Assert.Equal(TimeSpan.FromSeconds(7), failure.RetryAfter);
    }

    [Fact]
    public async Task A_server_that_nobody_reaches_is_a_passing_failure()
    {
        // A port that is taken, and at which nobody listens.
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var failure = await Assert.ThrowsAsync<SinkException>(() => S3Sink.OpenAsync("bucket", "", false, new()
        {
            Endpoint = new($"http://127.0.0.1:{port}"),
            Credentials = new BasicAWSCredentials("key", "secret"),
        }, Token));
        Assert.True(failure.Transient, failure.ToString());
    }

    [Fact]
    public async Task A_connection_that_ends_without_an_answer_is_a_passing_failure()
    {
        await using var server = new ScriptedServer(_ => "");
        await using var sink = await server.OpenAsync();
        var failure = await Assert.ThrowsAsync<SinkException>(
            () => sink.PutAsync(s_name, ObjectBody.Of(new byte[10]), Token).AsTask());
        Assert.True(failure.Transient, failure.ToString());
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task An_object_that_comes_in_short_is_a_passing_failure()
    {
        await using var server = new ScriptedServer(
            _ => "HTTP/1.1 200 OK\r\nX-Cut: yes\r\nContent-Length: 1000\r\n\r\n0123456789");
        await using var sink = await server.OpenAsync();
        await using var stream = await sink.OpenReadAsync(s_name, ByteRange.All, Token);
        var failure = await Assert.ThrowsAsync<SinkException>(() => stream.CopyToAsync(Stream.Null, Token));
        Assert.True(failure.Transient, failure.ToString());
        Assert.Contains("set/object", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("put")]
    [InlineData("parts")]
    [InlineData("open")]
    [InlineData("length")]
    [InlineData("list")]
    [InlineData("delete")]
    public async Task A_call_that_waits_for_the_server_ends_when_it_is_cancelled(string call)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using var server = new ScriptedServer(request =>
        {
            // Of an upload in parts the end is answered, as the sink aborts it after all.
            if (request.Method == "DELETE" && call == "parts")
                return ScriptedServer.Answer(204);
            if (request.Method == "POST" && request.Target.Contains("uploads", StringComparison.Ordinal))
                return ScriptedServer.Answer(200, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
            cancel.CancelAfter(50);
            return null;
        });
        await using var sink = await server.OpenAsync(server.Options with { MultipartAbove = call == "parts" ? 0 : 1000 });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call switch
        {
            "put" or "parts" => sink.PutAsync(s_name, ObjectBody.Of(new byte[100]), cancel.Token).AsTask(),
            "open" => sink.OpenReadAsync(s_name, ByteRange.All, cancel.Token).AsTask(),
            "length" => sink.OpenReadAsync(s_name, new(5, 0), cancel.Token).AsTask(),
            "list" => sink.ListAsync("", cancel.Token).GetAsyncEnumerator(cancel.Token).MoveNextAsync().AsTask(),
            _ => sink.DeleteAsync(s_name, cancel.Token).AsTask(),
        });
        if (call == "parts")
            Assert.Equal("DELETE", server.Requests[^1].Method);
    }

    [Fact]
    public async Task A_read_that_waits_for_the_server_ends_when_it_is_cancelled()
    {
        await using var server = new ScriptedServer(_ => "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789");
        await using var sink = await server.OpenAsync();
        await using var stream = await sink.OpenReadAsync(s_name, ByteRange.All, Token);
        await stream.ReadExactlyAsync(new byte[10], Token);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        cancel.CancelAfter(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.ReadAsync(new byte[10], cancel.Token).AsTask());
    }
}
