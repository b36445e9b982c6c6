using System.Net;
using System.Net.Sockets;

namespace PipelineBackup.Testing;

/// <summary>
/// An address on this machine at which nobody answers. Its port stays taken, or the next line might be laid there.
/// </summary>
internal sealed class DeadEnd : IDisposable
{
    private readonly Socket _taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Takes a port, and does not listen.</summary>
    /// <param name="server">The address whose path and scheme it has.</param>
    public DeadEnd(Uri server)
    {
        _taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Address = new UriBuilder(server) { Host = "127.0.0.1", Port = ((IPEndPoint)_taken.LocalEndPoint!).Port }.Uri;
    }

    /// <summary>The address.</summary>
    public Uri Address { get; }

    public void Dispose() => _taken.Dispose();
}
