using System.Globalization;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace PipelineBackup.Sinks.S3;

/// <summary>A store in a bucket of S3, or of a store with S3's interface: each object is one of the bucket's.</summary>
/// <remarks>
/// An object's key is the prefix of the store, a slash, and the object's name. It is created by a request that the store
/// refuses if the key is taken, so that of two writers one wins, wherever they are. Any number of processes may use a
/// bucket at the same time.
/// </remarks>
public sealed class S3Sink : IBackupSink, IResumableListings, IObjectLocks
{
    // An answer to "does the store keep create-only?" is wanted early, but not at the price of a pack.
    private const int LongestProof = 64 << 10;

    private readonly AmazonS3Client _client;
    private readonly S3Bucket _bucket;
    private readonly string _prefix;
    private readonly S3SinkOptions _options;
    private int _proved;

    private S3Sink(AmazonS3Client client, S3Bucket bucket, string prefix, S3SinkOptions options)
    {
        (_client, _bucket, _prefix, _options) = (client, bucket, prefix, options);
        _proved = S3Connection.StoreOf(options).ProveCreateOnly ? 0 : 1;
        Traits = new()
        {
            PutConcurrency = options.Concurrency,
            ReadConcurrency = options.Concurrency,
            MaxObjectLength = Math.Max(options.MultipartAbove, 5L << 40),
            SupportsRetention = bucket.Locks,
        };
    }

    /// <summary>The bucket.</summary>
    public string Bucket => _bucket.Name;

    /// <summary>What all keys start with: empty, or an object name and a slash.</summary>
    public string Prefix => _prefix;

    /// <inheritdoc/>
    public SinkTraits Traits { get; }

