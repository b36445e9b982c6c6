using System.Net;
using System.Net.Sockets;
using PipelineBackup.Sinks;

namespace PipelineBackup.Sinks.AzureBlob.Tests;

/// <summary>What each failure is told as, and that each is told once.</summary>
public sealed class FailureTests
{
    private static readonly ObjectName s_name = ObjectName.Of("set/object");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ObjectBody Body => ObjectBody.Of(new byte[5000]);

    [Theory]
    [InlineData(409, "BlobAlreadyExists", SinkFailure.AlreadyExists, false)]
    [InlineData(412, "ConditionNotMet", SinkFailure.AlreadyExists, false)]
    [InlineData(403, "UnauthorizedBlobOverwrite", SinkFailure.AlreadyExists, false)]
    [InlineData(409, "BlobImmutableDueToPolicy", SinkFailure.AlreadyExists, false)]
    [InlineData(403, "AuthenticationFailed", SinkFailure.AccessDenied, false)]
    [InlineData(401, "NoAuthenticationInformation", SinkFailure.AccessDenied, false)]
    [InlineData(404, "ContainerNotFound", SinkFailure.NotFound, false)]
    [InlineData(400, "Md5Mismatch", SinkFailure.Corrupt, true)]
    [InlineData(400, "Crc64Mismatch", SinkFailure.Corrupt, true)]
    [InlineData(400, "InvalidHeaderValue", SinkFailure.Other, false)]
    [InlineData(409, "ContainerBeingDeleted", SinkFailure.Other, true)]
    [InlineData(408, null, SinkFailure.Other, true)]
    [InlineData(429, null, SinkFailure.Other, true)]
    [InlineData(500, "OperationTimedOut", SinkFailure.Other, true)]
    [InlineData(500, "InternalError", SinkFailure.Other, true)]
    [InlineData(502, null, SinkFailure.Other, true)]
    [InlineData(503, "ServerBusy", SinkFailure.Other, true)]
    [InlineData(504, null, SinkFailure.Other, true)]
    [InlineData(507, null, SinkFailure.Full, false)]
    public async Task A_put_that_is_refused_tells_why(int status, string? code, SinkFailure expected, bool transient)
    {
        await using var server = ScriptedServer.WithContainer(_ => new(status, code));
        await using var sink = server.Open();
        var failure = await Assert.ThrowsAsync<SinkException>(() => sink.PutAsync(s_name, Body, Token).AsTask());
        Assert.Equal((expected, transient), (failure.Failure, failure.Transient));
        Assert.Contains("set/object", failure.Message, StringComparison.Ordinal);
        Assert.Single(server.Calls);
    }

    [Theory]
    [InlineData(403, "AuthorizationFailure", SinkFailure.AccessDenied, false)]
    [InlineData(409, "BlobImmutableDueToPolicy", SinkFailure.AccessDenied, false)]
    [InlineData(412, "LeaseIdMissing", SinkFailure.AccessDenied, false)]
    [InlineData(503, "ServerBusy", SinkFailure.Other, true)]
    public async Task A_delete_that_is_refused_tells_why(int status, string code, SinkFailure expected, bool transient)
    {
        await using var server = ScriptedServer.WithContainer(_ => new(status, code));
        await using var sink = server.Open();
        var failure = await Assert.ThrowsAsync<SinkException>(() => sink.DeleteAsync(s_name, Token).AsTask());
        Assert.Equal((expected, transient), (failure.Failure, failure.Transient));
        Assert.Single(server.Calls);
    }

    [Theory]
    [InlineData(404, "BlobNotFound", SinkFailure.NotFound, false)]
    [InlineData(416, "InvalidRange", SinkFailure.NotFound, false)]
    [InlineData(409, "BlobArchived", SinkFailure.Other, false)]
    [InlineData(503, "ServerBusy", SinkFailure.Other, true)]
    public async Task A_read_that_is_refused_tells_why(int status, string code, SinkFailure expected, bool transient)
    {
        await using var server = ScriptedServer.WithContainer(_ => new(status, code));
        await using var sink = server.Open();
        var failure = await Assert.ThrowsAsync<SinkException>(
            () => sink.OpenReadAsync(s_name, new(10, 10), Token).AsTask());
        Assert.Equal((expected, transient), (failure.Failure, failure.Transient));
        Assert.Single(server.Calls);
    }

