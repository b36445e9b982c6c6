using System.Net;
using System.Net.Sockets;

namespace PipelineBackup.Sinks.S3.Tests;

/// <summary>A line to the server that is cut for good once so many bytes went one way.</summary>
internal sealed class CutLine : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _cut = new();
    private readonly Uri _to;
    private long _up;
    private long _down;

    /// <param name="to">The server.</param>
    /// <param name="up">How many bytes may go to it.</param>
    /// <param name="down">How many bytes may come from it.</param>
    public CutLine(Uri to, long up = long.MaxValue, long down = long.MaxValue)
    {
        (_to, _up, _down) = (to, up, down);
        _listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"{_to.Scheme}://{_to.Host}:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public bool IsCut => _cut.IsCancellationRequested;

    public async ValueTask DisposeAsync()
    {
        await CutAsync();
        _cut.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_cut.Token));
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient near)
    {
        using var far = new TcpClient();
        using (near)
        {
            try
            {
                await far.ConnectAsync(_to.Host, _to.Port, _cut.Token);
                await Task.WhenAny(
                    CopyAsync(near.GetStream(), far.GetStream(), count => Interlocked.Add(ref _up, -count)),
                    CopyAsync(far.GetStream(), near.GetStream(), count => Interlocked.Add(ref _down, -count)));
            }
            catch (Exception failure) when (failure is OperationCanceledException or SocketException)
            {
            }

            // A reset, as of a server that is no more.
            near.Client.LingerState = new(true, 0);
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Func<int, long> spend)
    {
        byte[] buffer = new byte[16 << 10];
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, _cut.Token)) > 0;)
            {
                if (spend(read) < 0)
                    await CutAsync();
                await to.WriteAsync(buffer.AsMemory(0, read), _cut.Token);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or ObjectDisposedException)
        {
        }
    }

    private async Task CutAsync()
    {
        _listener.Stop();
        await _cut.CancelAsync();
    }
}
