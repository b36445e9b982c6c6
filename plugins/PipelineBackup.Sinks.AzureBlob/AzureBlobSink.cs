using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>A store in a container of Azure Blob Storage: each object is a block blob.</summary>
/// <remarks>
/// A put carries <c>If-None-Match: *</c>, also where it makes an object of blocks, so that the store itself refuses a
/// name that is taken. The client library's own retries are off; failures are told once, with their transient bit.
/// </remarks>
public sealed class AzureBlobSink : IBackupSink, IObjectLocks
{
    // No blob is longer; so long a range can be asked for without overflow.
    private const long Longest = 1L << 50;

    private const int PageLength = 5000;
    private const int MostBlocks = 50_000;

    private readonly AzureBlobClient _client;
    private readonly BlobContainerClient _container;
    private readonly string _prefix;
    private readonly AzureBlobSinkOptions _options;
    private readonly StorageChecksumAlgorithm _checksum;
    private readonly bool _hierarchical;

    private AzureBlobSink(
        AzureBlobClient client, BlobContainerClient container, string prefix, StoreSurvey survey, AzureBlobSinkOptions options)
    {
        (_client, _container, _prefix, _options) = (client, container, prefix, options);
        _hierarchical = survey.Hierarchical;
        _checksum = options.Checksum switch
        {
            TransferChecksum.Md5 => StorageChecksumAlgorithm.MD5,
            TransferChecksum.Crc64 => StorageChecksumAlgorithm.StorageCrc64,
            TransferChecksum.Auto when container.Uri.Scheme == "http" => StorageChecksumAlgorithm.StorageCrc64,
            _ => StorageChecksumAlgorithm.None,
        };
        Traits = new()
        {
            PutConcurrency = options.Concurrency,
            ReadConcurrency = options.Concurrency,
            MaxObjectLength = Math.Max(options.SingleRequestLength, options.BlockLength * MostBlocks),
            SupportsRetention = survey.Retains,
        };
    }

    /// <inheritdoc/>
    public SinkTraits Traits { get; }

