using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;
using Amazon.S3;
using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.S3;

/// <summary>Makes the provider's client from the options, and finds out what they leave open.</summary>
internal static class S3Connection
{
    // What a request's body is read by; the provider's 8 KiB would be a call to the system each.
    private const int BufferLength = 128 << 10;

    /// <summary>The endpoint that the options or the environment name; null for Amazon's own.</summary>
    /// <param name="options">The options.</param>
    public static Uri? EndpointOf(S3SinkOptions options) => options.Endpoint
        ?? Address("AWS_ENDPOINT_URL_S3") ?? Address("AWS_ENDPOINT_URL");

    /// <summary>What the store does differently.</summary>
    /// <param name="options">The options.</param>
    public static S3StoreProfile StoreOf(S3SinkOptions options) => options.Store
        ?? (EndpointOf(options) is null ? S3StoreProfile.Aws : S3StoreProfile.Compatible);

    /// <summary>Makes the client. Sends nothing.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="SinkException">There are no credentials, or no region, to be found.</exception>
    public static AmazonS3Client Open(S3SinkOptions options)
    {
        try
        {
            var config = Configure(options);
            var credentials = options.Credentials ?? DefaultAWSCredentialsIdentityResolver.GetCredentials(config);
            return new SigningClient(credentials, config);
        }
        catch (InvalidOperationException unusable)
        {
            // A profile that wants a person: somebody who signs in by a browser first, or who types a code.
            throw S3Failure.Unusable(unusable, options.Profile);
        }
        catch (Exception failure) when (S3Failure.Is(failure) || failure is ArgumentException)
        {
            throw S3Failure.Of(failure, "cannot reach S3");
        }
    }

    private static AmazonS3Config Configure(S3SinkOptions options)
    {
        var store = StoreOf(options);
        var config = new AmazonS3Config
        {
            // Who retries, waits and limits is the caller: it knows what an attempt costs and how many there were.
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = 0,
            MaxStaleConnectionRetries = 0,
            ThrottleRetries = false,
            Timeout = Timeout.InfiniteTimeSpan,
            ConnectTimeout = options.ConnectTimeout,
            BufferSize = BufferLength,
            ForcePathStyle = options.PathStyle ?? store.PathStyle,
            // The bodies bring their checksums; those of the provider would be computed anew, and sent as trailers.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (options.Profile is { } profile)
            config.Profile = new(profile);
        Locate(config, options);
        if (options.Proxy is { } proxy)
            config.SetWebProxy(proxy);
        if (AuthorityFileOf(options) is { } file && EndpointOf(options) is null or { Scheme: "https" })
            config.HttpClientFactory = new TrustingClients(PrivateAuthorities.Of(file));
        return config;
    }

    private static string? AuthorityFileOf(S3SinkOptions options) => options.AuthorityFile
        ?? (Environment.GetEnvironmentVariable("AWS_CA_BUNDLE") is { Length: > 0 } named ? named : null);

    private static void Locate(AmazonS3Config config, S3SinkOptions options)
    {
        string? region = options.Region ?? RegionOfProfile(options.Profile);
        if (EndpointOf(options) is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = region ?? Environment.GetEnvironmentVariable("AWS_REGION")
                ?? Environment.GetEnvironmentVariable("AWS_DEFAULT_REGION") ?? "us-east-1";
        }
        else if (region is not null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }
        else if (config.RegionEndpoint is null)
        {
            throw new SinkException("cannot reach S3: no region is known")
            {
                Hint = "name one with region=, AWS_REGION or a profile",
            };
        }
    }

    private static string? RegionOfProfile(string? name) =>
        name is not null && new CredentialProfileStoreChain().TryGetProfile(name, out var profile)
            ? profile.Region?.SystemName
            : null;

    private static Uri? Address(string variable) =>
        Uri.TryCreate(Environment.GetEnvironmentVariable(variable), UriKind.Absolute, out var address) ? address : null;
}
