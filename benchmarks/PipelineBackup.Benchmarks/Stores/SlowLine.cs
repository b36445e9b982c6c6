using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace PipelineBackup.Benchmarks.Stores;

/// <summary>
/// A line to a server that carries only so many bytes a second each way, all connections together: what lies between
/// most machines and their store.
/// </summary>
internal sealed class SlowLine : IAsyncDisposable
{
    private const int ChunkBytes = 64 << 10;

    private readonly Uri _server;
    private readonly double _bytesPerSecond;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();

    /// <summary>Opens a line.</summary>
    /// <param name="server">Where it leads.</param>
    /// <param name="bytesPerSecond">What it carries each way.</param>
    public SlowLine(Uri server, double bytesPerSecond)
    {
        (_server, _bytesPerSecond) = (server, bytesPerSecond);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The server's address at this end.</summary>
    public Uri Address => new UriBuilder(_server) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        Meter up = new(_bytesPerSecond), down = new(_bytesPerSecond);
        var token = _end.Token;
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptSocketAsync(token), up, down, token);
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task CarryAsync(Socket near, Meter up, Meter down, CancellationToken token)
    {
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (near)
        {
            near.NoDelay = true;
            try
            {
                await far.ConnectAsync(_server.Host, _server.Port, token);
                await Task.WhenAny(CarryAsync(near, far, up, token), CarryAsync(far, near, down, token));
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
            {
            }
        }
    }

    private static async Task CarryAsync(Socket from, Socket to, Meter meter, CancellationToken token)
    {
        byte[] buffer = new byte[ChunkBytes];
        for (int count; (count = await from.ReceiveAsync(buffer, token)) > 0;)
        {
            await meter.PassAsync(count, token);
            for (int sent = 0; sent < count;)
                sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), token);
        }
    }

    // When the line will have carried all that was handed to it; nobody waits for less than a timer can tell.
    private sealed class Meter(double bytesPerSecond)
    {
        private readonly Lock _lock = new();
        private long _free = Stopwatch.GetTimestamp();

        public async ValueTask PassAsync(int bytes, CancellationToken token)
        {
            TimeSpan ahead;
            lock (_lock)
            {
                long now = Stopwatch.GetTimestamp();
                _free = Math.Max(_free, now) + (long)(bytes / bytesPerSecond * Stopwatch.Frequency);
                ahead = Stopwatch.GetElapsedTime(now, _free);
            }

            if (ahead > TimeSpan.FromMilliseconds(5))
                await Task.Delay(ahead, token);
        }
    }
}
