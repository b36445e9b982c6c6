using Azure.Core;

namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>What is sent with an object's bytes so that the store can see that they arrived as they were.</summary>
public enum TransferChecksum
{
    /// <summary>Nothing over https, whose records carry a checksum already; CRC-64 over http.</summary>
    Auto,

    /// <summary>Nothing.</summary>
    None,

    /// <summary>Azure's CRC-64.</summary>
    Crc64,

    /// <summary>MD5, which the store also keeps with the object.</summary>
    Md5,
}

/// <summary>How firmly a store keeps an object until its date.</summary>
public enum RetentionMode
{
    /// <summary>Whoever may change the policy of an object may end it early.</summary>
    Unlocked,

    /// <summary>Nobody can end it early, the owner of the account included.</summary>
    Locked,
}

/// <summary>How a store in a container is reached and kept.</summary>
public sealed record AzureBlobSinkOptions
{
    /// <summary>
    /// A connection string, its endpoints included. Default: null. Of this, <see cref="SasToken"/>,
    /// <see cref="AccountKey"/> and <see cref="Credential"/> at most one is given.
    /// </summary>
    public string? ConnectionString { get; init; }

    /// <summary>A shared access signature, with or without its question mark. Default: null.</summary>
    public string? SasToken { get; init; }

    /// <summary>The key of the account, base64. Default: null.</summary>
    public string? AccountKey { get; init; }

    /// <summary>An identity. Default: null, which is that of <c>DefaultAzureCredential</c>.</summary>
    public TokenCredential? Credential { get; init; }

    /// <summary>
    /// Where the service is, for another cloud, a private endpoint or a test server. Default: null, which is
    /// <c>https://account.blob.core.windows.net</c>.
    /// </summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The proxy to go through. Default: null, which is the system's or that of <c>HTTPS_PROXY</c>.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>
    /// A PEM file with certificates of authorities that are trusted beside those of the machine: for a gateway or proxy
    /// with a certificate of one's own. Default: null, none.
    /// </summary>
    public string? AuthorityFile { get; init; }

    /// <summary>Access tier of packs, for instance <c>Cool</c>. Default: null, which is the account's.</summary>
    public string? DataTier { get; init; }

    /// <summary>
    /// Access tier of commits, indexes, claims and marks, which are read at every listing; never <c>Archive</c>.
    /// Default: null, which is the account's.
    /// </summary>
    public string? CatalogueTier { get; init; }

    /// <summary>The encryption scope that objects are written in. Default: null, which is the container's.</summary>
    public string? EncryptionScope { get; init; }

    /// <summary>
    /// A key of 32 bytes that the store encrypts with and does not keep: without it nothing can be read. Default: null.
    /// </summary>
    public ReadOnlyMemory<byte>? CustomerKey { get; init; }

    /// <summary>Index tags that every object gets, at most ten. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>How firmly objects are kept that have a date. Default: <see cref="RetentionMode.Unlocked"/>.</summary>
    public RetentionMode Retention { get; init; }

    /// <summary>What protects bytes on their way. Default: <see cref="TransferChecksum.Auto"/>.</summary>
    public TransferChecksum Checksum { get; init; }

    /// <summary>
    /// Longest object in bytes that is sent in one request. Default: 64 MiB, which every pack is shorter than; at most
    /// 5000 MiB.
    /// </summary>
    public long SingleRequestLength { get; init; } = 64L << 20;

    /// <summary>Length of the blocks of longer objects, in bytes. Default: 32 MiB; at most 4000 MiB.</summary>
    public long BlockLength { get; init; } = 32L << 20;

    /// <summary>How many objects are written or read at a time for full speed. Default: 4.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>
    /// How long the network may take for a request, its bytes included. Default: 10 minutes; the retrying decorator has
    /// limits of its own.
    /// </summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long a request that sends an object may stand still, nothing of its body taken and no answer given. Default:
    /// 2 minutes.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The clock that dates in answers are judged by. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>No member: some are secrets.</summary>
    public override string ToString() => nameof(AzureBlobSinkOptions);

    /// <summary>Tells all faults at once.</summary>
    internal void Validate()
    {
        var faults = new List<string>();
        string?[] credentials = [ConnectionString, SasToken, AccountKey, Credential is null ? null : "identity"];
        Demand(credentials.Count(one => one is not null) <= 1,
            "more than one of connection string, SAS, account key and identity is given");
        Demand(ConnectionString is null || Endpoint is null, "a connection string brings its endpoint; no other may be given");
        Demand(Endpoint is null || Endpoint is { IsAbsoluteUri: true, Scheme: "http" or "https", Query: "", UserInfo: "" },
            "the endpoint must be http:// or https:// without a query");
        Demand(Proxy is null || Proxy.IsAbsoluteUri, "the proxy must be an absolute address");
        Demand(!"archive".Equals(CatalogueTier, StringComparison.OrdinalIgnoreCase),
            "the catalogue cannot be archived: every listing reads it");
        Demand(CustomerKey is null || CustomerKey.Value.Length == 32, "the customer's key must have 32 bytes");
        Demand(CustomerKey is null || EncryptionScope is null, "a customer's key and an encryption scope exclude each other");
        Demand(Tags.Count <= 10, $"there are {Tags.Count} tags, and at most 10 are possible");
        Demand(SingleRequestLength is >= 1 and <= 5000L << 20,
            $"{nameof(SingleRequestLength)} is {SingleRequestLength}, and must lie between 1 byte and 5000 MiB");
        Demand(BlockLength is >= 1 and <= 4000L << 20,
            $"{nameof(BlockLength)} is {BlockLength}, and must lie between 1 byte and 4000 MiB");
        Demand(Concurrency >= 1, $"{nameof(Concurrency)} is {Concurrency}, and must be at least 1");
        Demand(StallTimeout > TimeSpan.Zero, $"{nameof(StallTimeout)} is {StallTimeout}, and must be positive");
        Demand(RequestTimeout > TimeSpan.Zero, $"{nameof(RequestTimeout)} is {RequestTimeout}, and must be positive");
        if (faults.Count > 0)
            throw new ArgumentException(string.Join("; ", faults));

        void Demand(bool holds, string otherwise)
        {
            if (!holds)
                faults.Add(otherwise);
        }
    }
}
