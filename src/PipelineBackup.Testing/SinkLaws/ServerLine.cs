using System.Net;
using System.Net.Sockets;

namespace PipelineBackup.Testing;

/// <summary>
/// A line between a sink and its server, over TCP on this machine: it hands on what comes, counts the requests of HTTP on
/// it, and is cut, or falls silent, where a law wants.
/// </summary>
internal sealed class ServerLine : IAsyncDisposable
{
    private readonly Uri _server;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private CancellationTokenSource _connections = new();
    private long _upLeft = long.MaxValue;
    private long _downLeft = long.MaxValue;
    private bool _isCut;
    private bool _isToFallSilent;
    private volatile bool _isSilent;
    private long _requests;

    /// <summary>Opens the line.</summary>
    /// <param name="server">Where it leads.</param>
    public ServerLine(Uri server)
    {
        _server = server;
        _listener.Start(256);
        Address = new UriBuilder(server) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
        _ = AcceptAsync();
    }

    /// <summary>Where it begins.</summary>
    public Uri Address { get; }

    /// <summary>How many requests of HTTP went to the server.</summary>
    public long Requests => Volatile.Read(ref _requests);

    /// <summary>Whether it is cut.</summary>
    public bool IsCut
    {
        get
        {
            lock (_lock)
                return _isCut;
        }
    }

    /// <summary>Cuts all connections once so many more bytes went one way, and takes no new one.</summary>
    /// <param name="up">Bytes to the server.</param>
    /// <param name="down">Bytes from it; with 0 it hears what it is told, and nobody hears its answer.</param>
    public void CutAfter(long up = long.MaxValue, long down = long.MaxValue)
    {
        lock (_lock)
            (_upLeft, _downLeft) = (up, down);
    }

    /// <summary>Once so many more bytes came from the server, nothing goes by any more, and no connection ends.</summary>
    public void FallSilentAfter(long down)
    {
        lock (_lock)
            (_downLeft, _isToFallSilent) = (down, true);
    }

    /// <summary>The line is as it was at first; connections of before are gone.</summary>
    public void Mend()
    {
        lock (_lock)
        {
            (_upLeft, _downLeft) = (long.MaxValue, long.MaxValue);
            (_isCut, _isToFallSilent, _isSilent) = (false, false, false);
            _connections.Cancel();
            _connections = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _end.CancelAsync();
        lock (_lock)
            _connections.Cancel();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token));
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient near)
    {
        using (near)
        {
            using var far = new TcpClient { NoDelay = true };
            near.NoDelay = true;
            CancellationTokenSource connections;
            bool isCut;
            lock (_lock)
                (connections, isCut) = (_connections, _isCut);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, connections.Token);
            try
            {
                if (!isCut)
                {
                    await far.ConnectAsync(_server.Host, _server.Port, end.Token);
                    var requests = new RequestCounter(() => Interlocked.Increment(ref _requests));
                    await Task.WhenAny(
                        CopyAsync(near.GetStream(), far.GetStream(), up: true, requests, end.Token),
                        CopyAsync(far.GetStream(), near.GetStream(), up: false, null, end.Token));
                }
            }
            catch (Exception failure) when (failure is OperationCanceledException or SocketException or IOException)
            {
            }

            // A reset, as of a server that is no more; its own end of the other side comes the same way.
            await end.CancelAsync();
            near.LingerState = new(true, 0);
        }
    }

    private async Task CopyAsync(Stream from, Stream to, bool up, RequestCounter? requests, CancellationToken token)
    {
        byte[] buffer = new byte[64 << 10];
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, token)) > 0;)
            {
                if (_isSilent)
                    await Task.Delay(Timeout.Infinite, token);
                int allowed = Spend(read, up);
                requests?.Take(buffer.AsSpan(0, allowed));
                await to.WriteAsync(buffer.AsMemory(0, allowed), token);
                if (allowed < read)
                    await StopAsync(token);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or ObjectDisposedException)
        {
        }
    }

    private int Spend(int wanted, bool up)
    {
        lock (_lock)
        {
            ref long left = ref up ? ref _upLeft : ref _downLeft;
            int allowed = (int)Math.Min(wanted, left);
            if (left != long.MaxValue)
                left -= allowed;
            return allowed;
        }
    }

    private async Task StopAsync(CancellationToken token)
    {
        CancellationTokenSource connections;
        lock (_lock)
        {
            (_isSilent, _isCut) = (_isToFallSilent, !_isToFallSilent);
            connections = _connections;
        }

        if (_isSilent)
            await Task.Delay(Timeout.Infinite, token);
        await connections.CancelAsync();
    }
}
