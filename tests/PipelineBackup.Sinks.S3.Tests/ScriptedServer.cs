using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Amazon.Runtime;

namespace PipelineBackup.Sinks.S3.Tests;

/// <summary>A server that answers as a test says, and remembers what it was asked. It checks nothing.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private const string NoVersions = "<VersioningConfiguration/>";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<Request, string?> _answer;
    private readonly X509Certificate2? _certificate;
    private readonly List<Request> _requests = [];

    /// <param name="answer">
    /// The whole answer, see <see cref="Answer"/>; null to keep silent with the connection open; empty to cut it.
    /// </param>
    /// <param name="certificate">What it speaks TLS with; null for plain HTTP.</param>
    public ScriptedServer(Func<Request, string?> answer, X509Certificate2? certificate = null)
    {
        (_answer, _certificate) = (answer, certificate);
        _listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http{(_certificate is null ? "" : "s")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public S3SinkOptions Options => new()
    {
        Endpoint = Address,
        Credentials = new BasicAWSCredentials("SCRIPTEDKEY", "a-very-secret-secret"),
        Region = "us-east-1",
        Store = S3StoreProfile.Compatible with { ProveCreateOnly = false },
    };

    /// <summary>What it was asked so far, without what a sink asks when it is opened.</summary>
    public List<Request> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests.Where(one => !one.IsOpening)];
        }
    }

    public Task<S3Sink> OpenAsync(S3SinkOptions? options = null) =>
        S3Sink.OpenAsync("bucket", "", false, options ?? Options, TestContext.Current.CancellationToken);

    public static string Answer(int status, string body = "", string headers = "") => string.Create(
        CultureInfo.InvariantCulture,
        $"HTTP/1.1 {status} Said\r\nContent-Length: {body.Length}\r\nETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\n{headers}\r\n{body}");

    public static string Error(int status, string code, string headers = "") =>
        Answer(status, $"<Error><Code>{code}</Code><Message>it said so</Message></Error>", headers);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var token = _end.Token;
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(token), token);
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken token)
    {
        try
        {
            using (client)
            {
                await using var stream = await SecureAsync(client.GetStream(), token);
                while (await ReadAsync(stream, token) is { } request)
                {
                    lock (_requests)
                        _requests.Add(request);
                    string? answer = request.IsOpening
                        ? Answer(200, request.Target.Contains("versioning", StringComparison.Ordinal) ? NoVersions : "<ListBucketResult/>")
                        : _answer(request);
                    if (answer is null)
                        await Task.Delay(Timeout.Infinite, token);
                    if (answer is null or "")
                        return;
                    await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), token);
                    // Less than was promised: what follows is the end of the connection.
                    if (answer.Contains("X-Cut:", StringComparison.Ordinal))
                        return;
                }
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or ObjectDisposedException
            or AuthenticationException)
        {
        }
    }

    private async Task<Stream> SecureAsync(NetworkStream plain, CancellationToken token)
    {
        if (_certificate is null)
            return plain;
        var secure = new SslStream(plain);
        await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, token);
        return secure;
    }

    private static async Task<Request?> ReadAsync(Stream stream, CancellationToken token)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, token) == 0)
                return null;
            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0].ToLowerInvariant(), pair => pair[1]);
        string[] first = lines[0].Split(' ');
        if (headers.ContainsKey("expect"))
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), token);
        byte[] body = new byte[int.Parse(headers.GetValueOrDefault("content-length", "0"), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, token);
        return new(first[0], first[1], headers, body);
    }

    public sealed record Request(string Method, string Target, Dictionary<string, string> Headers, byte[] Body)
    {
        public bool IsOpening => Method == "GET"
            && (Target.Contains("max-keys=1&", StringComparison.Ordinal) || Target.EndsWith("?versioning", StringComparison.Ordinal));
    }
}