    /// <summary>Opens the store in a bucket, and finds out what the bucket can do.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">Where in the bucket the store lies, an object name; empty for all of it.</param>
    /// <param name="create">Whether to make the bucket if it is not there.</param>
    /// <param name="options">How to reach and keep it; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ArgumentException">The options make no sense, or the prefix is no object name.</exception>
    /// <exception cref="SinkException">It is not there, or not to be reached with these credentials.</exception>
    public static async Task<S3Sink> OpenAsync(
        string bucket, string prefix, bool create, S3SinkOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(bucket);
        ArgumentNullException.ThrowIfNull(prefix);
        options ??= new();
        options.Validate();
        // The keys of a directory bucket come in no order, and a listing must have one.
        if (bucket.EndsWith("--x-s3", StringComparison.Ordinal))
            throw new ArgumentException($"'{bucket}' is a directory bucket, which lists in no order", nameof(bucket));
        string start = prefix.Length == 0 ? "" : ObjectName.Of(prefix) + "/";
        var client = S3Connection.Open(options);
        try
        {
            return new(client, await S3Bucket.OpenAsync(client, bucket, start, create, options, cancellationToken)
                .ConfigureAwait(false), start, options);
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
        if (body.RetainUntil is not null && !_bucket.Locks)
        {
            throw new SinkException($"cannot store '{name}': bucket '{Bucket}' cannot retain it until a date")
            {
                Hint = "take a bucket that was made with object lock, or ask for no retention",
            };
        }

        await RefusingTakenAsync(name, async put =>
        {
            if (body.Length > _options.MultipartAbove)
                await put.PartsAsync(_client, cancellationToken).ConfigureAwait(false);
            else
                await put.WholeAsync(_client, cancellationToken).ConfigureAwait(false);
        }, body, cancellationToken).ConfigureAwait(false);
        if (body.Length <= LongestProof && Volatile.Read(ref _proved) == 0)
            await ProveCreateOnlyAsync(name, body, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenReadAsync(
        ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        string what = $"cannot open '{name}'";
        // A request cannot ask for nothing, nor for what would end behind the last number there is.
        if (range.Offset < 0 || range.Length is <= 0 || range.Length > long.MaxValue - range.Offset)
        {
            RequireFit(name, range, await LengthAsync(name, cancellationToken).ConfigureAwait(false));
            return Stream.Null;
        }

        var answer = await S3Call.RunAsync(what, () => GetAsync(name, range, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        if (answer is null)
        {
            // The range begins at or behind the end: right only for what is left of an object at its very end.
            RequireFit(name, range, await LengthAsync(name, cancellationToken).ConfigureAwait(false));
            return Stream.Null;
        }

        if (range.Length is { } asked && answer.ContentLength < asked)
        {
            long length = range.Offset + answer.ContentLength;
            answer.Dispose();
            RequireFit(name, range, length);
        }

        return new ObjectStream(answer, answer.ResponseStream, name, answer.ContentLength);
    }

    /// <inheritdoc/>
    public async ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await HeadAsync($"cannot see what keeps '{name}'", name, cancellationToken).ConfigureAwait(false);
            return new(answer.ObjectLockRetainUntilDate?.ToUniversalTime(),
                answer.ObjectLockLegalHoldStatus == ObjectLockLegalHoldStatus.On);
        }
        catch (SinkException missing) when (missing.Failure == SinkFailure.NotFound)
        {
            return default;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        ListAfterAsync(prefix, default, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAfterAsync(
        string prefix, ObjectName after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        string? start = after == default ? null : KeyOf(after);
        string last = "";
        string? next = null;
        do
        {
            // Where to start is told once: what comes later stands in the token.
            var request = new ListObjectsV2Request
            {
                BucketName = Bucket,
                Prefix = _prefix + prefix,
                StartAfter = next is null ? start : null,
                ContinuationToken = next,
            };
            var page = await S3Call.RunAsync($"cannot list '{prefix}'",
                () => _client.ListObjectsV2Async(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            foreach (var item in page.S3Objects ?? [])
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (string.CompareOrdinal(item.Key, last) <= 0)
                    throw new SinkException($"bucket '{Bucket}' lists '{item.Key}' behind '{last}'")
                    {
                        Hint = "a store must list its keys in ordinal order; this one cannot keep backups",
                    };
                last = item.Key;
                // A store may not know where to start, and begin at the beginning. What is no object's name was put there
                // by somebody else.
                if (string.CompareOrdinal(item.Key, start) > 0
                    && item.Key.StartsWith(_prefix, StringComparison.Ordinal)
                    && ObjectName.TryParse(item.Key[_prefix.Length..], out var name))
                    yield return new(name, item.Size ?? 0) { Written = item.LastModified?.ToUniversalTime() };
            }

            next = page.IsTruncated == true ? page.NextContinuationToken : null;
            if (page.IsTruncated == true && string.IsNullOrEmpty(next))
            {
                throw new SinkException($"bucket '{Bucket}' does not say how its listing goes on behind '{last}'")
                {
                    Hint = "no listing of this store is complete; it cannot keep backups",
                };
            }
        }
        while (next is not null);
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        string what = $"cannot delete '{name}'";
        string key = KeyOf(name);
        if (!_bucket.Versioned)
        {
            await DeleteAsync(what, key, null, cancellationToken).ConfigureAwait(false);
            return;
        }

        // The oldest first: of an object whose retention has not ended, that is the one that refuses, and nothing of it
        // is gone then. A delete that named no version would only hide it.
        try
        {
            foreach (string version in await VersionsAsync(what, key, cancellationToken).ConfigureAwait(false))
                await DeleteAsync(what, key, version, cancellationToken).ConfigureAwait(false);
        }
        catch (SinkException refused) when (_bucket.Locks && refused.Failure == SinkFailure.AccessDenied)
        {
            // Stores give both the same answer.
            throw new SinkException(refused.Message, refused)
            {
                Failure = refused.Failure,
                Error = refused.Error,
                Hint = "either its retention has not ended yet, or the credentials do not permit to delete it",
            };
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private string KeyOf(ObjectName name) => name.ToString() is { Length: > 0 } text
        ? _prefix + text
        : throw new ArgumentException("the default name names nothing", nameof(name));

    private async Task RefusingTakenAsync(
        ObjectName name, Func<ObjectPut, Task> act, ObjectBody body, CancellationToken cancellationToken)
    {
        var put = new ObjectPut(Bucket, KeyOf(name), body, _options);
        try
        {
            await S3Call.RunAsync($"cannot store '{name}'", async () =>
            {
                await act(put).ConfigureAwait(false);
                return true;
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (SinkException taken) when (taken.Failure == SinkFailure.AlreadyExists)
        {
            throw new SinkException($"object '{name}' is there already", taken.InnerException)
            {
                Failure = SinkFailure.AlreadyExists,
            };
        }
    }

    // A store that ignores the condition would overwrite, and nobody would ever know. The same bytes again do no harm.
    private async Task ProveCreateOnlyAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        try
        {
            await RefusingTakenAsync(
                name, put => put.WholeAsync(_client, cancellationToken), body, cancellationToken).ConfigureAwait(false);
        }
        catch (SinkException refused) when (refused.Failure == SinkFailure.AlreadyExists)
        {
            Volatile.Write(ref _proved, 1);
            return;
        }
        catch (SinkException passing) when (passing.Transient)
        {
            // The object is stored; whether the store keeps the law the next one will show.
            return;
        }

        throw new SinkException($"the store of bucket '{Bucket}' overwrites what must be created once")
        {
            Hint = "it ignores 'If-None-Match: *'; take a newer version of it, or another store",
        };
    }

    // Null where the range begins at or behind the end.
    private async Task<GetObjectResponse?> GetAsync(
        ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest { BucketName = Bucket, Key = KeyOf(name) };
        if (range != ByteRange.All)
        {
            request.ByteRange = new(range.Length is { } length
                ? string.Create(CultureInfo.InvariantCulture, $"bytes={range.Offset}-{range.Offset + length - 1}")
                : string.Create(CultureInfo.InvariantCulture, $"bytes={range.Offset}-"));
        }

        if (!_options.CustomerKey.IsEmpty)
        {
            request.ServerSideEncryptionCustomerMethod = ServerSideEncryptionCustomerMethod.AES256;
            request.ServerSideEncryptionCustomerProvidedKey = Convert.ToBase64String(_options.CustomerKey.Span);
        }

        try
        {
            return await _client.GetObjectAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception failure) when ((int)failure.StatusCode == 416)
        {
            return null;
        }
    }

    private async Task<long> LengthAsync(ObjectName name, CancellationToken cancellationToken) =>
        (await HeadAsync($"cannot open '{name}'", name, cancellationToken).ConfigureAwait(false)).ContentLength;

    private Task<GetObjectMetadataResponse> HeadAsync(string what, ObjectName name, CancellationToken cancellationToken) =>
        S3Call.RunAsync(what, () =>
        {
            var request = new GetObjectMetadataRequest { BucketName = Bucket, Key = KeyOf(name) };
            if (!_options.CustomerKey.IsEmpty)
            {
                request.ServerSideEncryptionCustomerMethod = ServerSideEncryptionCustomerMethod.AES256;
                request.ServerSideEncryptionCustomerProvidedKey = Convert.ToBase64String(_options.CustomerKey.Span);
            }

            return _client.GetObjectMetadataAsync(request, cancellationToken);
        }, cancellationToken);

    private static void RequireFit(ObjectName name, ByteRange range, long length)
    {
        if (!range.Fits(length))
        {
            throw S3Failure.NotFound(
                $"object '{name}' has {length} bytes, and {range.Length ?? 0} from {range.Offset} on lie beyond them");
        }
    }

    private Task<bool> DeleteAsync(string what, string key, string? version, CancellationToken cancellationToken) =>
        S3Call.RunAsync(what, async () =>
        {
            try
            {
                await _client.DeleteObjectAsync(
                    new() { BucketName = Bucket, Key = key, VersionId = version }, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (AmazonS3Exception failure) when (S3Failure.CodeOf(failure) is "NoSuchKey" or "NoSuchVersion")
            {
                // What is not there is as good as deleted.
            }

            return true;
        }, cancellationToken);

    private async Task<List<string>> VersionsAsync(string what, string key, CancellationToken cancellationToken)
    {
        var versions = new List<string>();
        var request = new ListVersionsRequest { BucketName = Bucket, Prefix = key };
        while (true)
        {
            var page = await S3Call.RunAsync(
                what, () => _client.ListVersionsAsync(request, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            versions.AddRange((page.Versions ?? []).Where(one => one.Key == key).Select(one => one.VersionId));
            // The key itself comes before all that it is the beginning of.
            if (page.IsTruncated != true || page.NextKeyMarker != key)
                break;
            (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
        }

        versions.Reverse();
        return versions;
    }
}
