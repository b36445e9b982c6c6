using System.Net;
using Amazon.Runtime;

namespace PipelineBackup.Sinks.S3;

/// <summary>How a store in a bucket is reached and kept.</summary>
public sealed record S3SinkOptions
{
    /// <summary>
    /// The credentials. Default: null, the provider's usual chain: environment, profile, web identity, container,
    /// instance.
    /// </summary>
    public AWSCredentials? Credentials { get; init; }

    /// <summary>Name of a profile of the provider's configuration files. Default: null, that of the environment.</summary>
    public string? Profile { get; init; }

    /// <summary>
    /// The region, for instance <c>eu-central-1</c>. Default: null, that of the environment or profile; where an
    /// endpoint is given and nobody names a region, <c>us-east-1</c>.
    /// </summary>
    public string? Region { get; init; }

    /// <summary>
    /// Address of a store that is not Amazon's. Default: null, <c>AWS_ENDPOINT_URL_S3</c>, <c>AWS_ENDPOINT_URL</c>, or
    /// Amazon's.
    /// </summary>
    public Uri? Endpoint { get; init; }

    /// <summary>
    /// What the store does differently. Default: null, <see cref="S3StoreProfile.Aws"/>, or
    /// <see cref="S3StoreProfile.Compatible"/> where there is an endpoint.
    /// </summary>
    public S3StoreProfile? Store { get; init; }

    /// <summary>Whether the bucket stands in the path. Default: null, as the store's profile says.</summary>
    public bool? PathStyle { get; init; }

    /// <summary>
    /// Storage class of commits, indexes, claims and marks, which every listing reads. Default: null, the bucket's.
    /// </summary>
    public string? CatalogueStorageClass { get; init; }

    /// <summary>Storage class of packs, for instance <c>STANDARD_IA</c>. Default: null, the bucket's.</summary>
    public string? DataStorageClass { get; init; }

    /// <summary>
    /// How the store encrypts: <c>AES256</c>, <c>aws:kms</c>, <c>aws:kms:dsse</c>. Default: null, as the bucket says.
    /// </summary>
    public string? Encryption { get; init; }

    /// <summary>The key of the key service to encrypt with. Default: null, the account's.</summary>
    public string? KmsKey { get; init; }

    /// <summary>
    /// A key of 32 bytes of the customer that the store encrypts with and forgets (SSE-C); whoever reads needs it.
    /// Default: empty, none.
    /// </summary>
    public ReadOnlyMemory<byte> CustomerKey { get; init; }

    /// <summary>Tags of every object. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// A proxy. Default: null, that of the environment (<c>HTTPS_PROXY</c>, <c>NO_PROXY</c>).
    /// </summary>
    public IWebProxy? Proxy { get; init; }

    /// <summary>
    /// A PEM file with certificates of authorities that are trusted beside those of the machine: for a store with a
    /// certificate of one's own. Default: null, that of <c>AWS_CA_BUNDLE</c> if there is one.
    /// </summary>
    public string? AuthorityFile { get; init; }

    /// <summary>
    /// Whether retention may be lifted by nobody (<c>COMPLIANCE</c>) or by those with a special permission
    /// (<c>GOVERNANCE</c>). Default: false, governance: a mistaken date can be mended.
    /// </summary>
    public bool Compliance { get; init; }

    /// <summary>Whether a bucket that is made gets object lock, which none can have later. Default: false.</summary>
    public bool CreateWithObjectLock { get; init; }

    /// <summary>
    /// The longest object that is put in one request, in bytes; a longer one goes in parts. Default: 64 MiB, above any
    /// pack; at most 5 GiB.
    /// </summary>
    public long MultipartAbove { get; init; } = 64L << 20;

    /// <summary>Length of a part in bytes. Default: 16 MiB; 5 MiB to 5 GiB. It grows where 10,000 would not do.</summary>
    public long PartLength { get; init; } = 16L << 20;

    /// <summary>How many parts of an object are sent at a time. Default: 4.</summary>
    public int PartConcurrency { get; init; } = 4;

    /// <summary>How many objects are written or read at a time for full speed. Default: 4.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>How long a connection may take to come about. Default: 15 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a request that sends an object may stand still, nothing of its body taken and no answer given. Default:
    /// 2 minutes.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Fails with all that is wrong.</summary>
    /// <exception cref="ArgumentException">Some of the options make no sense.</exception>
    internal void Validate()
    {
        var faults = new List<string>();
        Demand(Endpoint is null || (Endpoint.IsAbsoluteUri && Endpoint.Scheme is "http" or "https"),
            "the endpoint must be http://… or https://…");
        Demand(Endpoint is null or { UserInfo: "" }, "the endpoint must not hold credentials");
        Demand(MultipartAbove is >= 0 and <= 5L << 30, $"{nameof(MultipartAbove)} is {MultipartAbove}, above 5 GiB");
        Demand(PartLength is >= 5 << 20 and <= 5L << 30,
            $"{nameof(PartLength)} is {PartLength}, and must be from 5 MiB to 5 GiB");
        Demand(PartConcurrency >= 1, $"{nameof(PartConcurrency)} is {PartConcurrency}, and must be at least 1");
        Demand(Concurrency >= 1, $"{nameof(Concurrency)} is {Concurrency}, and must be at least 1");
        Demand(ConnectTimeout > TimeSpan.Zero, $"{nameof(ConnectTimeout)} is {ConnectTimeout}, and must be positive");
        Demand(StallTimeout > TimeSpan.Zero, $"{nameof(StallTimeout)} is {StallTimeout}, and must be positive");
        Demand(CatalogueStorageClass is not ("GLACIER" or "DEEP_ARCHIVE"),
            "an archive class for the catalogue would make every listing wait for hours");
        Demand(CustomerKey.Length is 0 or 32, $"the customer's key has {CustomerKey.Length} bytes, and must have 32");
        Demand(CustomerKey.IsEmpty || S3Connection.EndpointOf(this) is null or { Scheme: "https" },
            "a customer's key is sent over https only");
        Demand(CustomerKey.IsEmpty || Encryption is null,
            "a customer's key and another encryption exclude each other");
        Demand(KmsKey is null || Encryption is "aws:kms" or "aws:kms:dsse",
            "a key of the key service needs the encryption aws:kms or aws:kms:dsse");
        Demand(Tags.Count <= 10, $"there are {Tags.Count} tags, and an object takes 10");
        if (faults.Count > 0)
            throw new ArgumentException(string.Join("; ", faults));

        void Demand(bool holds, string otherwise)
        {
            if (!holds)
                faults.Add(otherwise);
        }
    }
}
