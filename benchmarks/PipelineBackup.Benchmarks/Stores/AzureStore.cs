using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using PipelineBackup.Sinks.AzureBlob;

namespace PipelineBackup.Benchmarks.Stores;

/// <summary>The Azurite that <c>tests/servers/azurite-up.sh</c> or anybody else started.</summary>
internal sealed class AzureStore : ComparedStore
{
    private const string Account = "devstoreaccount1";

    // The well-known one, which Microsoft's documentation tells everybody.
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private const int BlockBytes = 16 << 20;

    private readonly Uri _endpoint;
    private readonly BlobContainerClient _container;

    /// <summary>Makes a container of its own.</summary>
    public AzureStore(PackSet packs, int concurrency, Uri endpoint)
        : base(packs, concurrency)
    {
        _endpoint = endpoint;
        _container = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(Account, Key))
            .GetBlobContainerClient("rates-" + Guid.NewGuid().ToString("N")[..12]);
        _container.Create();
    }

    /// <inheritdoc/>
    public override string Name => "Azure Blob Storage";

    /// <inheritdoc/>
    /// <remarks>
    /// As over https, and as the provider's library does: without a checksum. The CRC-64 that goes over http is computed by
    /// Azurite once more, in JavaScript, which halves what it takes.
    /// </remarks>
    public override IBackupSink OpenSink(string prefix) => AzureBlobSink.Open(Account, _container.Name, prefix + "/", create: false,
        new() { Endpoint = _endpoint, AccountKey = Key, Checksum = TransferChecksum.None });

    /// <inheritdoc/>
    public override IEnumerable<TransferWay> ProviderWays()
    {
        // One request a pack, several packs at a time; or one blob, several of its blocks at a time.
        var whole = new BlobUploadOptions { TransferOptions = new() { InitialTransferSize = 64 << 20, MaximumTransferSize = 64 << 20 } };
        yield return new("Azure.Storage.Blobs, a blob a pack", WayOf.Provider,
            prefix => EachAsync(i => _container.GetBlobClient($"{prefix}/{i}").UploadAsync(new MemoryStream(Packs.Bytes[i]), whole)),
            prefix => EachAsync(async i =>
            {
                var answer = await _container.GetBlobClient($"{prefix}/{i}").DownloadStreamingAsync();
                await DrainAsync(answer.Value.Content, Packs.Bytes[i].Length);
            }));
        var parts = new StorageTransferOptions
        {
            InitialTransferSize = BlockBytes, MaximumTransferSize = BlockBytes, MaximumConcurrency = Concurrency,
        };
        yield return new("Azure.Storage.Blobs, all in one blob", WayOf.Provider,
            prefix => _container.GetBlobClient(prefix + "/whole").UploadAsync(Packs.Whole, new BlobUploadOptions { TransferOptions = parts }),
            prefix => _container.GetBlobClient(prefix + "/whole").DownloadToAsync(Stream.Null, new BlobDownloadToOptions { TransferOptions = parts }));
    }

    /// <inheritdoc/>
    public override async Task ClearAsync(string prefix)
    {
        await foreach (var blob in _container.GetBlobsAsync(prefix: prefix))
            await _container.DeleteBlobAsync(blob.Name);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _container.DeleteAsync();
        await base.DisposeAsync();
    }

    /// <inheritdoc/>
    protected override HttpRequestMessage PutRequest(string name) =>
        new(HttpMethod.Put, Signed(name)) { Headers = { { "x-ms-blob-type", "BlockBlob" }, { "x-ms-version", "2021-12-02" } } };

    /// <inheritdoc/>
    protected override Uri GetAddress(string name) => Signed(name);

    private Uri Signed(string name) => _container.GetBlobClient(name).GenerateSasUri(
        BlobSasPermissions.Create | BlobSasPermissions.Write | BlobSasPermissions.Read, DateTimeOffset.UtcNow.AddHours(1));
}

internal abstract partial class ComparedStore
{
    static partial void OpenAzure(PackSet packs, int concurrency, Func<Uri, Uri> reach, List<ComparedStore> found)
    {
        if (Environment.GetEnvironmentVariable("PIPELINEBACKUP_AZURITE") is { Length: > 0 } endpoint)
            found.Add(new AzureStore(packs, concurrency, reach(new(endpoint))));
    }
}