    /// <summary>Opens the store in a container, and finds out what it can do.</summary>
    /// <param name="account">Name of the account.</param>
    /// <param name="container">Name of the container.</param>
    /// <param name="prefix">What all names begin with: empty, or something that ends in a slash.</param>
    /// <param name="create">Whether to create the container if it is not there.</param>
    /// <param name="options">How to reach and keep it; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is malformed.</exception>
    /// <exception cref="SinkException">It is not there, or the store does not answer as it should.</exception>
    public static AzureBlobSink Open(
        string account, string container, string prefix, bool create, AzureBlobSinkOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(account);
        ArgumentException.ThrowIfNullOrEmpty(container);
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length > 0 && (prefix[^1] != '/' || prefix[0] == '/'))
            throw new ArgumentException("a prefix ends in a slash, and begins with none", nameof(prefix));
        options ??= new();
        options.Validate();
        var client = AzureBlobClient.Of(account, options);
        try
        {
            var place = client.Service.GetBlobContainerClient(container);
            return new(client, place, prefix, StoreSurvey.Take(client.Service, place, create, options.Time), options);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        var upload = new BlobUpload(
            _container.GetBlockBlobClient(NameOf(name)), name, body, _options, _checksum, Traits.SupportsRetention);
        try
        {
            await upload.RunAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not SinkException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (failure is RequestFailedException answer && AzureBlobFailure.IsTaken(answer))
                throw AzureBlobFailure.AlreadyExists(name);
            if (!AzureBlobFailure.Is(failure))
                throw;
            throw AzureBlobFailure.Of(failure, $"cannot store '{name}'", _options.Time);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegative(range.Offset, nameof(range));
        var blob = _container.GetBlockBlobClient(NameOf(name));
        string what = $"cannot read '{name}'";
        if (range.Length == 0)
            return await EmptyAsync(blob, name, range, what, cancellationToken);
        var part = range == ByteRange.All ? default
            : new HttpRange(Math.Min(range.Offset, Longest), range.Length is { } length ? Math.Min(length, Longest) : null);
        BlobDownloadStreamingResult answer;
        try
        {
            answer = await blob.DownloadStreamingAsync(new() { Range = part }, cancellationToken);
        }
        catch (RequestFailedException beyond) when (beyond.Status == 416 && range.Length is null)
        {
            // Everything from the very end on is nothing, and no request can ask for nothing.
            return await EmptyAsync(blob, name, range, what, cancellationToken);
        }
        catch (Exception failure) when (AzureBlobFailure.Is(failure))
        {
            throw Told(failure, what, cancellationToken);
        }

        long total = TotalOf(answer.Details);
        if (range.Fits(total))
            return new BlobRangeStream(answer.Content, name, range.Length ?? total - range.Offset, _options.Time);
        await answer.Content.DisposeAsync();
        throw Beyond(name, range, total);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        cancellationToken.ThrowIfCancellationRequested();
        if (_hierarchical)
        {
            // Such an account lists directory by directory, which is another order.
            var all = new List<StoredObject>();
            await foreach (var item in FoundAsync(prefix, cancellationToken))
                all.Add(item);
            all.Sort((a, b) => a.Name.CompareTo(b.Name));
            foreach (var item in all)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return item;
            }

            yield break;
        }

        ObjectName? last = null;
        await foreach (var item in FoundAsync(prefix, cancellationToken))
        {
            if (last is { } before && before.CompareTo(item.Name) >= 0)
            {
                throw new SinkException($"the store lists '{item.Name}' behind '{before}', which is not their order")
                {
                    Hint = "grant the right to read the account's information, so that a hierarchical namespace is known",
                };
            }

            yield return item;
            last = item.Name;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await _container.GetBlockBlobClient(NameOf(name)).DeleteIfExistsAsync(cancellationToken: cancellationToken);
        }
        catch (Exception failure) when (AzureBlobFailure.Is(failure))
        {
            throw Told(failure, $"cannot delete '{name}'", cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            var found = (await _container.GetBlockBlobClient(NameOf(name)).GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            return new(found.ImmutabilityPolicy?.ExpiresOn, found.HasLegalHold);
        }
        catch (Exception failure) when (AzureBlobFailure.Is(failure))
        {
            var told = Told(failure, $"cannot see what keeps '{name}'", cancellationToken);
            return told is SinkException { Failure: SinkFailure.NotFound } ? default : throw told;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async IAsyncEnumerable<StoredObject> FoundAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Directories of a hierarchical namespace are blobs with a mark in their metadata.
        var traits = _hierarchical ? BlobTraits.Metadata : BlobTraits.None;
        await using var pages = _container
            .GetBlobsAsync(traits, BlobStates.None, _prefix + prefix, cancellationToken)
            .AsPages(pageSizeHint: PageLength).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(pages, cancellationToken))
        {
            foreach (var blob in pages.Current.Values)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (blob.Metadata?.ContainsKey("hdi_isfolder") != true
                    && ObjectName.TryParse(blob.Name[_prefix.Length..], out var name))
                    yield return new(name, blob.Properties.ContentLength ?? 0) { Written = WrittenAt(blob) };
            }
        }
    }

    // The library makes the year 1 of a time that is not told.
    private static DateTimeOffset? WrittenAt(BlobItem blob) =>
        blob.Properties.LastModified is { } written && written > DateTimeOffset.MinValue ? written : null;

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<Page<BlobItem>> pages, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await pages.MoveNextAsync();
        }
        catch (Exception failure) when (AzureBlobFailure.Is(failure))
        {
            throw Told(failure, "cannot list the store", cancellationToken);
        }
    }

    // An empty range: the store is asked for the length alone.
    private async ValueTask<Stream> EmptyAsync(
        BlockBlobClient blob, ObjectName name, ByteRange range, string what, CancellationToken cancellationToken)
    {
        try
        {
            var properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
            long total = properties.Value.ContentLength;
            return range.Fits(total) && (range.Length == 0 || range.Offset == total) ? Stream.Null
                : throw Beyond(name, range, total);
        }
        catch (Exception failure) when (AzureBlobFailure.Is(failure))
        {
            throw Told(failure, what, cancellationToken);
        }
    }

    // "bytes 5-9/1000" where a range was asked for.
    private static long TotalOf(BlobDownloadDetails details) =>
        details.ContentRange is { Length: > 0 } range && long.TryParse(range[(range.LastIndexOf('/') + 1)..], out long total)
            ? total : details.ContentLength;

    private static SinkException Beyond(ObjectName name, ByteRange range, long total) => AzureBlobFailure.NotFound(
        $"object '{name}' has {total} bytes, and {range.Length ?? 0} from {range.Offset} on lie beyond them");

    private string NameOf(ObjectName name) => name.ToString() is { Length: > 0 } text ? _prefix + text
        : throw new ArgumentException("the default name names nothing", nameof(name));

    private Exception Told(Exception failure, string what, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? new OperationCanceledException(cancellationToken)
            : AzureBlobFailure.Of(failure, what, _options.Time);
}
