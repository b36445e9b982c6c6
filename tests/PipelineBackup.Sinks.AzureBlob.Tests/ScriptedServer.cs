using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PipelineBackup.Sinks.AzureBlob.Tests;

/// <summary>A server of HTTP that answers as a test wants, breaks off where it wants, and keeps what it was asked.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<Request, Answer> _script;
    private readonly Func<Request, Answer, Task<Answer>>? _forward;
    private readonly X509Certificate2? _certificate;

    /// <summary>Starts it.</summary>
    /// <param name="script">The answer to each request, told when its head was read.</param>
    /// <param name="forward">Completes the answer when the body was read; null where it is complete.</param>
    /// <param name="certificate">What it speaks TLS with; null for plain HTTP.</param>
    public ScriptedServer(
        Func<Request, Answer> script, Func<Request, Answer, Task<Answer>>? forward = null, X509Certificate2? certificate = null)
    {
        (_script, _forward, _certificate) = (script, forward, certificate);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>What was asked, in the order of arrival.</summary>
    public ConcurrentQueue<Request> Requests { get; } = new();

    /// <summary>Where it is, as an endpoint with the account in the path.</summary>
    public Uri Endpoint => new($"http{(_certificate is null ? "" : "s")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/{Azurite.Account}");

    /// <summary>What was asked once the store was open.</summary>
    public IReadOnlyList<Request> Calls => [.. Requests.Where(request => !request.IsContainer && !request.IsAccount)];

    /// <summary>A server whose container is there, and that answers the rest by a script.</summary>
    /// <param name="script">The answer to each request.</param>
    /// <param name="container">What it says of its container; null for nothing.</param>
    /// <param name="certificate">What it speaks TLS with; null for plain HTTP.</param>
    public static ScriptedServer WithContainer(
        Func<Request, Answer> script, Answer? container = null, X509Certificate2? certificate = null) => new(request =>
        request.IsContainer ? container ?? new(200) : request.IsAccount ? new(200) : script(request), certificate: certificate);

    /// <summary>Opens a store on the server.</summary>
    public AzureBlobSink Open(AzureBlobSinkOptions? options = null) => AzureBlobSink.Open(
        Azurite.Account, "box", "", create: false, (options ?? new()) with { Endpoint = Endpoint, AccountKey = Azurite.Key });

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                _ = ServeAsync(client);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException or SocketException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using var stream = await SecureAsync(client.GetStream());
                while (await ReadHeadAsync(stream) is { } request)
                {
                    Requests.Enqueue(request);
                    var answer = _script(request);
                    int wanted = (int)Math.Min(request.ContentLength, answer.ReadUpTo);
                    request.Body = new byte[wanted];
                    await stream.ReadExactlyAsync(request.Body, _end.Token);
                    if (_forward is not null)
                        answer = await _forward(request, answer);
                    if (answer.Silent)
                        await Task.Delay(Timeout.Infinite, _end.Token);
                    if (wanted < request.ContentLength || answer.Status == 0)
                        break;
                    await stream.WriteAsync(answer.Head(), _end.Token);
                    if (request.Method != "HEAD")
                        await stream.WriteAsync(answer.Body.AsMemory(0, Math.Min(answer.Body.Length, answer.SendUpTo)), _end.Token);
                    if (answer.SilentThen)
                        await Task.Delay(Timeout.Infinite, _end.Token);
                    if (answer.SendUpTo < answer.Body.Length)
                        break;
                }

                // With what is unread thrown away, the other side sees a reset.
                client.LingerState = new(true, 0);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException or ObjectDisposedException
            or AuthenticationException)
        {
        }
    }

    private async Task<Stream> SecureAsync(NetworkStream plain)
    {
        if (_certificate is null)
            return plain;
        var secure = new SslStream(plain);
        await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _end.Token);
        return secure;
    }

    private async Task<Request?> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _end.Token) == 0)
                return null;
            head.Append((char)one[0]);
        }

        return new(head.ToString());
    }

    /// <summary>What was asked.</summary>
    /// <param name="head">Its head as it came.</param>
    public sealed class Request(string head)
    {
        private readonly string[] _lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

        public string Head => head;

        public IEnumerable<(string Name, string Value)> Headers => _lines.Skip(1)
            .Select(line => line.Split(':', 2)).Select(parts => (parts[0], parts[1].Trim()));

        public string Method => _lines[0].Split(' ')[0];

        public string Target => _lines[0].Split(' ')[1];

        public byte[] Body { get; set; } = [];

        public long ContentLength => long.Parse(this["Content-Length"] ?? "0", CultureInfo.InvariantCulture);

        /// <summary>Whether it asks for the properties of the container.</summary>
        public bool IsContainer =>
            Target.Contains("restype=container", StringComparison.Ordinal) && !Target.Contains("comp=", StringComparison.Ordinal);

        public bool IsAccount => Target.Contains("restype=account", StringComparison.Ordinal);

        public string? this[string header] => _lines.Skip(1)
            .Where(line => line.StartsWith(header + ":", StringComparison.OrdinalIgnoreCase))
            .Select(line => line[(header.Length + 1)..].Trim()).FirstOrDefault();
    }

    /// <summary>What is answered.</summary>
    /// <param name="Status">Status; 0 for closing the connection without a word.</param>
    /// <param name="Code">Azure's code of the failure.</param>
    public sealed record Answer(int Status, string? Code = null)
    {
        public byte[] Body { get; init; } = [];

        public Dictionary<string, string> Headers { get; init; } = [];

        /// <summary>How much of the request's body is read before the connection is reset.</summary>
        public long ReadUpTo { get; init; } = long.MaxValue;

        /// <summary>How much of the answer's body is sent before the connection is reset.</summary>
        public int SendUpTo { get; init; } = int.MaxValue;

        /// <summary>Whether there is never an answer.</summary>
        public bool Silent { get; init; }

        /// <summary>Whether nothing follows the part of the body that is sent, not even the end.</summary>
        public bool SilentThen { get; init; }

        /// <summary>For a wire: whether the server is asked, and its answer thrown away.</summary>
        public bool SendNothing { get; init; }

        /// <summary>For a wire: whether half of the server's answer is handed on.</summary>
        public bool SendHalf { get; init; }

        /// <summary>The length that the head tells; null for that of the body.</summary>
        public string? Length { get; init; }

        /// <summary>Whether it has only the headers that are given.</summary>
        public bool Bare { get; init; }

        public byte[] Head()
        {
            var text = new StringBuilder($"HTTP/1.1 {Status} Scripted\r\nContent-Length: ").Append(Length ?? $"{Body.Length}").Append("\r\n");
            if (!Bare)
            {
                text.Append("x-ms-request-id: 7c3f\r\nETag: \"1\"\r\nLast-Modified: Fri, 20 Nov 2026 12:00:00 GMT\r\nx-ms-blob-type: BlockBlob\r\n")
                    .Append("x-ms-request-server-encrypted: true\r\n");
            }

            if (Code is not null)
                text.Append(CultureInfo.InvariantCulture, $"x-ms-error-code: {Code}\r\n");
            foreach (var (name, value) in Headers)
                text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
            return Encoding.ASCII.GetBytes(text.Append("\r\n").ToString());
        }
    }
}
