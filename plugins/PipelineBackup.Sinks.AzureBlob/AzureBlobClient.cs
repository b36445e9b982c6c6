using System.Net;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>The library's client of one account, its own retries switched off, and the connections under it.</summary>
internal sealed class AzureBlobClient : IDisposable
{
    private readonly HttpClient _http;

    private AzureBlobClient(string account, AzureBlobSinkOptions options)
    {
        _http = Connections(options);
        var transport = new HttpClientTransport(_http);
        Service = Connect(account, options, ClientOptions(options, transport), transport);
        if (Service.AccountName is { Length: > 0 } actual && options.ConnectionString is not null && actual != account)
            throw new ArgumentException($"the connection string is for account '{actual}', and the address names '{account}'");
    }

    /// <summary>The account.</summary>
    public BlobServiceClient Service { get; }

    /// <summary>Makes the client of an account; sends nothing yet.</summary>
    /// <param name="account">Its name.</param>
    /// <param name="options">How to reach it, and who asks.</param>
    /// <exception cref="ArgumentException">A credential or the endpoint is malformed.</exception>
    public static AzureBlobClient Of(string account, AzureBlobSinkOptions options)
    {
        try
        {
            return new(account, options);
        }
        catch (FormatException)
        {
            // The library's message might repeat a part of what it could not read.
            throw new ArgumentException("the connection string or account key cannot be read");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static HttpClient Connections(AzureBlobSinkOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(20),
            // So that a changed name of a server is seen, as the library's own transport does.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        if (options.Proxy is { } proxy)
            handler.Proxy = new WebProxy(proxy);
        if (options.AuthorityFile is { } file)
            handler.SslOptions.RemoteCertificateValidationCallback = PrivateAuthorities.Of(file).Trusts;
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static BlobClientOptions ClientOptions(AzureBlobSinkOptions options, HttpPipelineTransport transport)
    {
        var client = new BlobClientOptions
        {
            Transport = transport,
            EncryptionScope = options.EncryptionScope,
            Retry = { MaxRetries = 0, NetworkTimeout = options.RequestTimeout },
            Diagnostics =
            {
                IsLoggingEnabled = false, IsDistributedTracingEnabled = false, IsTelemetryEnabled = false,
                ApplicationId = "PipelineBackup",
            },
        };
        if (options.CustomerKey is { } key)
            client.CustomerProvidedKey = new CustomerProvidedKey(key.ToArray());
        client.AddPolicy(new UnrepeatedReads(), HttpPipelinePosition.BeforeTransport);
        return client;
    }

    private static BlobServiceClient Connect(
        string account, AzureBlobSinkOptions options, BlobClientOptions client, HttpPipelineTransport transport)
    {
        if (options.ConnectionString is { } connection)
            return new(connection, client);
        var endpoint = options.Endpoint ?? new Uri($"https://{account}.blob.core.windows.net");
        // The library would take the container for the account.
        if (IPAddress.TryParse(endpoint.DnsSafeHost, out _) && endpoint.AbsolutePath.Trim('/') != account)
            throw new ArgumentException($"an endpoint by number ends in the account: {endpoint.GetLeftPart(UriPartial.Authority)}/{account}");
        if (options.CustomerKey is not null && endpoint.Scheme != "https")
            throw new ArgumentException("a customer's key is sent over https only");
        if (options.SasToken is { } signature)
            return new(endpoint, new AzureSasCredential(signature.TrimStart('?')), client);
        if (options.AccountKey is { } key)
            return new(endpoint, new StorageSharedKeyCredential(account, key), client);
        return new(endpoint, options.Credential ?? Identity(transport), client);
    }

    // What a developer's machine or a server has, nothing that would open a window.
    private static DefaultAzureCredential Identity(HttpPipelineTransport transport) => new(new DefaultAzureCredentialOptions
    {
        Transport = transport,
        ExcludeInteractiveBrowserCredential = true,
    });
}
