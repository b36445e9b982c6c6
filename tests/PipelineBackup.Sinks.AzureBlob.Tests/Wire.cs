using System.Globalization;

namespace PipelineBackup.Sinks.AzureBlob.Tests;

/// <summary>A wire to a real server that fails, by a seed: before the server was asked, after it answered, or half-way.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private static readonly string[] s_notForwarded = ["host", "content-length", "connection", "transfer-encoding"];

    private readonly HttpClient _http = new(new SocketsHttpHandler());
    private readonly ScriptedServer _server;
    private readonly Uri _target;
    private readonly Random _random;
    private int _failed;

    public Wire(Uri target, int seed)
    {
        (_target, _random) = (target, new Random(seed));
        _server = new(Decide, ForwardAsync);
    }

    /// <summary>Share of requests that fail.</summary>
    public double Share { get; set; }

    /// <summary>Whether bytes change on their way to the server.</summary>
    public bool Damage { get; set; }

    /// <summary>How many requests failed.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>Opens a store behind the wire.</summary>
    public AzureBlobSink Open(string container, AzureBlobSinkOptions options) => AzureBlobSink.Open(
        Azurite.Account, container, "", create: true, options with { Endpoint = _server.Endpoint });

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
    }

    // Which way a request fails, told before its body is read; 1 is for the server to answer.
    private ScriptedServer.Answer Decide(ScriptedServer.Request request)
    {
        int way;
        lock (_random)
        {
#pragma warning disable CA5394
            way = _random.NextDouble() < Share ? _random.Next(5) : -1;
#pragma warning restore CA5394
        }

        if (way >= 0)
            Interlocked.Increment(ref _failed);
        return way switch
        {
            0 => new(503, "ServerBusy") { Headers = { ["Retry-After"] = "0" } },
            1 => new(500, "InternalError"),
            2 => new(0) { ReadUpTo = request.ContentLength / 2 },
            // The server does what it is told, and nobody hears of it.
            3 => new(1) { SendNothing = true },
            4 => new(1) { SendHalf = true },
            _ => new(1),
        };
    }

    private async Task<ScriptedServer.Answer> ForwardAsync(ScriptedServer.Request request, ScriptedServer.Answer decided)
    {
        if (decided.Status != 1)
            return decided;
        if (Damage && request.Body.Length > 0)
            request.Body[0] ^= 1;
        using var message = new HttpRequestMessage(new(request.Method), new Uri(_target.GetLeftPart(UriPartial.Authority) + request.Target));
        if (request.Method == "PUT")
            message.Content = new ByteArrayContent(request.Body);
        foreach (var (name, value) in request.Headers.Where(header => !s_notForwarded.Contains(header.Name.ToLowerInvariant())))
        {
            if (!message.Headers.TryAddWithoutValidation(name, value))
                message.Content?.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await _http.SendAsync(message);
        byte[] body = await answer.Content.ReadAsByteArrayAsync();
        if (decided.SendNothing)
            return new(0);
        var headers = answer.Headers.Concat(answer.Content.Headers)
            .Where(header => !s_notForwarded.Contains(header.Key.ToLowerInvariant()) && header.Key != "Keep-Alive")
            .ToDictionary(header => header.Key, header => string.Join(",", header.Value));
        string length = answer.Content.Headers.ContentLength?.ToString(CultureInfo.InvariantCulture) ?? "0";
        return new((int)answer.StatusCode)
        {
            Body = body, Headers = headers, Length = request.Method == "HEAD" ? length : null, Bare = true,
            SendUpTo = decided.SendHalf && body.Length > 1 ? body.Length / 2 : int.MaxValue,
        };
    }
}
