using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using PipelineBackup.Sinks;

namespace PipelineBackup.Stores.Tests.Proxy;

/// <summary>
/// Stands between a client and a real store, on real sockets: notes every request, and lets a share of them meet faults.
/// Heads are handed on as they came, so that signatures stay right; bodies are never kept.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private static readonly byte[] s_continue = "HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<ProxyRequest> _requests = new();
    private readonly ConcurrentDictionary<Task, bool> _serving = new();
    private readonly Dictionary<RequestKind, int> _ofKind = [];
    private readonly Dictionary<string, int> _inARow = [];
    private readonly Lock _lock = new();
    private readonly StoreDialect _dialect;
    private readonly Uri _store;
    private readonly Task _accepting;
    private int _count;

    /// <summary>Opens it on a free port.</summary>
    /// <param name="store">The store behind it.</param>
    /// <param name="dialect">What the store's requests look like.</param>
    public FaultProxy(Uri store, StoreDialect dialect)
    {
        (_store, _dialect) = (store, dialect);
        _listener.Start(512);
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>The address of the store by way of the proxy.</summary>
    public Uri Address => new UriBuilder(_store) { Port = Port }.Uri;

    /// <summary>Which requests meet which faults; may be changed between two requests.</summary>
    public FaultPlan Plan { get; set; } = FaultPlan.None;

    /// <summary>The rate at which all bytes come through, both ways and all connections together; null for no limit.</summary>
    public RateLimit? Pace { get; set; }

    /// <summary>Requests that get no answer, ever, and of whose bodies nothing is taken.</summary>
    public Func<ProxyRequest, bool> Stalls { get; set; } = _ => false;

    /// <summary>Requests that are answered with 403: the caller may not do this.</summary>
    public Func<ProxyRequest, bool> Denies { get; set; } = _ => false;

    /// <summary>Done at one request, at the point where its fault cuts it off: for instance to kill the client.</summary>
    public ProxyTrigger? Trigger { get; set; }

    /// <summary>All requests so far, in the order in which their heads came.</summary>
    public IReadOnlyList<ProxyRequest> Requests => [.. _requests.OrderBy(request => request.Number)];

    /// <summary>Requests of some kinds.</summary>
    public IReadOnlyList<ProxyRequest> Of(params ReadOnlySpan<RequestKind> kinds)
    {
        var wanted = kinds.ToArray();
        return [.. Requests.Where(request => wanted.Contains(request.Kind))];
    }

    /// <summary>Forgets the requests so far.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _requests.Clear();
            _count = 0;
            _ofKind.Clear();
            _inARow.Clear();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_serving.Keys);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                client.NoDelay = true;
                var serving = Task.Run(() => ServeAsync(client));
                _serving[serving] = true;
                _ = serving.ContinueWith(done => _serving.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var wire = new HttpWire(client.GetStream());
                while (await wire.ReadHeadAsync(_stopping.Token) is { } head)
                {
                    var (request, chance) = Note(head);
                    var exchange = new ProxyExchange(this, _store, wire, client.GetStream(), head, request, chance, _stopping.Token);
                    if (!await exchange.RunAsync(_dialect, s_continue))
                        break;
                }
            }
            catch (Exception ended) when (ended is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Either side has gone.
            }

            // A reset: an end in order the platform's client would take for that of an idle connection, and repeat on its
            // own. The socket itself, for the stream would end it in order first.
            client.Client.Close(0);
        }
    }

    private (ProxyRequest Request, Random Chance) Note(HttpHead head)
    {
        lock (_lock)
        {
            var (method, target) = (head.Words[0], head.Words[1]);
            var kind = _dialect.KindOf(method, target);
            int nth = _ofKind[kind] = _ofKind.GetValueOrDefault(kind) + 1;
            var fault = Plan.Choose(kind, nth, out var chance);
            string same = $"{method} {target} {head["Range"]}{head["x-ms-range"]}";
            if (fault != ProxyFault.None && _inARow.GetValueOrDefault(same) >= Plan.MostInARow)
                fault = ProxyFault.None;
            _inARow[same] = fault == ProxyFault.None ? 0 : _inARow.GetValueOrDefault(same) + 1;
            int number = ++_count;
            if (Trigger is { } trigger && trigger.Request == number)
                fault = trigger.Fault;
            var request = new ProxyRequest(number, kind, method, target, fault);
            _requests.Enqueue(request);
            return (request, chance);
        }
    }
}

/// <summary>Something to do at one request.</summary>
/// <param name="Request">Number of the request, from 1.</param>
/// <param name="Fault">Where the request is cut off.</param>
/// <param name="Act">Done right before the cut.</param>
internal sealed record ProxyTrigger(int Request, ProxyFault Fault, Action Act)
{
    /// <summary>Does it where this is the request.</summary>
    public void ActAt(ProxyRequest request)
    {
        if (request.Number == Request)
            Act();
    }
}