    [Theory]
    [InlineData("Retry-After", "17", 17_000)]
    [InlineData("x-ms-retry-after-ms", "1500", 1500)]
    [InlineData("Retry-After", "Fri, 20 Nov 2026 12:00:30 GMT", 30_000)]
    [InlineData("Retry-After", "Fri, 20 Nov 2026 11:00:00 GMT", 0)]
    [InlineData("Retry-After", "soon", null)]
    public async Task A_store_that_is_busy_says_how_long(string header, string value, int? milliseconds)
    {
        await using var server = ScriptedServer.WithContainer(_ => new(503, "ServerBusy") { Headers = { [header] = value } });
        await using var sink = server.Open(new() { Time = new Noon() });
        var failure = await Assert.ThrowsAsync<SinkException>(() => sink.PutAsync(s_name, Body, Token).AsTask());
        Assert.Equal(milliseconds, failure.RetryAfter?.TotalMilliseconds);
    }

    [Fact]
    public async Task Blocks_that_another_writers_commit_threw_away_mean_that_the_name_is_taken()
    {
        foreach (int head in (int[])[200, 404])
        {
            await using var server = ScriptedServer.WithContainer(call => call.Method == "HEAD" ? new(head, head == 404 ? "BlobNotFound" : null)
                : call.Target.Contains("blocklist", StringComparison.Ordinal) ? new(400, "InvalidBlockList") : new(201));
            await using var sink = server.Open(new() { SingleRequestLength = 1 });
            var failure = await Assert.ThrowsAsync<SinkException>(() => sink.PutAsync(s_name, Body, Token).AsTask());
            Assert.Equal(head == 200 ? SinkFailure.AlreadyExists : SinkFailure.Other, failure.Failure);
            Assert.Equal(head != 200, failure.Transient);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(5000)]
    public async Task A_server_that_dies_while_it_is_sent_an_object_is_worth_another_attempt(int after)
    {
        await using var server = ScriptedServer.WithContainer(_ => new(0) { ReadUpTo = after });
        await using var sink = server.Open();
        var failure = await Assert.ThrowsAsync<SinkException>(() => sink.PutAsync(s_name, Body, Token).AsTask());
        Assert.True(failure.Transient, failure.Message);
        Assert.Single(server.Calls);
    }

    [Fact]
    public async Task A_server_that_dies_in_the_middle_of_an_answer_is_told_once_and_the_retrying_sink_goes_on_there()
    {
        byte[] content = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 7))];
        await using var server = ScriptedServer.WithContainer(call =>
        {
            string? range = call["x-ms-range"] ?? call["Range"];
            int from = range is null ? 0 : int.Parse(range["bytes=".Length..].Split('-')[0], null);
            return new(range is null ? 200 : 206)
            {
                Body = content[from..], SendUpTo = 300,
                Headers = { ["Content-Range"] = $"bytes {from}-999/1000" },
            };
        });
        await using var sink = server.Open();
        await using (var stream = await sink.OpenReadAsync(s_name, ByteRange.All, Token))
        {
            var failure = await Assert.ThrowsAsync<SinkException>(() => stream.ReadExactlyAsync(new byte[1000], Token).AsTask());
            Assert.True(failure.Transient);
            Assert.Contains("set/object", failure.Message, StringComparison.Ordinal);
            // The client library would have asked five times more by itself.
            Assert.Single(server.Calls);
        }

        await using var retrying = new RetryingSink(server.Open(), new() { FirstPause = TimeSpan.Zero });
        await using var whole = await retrying.OpenReadAsync(s_name, ByteRange.All, Token);
        byte[] read = new byte[1000];
        await whole.ReadExactlyAsync(read, Token);
        Assert.Equal(content, read);
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_worth_another_attempt()
    {
        // A port that is taken, and at which nobody listens.
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var failure = Assert.Throws<SinkException>(() => AzureBlobSink.Open(Azurite.Account, "box", "", create: true, new()
        {
            Endpoint = new($"http://127.0.0.1:{port}/{Azurite.Account}"), AccountKey = Azurite.Key,
        }));
        Assert.True(failure.Transient);
        Assert.Contains("'box'", failure.Message, StringComparison.Ordinal);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task A_server_that_stays_silent_is_given_up_in_time()
    {
        await using var server = ScriptedServer.WithContainer(_ => new(200) { Silent = true });
        await using var sink = server.Open(new() { RequestTimeout = TimeSpan.FromMilliseconds(200) });
        Func<Task>[] calls =
        [
            () => sink.PutAsync(s_name, Body, Token).AsTask(), () => sink.DeleteAsync(s_name, Token).AsTask(),
            () => sink.OpenReadAsync(s_name, default, Token).AsTask(), () => sink.OpenReadAsync(s_name, new(0, 0), Token).AsTask(),
            async () => await sink.ListAsync("", Token).ToListAsync(Token),
        ];
        foreach (var call in calls)
            Assert.True((await Assert.ThrowsAsync<SinkException>(call)).Transient);
        Assert.Equal(calls.Length, server.Calls.Count);
    }

    [Fact]
    public async Task Every_call_ends_when_it_is_cancelled()
    {
        await using var server = ScriptedServer.WithContainer(
            call => new(200) { Silent = !call.Target.EndsWith("stalls", StringComparison.Ordinal), Body = new byte[100], SendUpTo = 10, SilentThen = true });
        await using var sink = server.Open();
        await using var blocks = server.Open(new() { SingleRequestLength = 1, BlockLength = 5000 });
        await using var stream = await sink.OpenReadAsync(ObjectName.Of("stalls"), ByteRange.All, Token);
        await stream.ReadExactlyAsync(new byte[10], Token);
        Func<CancellationToken, Task>[] calls =
        [
            token => sink.PutAsync(s_name, Body, token).AsTask(), token => blocks.PutAsync(s_name, Body, token).AsTask(),
            token => sink.DeleteAsync(s_name, token).AsTask(), token => sink.OpenReadAsync(s_name, default, token).AsTask(),
            token => sink.OpenReadAsync(s_name, new(0, 0), token).AsTask(),
            async token => await sink.ListAsync("", token).ToListAsync(token),
            token => stream.ReadAsync(new byte[10], token).AsTask(),
        ];
        await Task.WhenAll(calls.Select(async call =>
        {
            using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call(cancel.Token));
        }));
    }

    [Fact]
    public async Task No_failure_repeats_a_credential()
    {
        const string signature = "sv=2021-06-08&sr=c&sp=rl&sig=c2VjcmV0c2VjcmV0";
        var refused = new ScriptedServer.Answer(403, "AuthenticationFailed")
        {
            Headers = { ["x-ms-echo"] = "c2VjcmV0c2VjcmV0", ["Content-Type"] = "application/xml" },
            Body = "<Error><Code>AuthenticationFailed</Code><Message>sig=c2VjcmV0c2VjcmV0</Message></Error>"u8.ToArray(),
        };
        await using var closed = new ScriptedServer(_ => refused);
        await using var open = new ScriptedServer(call => call.IsContainer || call.IsAccount ? new(200) : refused);
        var options = new AzureBlobSinkOptions { SasToken = signature };
        var failures = new List<Exception>
        {
            Assert.Throws<SinkException>(() => AzureBlobSink.Open(
                Azurite.Account, "box", "", create: false, options with { Endpoint = closed.Endpoint })),
        };
        await using var sink = AzureBlobSink.Open(
            Azurite.Account, "box", "", create: false, options with { Endpoint = open.Endpoint });
        failures.Add(await Assert.ThrowsAsync<SinkException>(() => sink.PutAsync(s_name, Body, Token).AsTask()));
        failures.Add(await Assert.ThrowsAsync<SinkException>(() => sink.OpenReadAsync(s_name, default, Token).AsTask()));
        failures.Add(await Assert.ThrowsAsync<SinkException>(async () => await sink.ListAsync("", Token).ToListAsync(Token)));
        Assert.Contains("c2VjcmV0", open.Calls[0].Target, StringComparison.Ordinal);
        Assert.All(failures, failure => Assert.DoesNotContain("c2VjcmV0", failure.ToString(), StringComparison.Ordinal));
        Assert.DoesNotContain("c2VjcmV0", options.ToString(), StringComparison.Ordinal);
    }

    private sealed class Noon : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    }
}
