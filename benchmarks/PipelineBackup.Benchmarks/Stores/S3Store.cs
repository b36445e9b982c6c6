using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.S3.Transfer;
using PipelineBackup.Sinks.S3;

namespace PipelineBackup.Benchmarks.Stores;

/// <summary>The S3 server that <c>tests/servers/s3-up.sh</c> or anybody else started.</summary>
internal sealed class S3Store : ComparedStore
{
    private const long PartBytes = 16 << 20;

    private readonly string _bucket = "rates-" + Guid.NewGuid().ToString("N")[..12];
    private readonly Uri _endpoint;
    private readonly BasicAWSCredentials _credentials;
    private readonly AmazonS3Client _client;

    /// <summary>Makes a bucket of its own.</summary>
    public S3Store(PackSet packs, int concurrency, Uri endpoint, string accessKey, string secretKey)
        : base(packs, concurrency)
    {
        (_endpoint, _credentials) = (endpoint, new(accessKey, secretKey));
        _client = new(_credentials, new AmazonS3Config
        {
            ServiceURL = endpoint.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1",
            // Its best: without these it hashes twice, and reads 8 KiB at a time.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            BufferSize = 128 << 10,
        });
        _client.PutBucketAsync(_bucket).GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public override string Name => "S3";

    /// <inheritdoc/>
    public override IBackupSink OpenSink(string prefix) => S3Sink.OpenAsync(_bucket, prefix, create: false, new()
    {
        Endpoint = _endpoint, Credentials = _credentials, Region = "us-east-1",
    }).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override IEnumerable<TransferWay> ProviderWays()
    {
        yield return new("AWSSDK.S3, an object a pack", WayOf.Provider,
            prefix => EachAsync(i => _client.PutObjectAsync(new()
            {
                BucketName = _bucket, Key = $"{prefix}/{i}", InputStream = new MemoryStream(Packs.Bytes[i]),
            })),
            prefix => EachAsync(async i =>
            {
                using var answer = await _client.GetObjectAsync(_bucket, $"{prefix}/{i}");
                await DrainAsync(answer.ResponseStream, Packs.Bytes[i].Length);
            }));
        var utility = new TransferUtility(_client, new() { ConcurrentServiceRequests = Concurrency });
        yield return new("TransferUtility, all in one object", WayOf.Provider,
            prefix => utility.UploadAsync(new TransferUtilityUploadRequest
            {
                BucketName = _bucket, Key = prefix + "/whole", FilePath = Packs.Whole, PartSize = PartBytes,
            }),
            async prefix =>
            {
                using var answer = await utility.OpenStreamWithResponseAsync(new TransferUtilityOpenStreamRequest
                {
                    BucketName = _bucket, Key = prefix + "/whole", PartSize = PartBytes, MaxInMemoryParts = 2 * Concurrency,
                    // By number of part is not what every store can.
                    MultipartDownloadType = MultipartDownloadType.RANGE,
                });
                await DrainAsync(answer.ResponseStream, Packs.Length);
            });
    }

    /// <inheritdoc/>
    public override async Task ClearAsync(string prefix)
    {
        var page = await _client.ListObjectsV2Async(new() { BucketName = _bucket, Prefix = prefix });
        foreach (var item in page.S3Objects ?? [])
            await _client.DeleteObjectAsync(_bucket, item.Key);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await ClearAsync("");
        await _client.DeleteBucketAsync(_bucket);
        _client.Dispose();
        await base.DisposeAsync();
    }

    /// <inheritdoc/>
    protected override HttpRequestMessage PutRequest(string name) => new(HttpMethod.Put, Signed(name, HttpVerb.PUT));

    /// <inheritdoc/>
    protected override Uri GetAddress(string name) => Signed(name, HttpVerb.GET);

    private Uri Signed(string name, HttpVerb verb) => new(_client.GetPreSignedURL(new()
    {
        BucketName = _bucket, Key = name, Verb = verb, Expires = DateTime.UtcNow.AddHours(1),
        Protocol = _endpoint.Scheme == "https" ? Protocol.HTTPS : Protocol.HTTP,
    }));
}

internal abstract partial class ComparedStore
{
    static partial void OpenS3(PackSet packs, int concurrency, Func<Uri, Uri> reach, List<ComparedStore> found)
    {
        if (Environment.GetEnvironmentVariable("PIPELINEBACKUP_S3_ENDPOINT") is { Length: > 0 } endpoint)
        {
            found.Add(new S3Store(packs, concurrency, reach(new(endpoint)),
                Environment.GetEnvironmentVariable("PIPELINEBACKUP_S3_ACCESS_KEY")!,
                Environment.GetEnvironmentVariable("PIPELINEBACKUP_S3_SECRET_KEY")!));
        }
    }
}
