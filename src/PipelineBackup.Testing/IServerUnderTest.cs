namespace PipelineBackup.Testing;

/// <summary>
/// A power that a store under test may have: its server can be reached at another address. The laws of what goes by on
/// the line need it: they put a line of their own between sink and server, count the requests on it, cut it half-way, or
/// name an address where nobody answers.
/// </summary>
public interface IServerUnderTest : ISinkUnderTest
{
    /// <summary>Address of the server, <c>http://…</c> or <c>https://…</c>. On a line with TLS nothing can be counted.</summary>
    Uri Server { get; }

    /// <summary>Opens a sink on the same store, as <see cref="ISinkUnderTest.OpenAsync"/> does.</summary>
    /// <param name="server">Where to reach the server instead; path and scheme are those of <see cref="Server"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="SinkException">Where opening asks the server: it does not answer.</exception>
    ValueTask<IBackupSink> OpenAtAsync(Uri server, CancellationToken cancellationToken);
}
