using System.Net;
using Amazon.Runtime;
using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.S3;

/// <summary>Makes the connections of the provider's client, where they trust more than the machine does.</summary>
/// <param name="authorities">Whom they trust beside.</param>
internal sealed class TrustingClients(PrivateAuthorities authorities) : HttpClientFactory
{
    /// <inheritdoc/>
    public override HttpClient CreateHttpClient(IClientConfig clientConfig)
    {
        var handler = new SocketsHttpHandler
        {
            // As in the provider's own.
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectTimeout = clientConfig.ConnectTimeout ?? Timeout.InfiniteTimeSpan,
            SslOptions = { RemoteCertificateValidationCallback = authorities.Trusts },
        };
        if (clientConfig.GetWebProxy() is { } proxy)
            handler.Proxy = proxy;
        return new(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
