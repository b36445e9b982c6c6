using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.S3;

/// <summary>The requests that store an object, with all that the options say of it.</summary>
/// <remarks>
/// <para>
/// No byte is hashed for the transfer that was hashed before: a single put is signed with the body's own SHA-256, which
/// the store must compare with what arrives, and carries the body's CRC-32C where the store keeps one.
/// </para>
/// <para>
/// Of a part nobody has a SHA-256. Over TLS its CRC-32C is computed, the whole's stands in the completion, and the
/// signature leaves the content out; where the store takes no checksums, or without TLS, the provider signs it with the
/// part's SHA-256.
/// </para>
/// </remarks>
/// <param name="bucket">The bucket.</param>
/// <param name="key">The object's key.</param>
/// <param name="body">Its content.</param>
/// <param name="options">The options.</param>
internal sealed class ObjectPut(string bucket, string key, ObjectBody body, S3SinkOptions options)
{
    private const string Any = "*";
    private const string ContentType = "application/octet-stream";
    private const int MostParts = 10_000;
    private const int AbortAttempts = 8;

    // How long a caller who has gone is kept for the sake of what would stay behind.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly bool _checksums = S3Connection.StoreOf(options).ChecksumHeaders || body.RetainUntil is not null;

    /// <summary>Puts the object in one request.</summary>
    /// <param name="client">The way to the store.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task WholeAsync(IAmazonS3 client, CancellationToken cancellationToken)
    {
        using var stall = new StallLimit(options.StallTimeout, cancellationToken);
        var stream = new BodyStream(body.Content)
        {
            Sha256 = Convert.ToHexStringLower(body.Sha256.Span),
            Taken = stall.Moved,
        };
        try
        {
            var request = new PutObjectRequest
            {
                BucketName = bucket,
                Key = key,
                InputStream = stream,
                AutoCloseStream = false,
                AutoResetStreamPosition = false,
                UseChunkEncoding = false,
                DisablePayloadSigning = false,
                ContentType = ContentType,
                IfNoneMatch = Any,
                StorageClass = StorageClass,
                ServerSideEncryptionMethod = Encryption,
                ServerSideEncryptionKeyManagementServiceKeyId = options.KmsKey,
                ObjectLockMode = LockMode,
                ObjectLockRetainUntilDate = body.RetainUntil?.UtcDateTime,
                TagSet = Tags,
                ChecksumCRC32C = _checksums ? Text(body.Crc32C) : null,
            };
            if (!options.CustomerKey.IsEmpty)
                (request.ServerSideEncryptionCustomerMethod, request.ServerSideEncryptionCustomerProvidedKey) = Own;

            await client.PutObjectAsync(request, stall.Token).ConfigureAwait(false);
        }
        catch (Exception) when (stall.IsOver)
        {
            throw stall.ToException();
        }
        finally
        {
            stream.Detach();
        }
    }

    /// <summary>Puts the object in parts, and leaves none of them behind when that fails.</summary>
    /// <param name="client">The way to the store.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task PartsAsync(IAmazonS3 client, CancellationToken cancellationToken)
    {
        var begun = await BeginAsync(client, cancellationToken).ConfigureAwait(false);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var parts = await SendAsync(client, begun.UploadId, cancellationToken).ConfigureAwait(false);
            await client.CompleteMultipartUploadAsync(
                End(begun.UploadId, parts), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await AbortAsync(client, begun.UploadId).ConfigureAwait(false);
            throw;
        }
    }

    private bool IsSecured => S3Connection.EndpointOf(options) is null or { Scheme: "https" };

    private string? StorageClassName =>
        body.Class == ObjectClass.Catalogue ? options.CatalogueStorageClass : options.DataStorageClass;

    private S3StorageClass? StorageClass => StorageClassName is { } name ? new(name) : null;

    private ServerSideEncryptionMethod? Encryption => options.Encryption is { } name ? new(name) : null;

    private ObjectLockMode? LockMode => body.RetainUntil is null ? null
        : options.Compliance ? ObjectLockMode.Compliance : ObjectLockMode.Governance;

    private (ServerSideEncryptionCustomerMethod Method, string Key) Own =>
        (ServerSideEncryptionCustomerMethod.AES256, Convert.ToBase64String(options.CustomerKey.Span));

    private List<Tag>? Tags => options.Tags.Count == 0 ? null
        : [.. options.Tags.Select(tag => new Tag { Key = tag.Key, Value = tag.Value })];

    private InitiateMultipartUploadRequest Begin()
    {
        var request = new InitiateMultipartUploadRequest
        {
            BucketName = bucket,
            Key = key,
            ContentType = ContentType,
            StorageClass = StorageClass,
            ServerSideEncryptionMethod = Encryption,
            ServerSideEncryptionKeyManagementServiceKeyId = options.KmsKey,
            ObjectLockMode = LockMode,
            ObjectLockRetainUntilDate = body.RetainUntil?.UtcDateTime,
            TagSet = Tags,
        };
        if (_checksums)
            (request.ChecksumAlgorithm, request.ChecksumType) = (ChecksumAlgorithm.CRC32C, ChecksumType.FULL_OBJECT);
        if (!options.CustomerKey.IsEmpty)
            (request.ServerSideEncryptionCustomerMethod, request.ServerSideEncryptionCustomerProvidedKey) = Own;

        return request;
    }

    private async Task<PartETag[]> SendAsync(IAmazonS3 client, string upload, CancellationToken cancellationToken)
    {
        long length = Math.Max(options.PartLength, (body.Length + MostParts - 1) / MostParts);
        int count = (int)Math.Max(1, (body.Length + length - 1) / length);
        var parts = new PartETag[count];
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = options.PartConcurrency,
            CancellationToken = cancellationToken,
        };
        // Ends only when every part has ended; the first failure cancels the others.
        await Parallel.ForAsync(0, count, parallel, async (i, token) =>
        {
            long start = i * length;
            var content = body.Content.Slice(start, Math.Min(length, body.Length - start));
            parts[i] = await SendAsync(client, upload, i + 1, content, token).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return parts;
    }

    private async Task<PartETag> SendAsync(
        IAmazonS3 client, string upload, int number, ReadOnlySequence<byte> content,
        CancellationToken cancellationToken)
    {
        using var stall = new StallLimit(options.StallTimeout, cancellationToken);
        var stream = new BodyStream(content) { Taken = stall.Moved };
        try
        {
            var request = new UploadPartRequest
            {
                BucketName = bucket,
                Key = key,
                UploadId = upload,
                PartNumber = number,
                PartSize = content.Length,
                InputStream = stream,
                UseChunkEncoding = false,
                DisablePayloadSigning = _checksums && IsSecured,
                ChecksumCRC32C = _checksums ? Text(Crc32COf(content)) : null,
            };
            if (!options.CustomerKey.IsEmpty)
                (request.ServerSideEncryptionCustomerMethod, request.ServerSideEncryptionCustomerProvidedKey) = Own;

            var answer = await client.UploadPartAsync(request, stall.Token).ConfigureAwait(false);
            return new(number, answer.ETag) { ChecksumCRC32C = request.ChecksumCRC32C };
        }
        catch (Exception) when (stall.IsOver)
        {
            throw stall.ToException();
        }
        finally
        {
            stream.Detach();
        }
    }

    private CompleteMultipartUploadRequest End(string upload, PartETag[] parts)
    {
        var request = new CompleteMultipartUploadRequest
        {
            BucketName = bucket,
            Key = key,
            UploadId = upload,
            PartETags = [.. parts],
            IfNoneMatch = Any,
        };
        if (_checksums)
            (request.ChecksumCRC32C, request.ChecksumType) = (Text(body.Crc32C), ChecksumType.FULL_OBJECT);
        if (!options.CustomerKey.IsEmpty)
        {
            (request.SSECustomerAlgorithm, request.SSECustomerKey) = ("AES256", Own.Key);
            // In this one request the provider does not add it, and the store demands it.
#pragma warning disable CA5351
            request.SSECustomerKeyMD5 = Convert.ToBase64String(MD5.HashData(options.CustomerKey.Span));
#pragma warning restore CA5351
        }

        return request;
    }

    // Whoever cancels waits a little for the answer that is on its way: without it nobody knows what there is to abort.
    private async Task<InitiateMultipartUploadResponse> BeginAsync(IAmazonS3 client, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var limit = new CancellationTokenSource();
        await using (cancellationToken.UnsafeRegister(_ => limit.CancelAfter(s_patience), null))
        {
            try
            {
                return await client.InitiateMultipartUploadAsync(Begin(), limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw;
            }
        }
    }

    // Also when the caller has gone: parts that nobody completes are billed for ever and shown by no listing. And more than
    // once: nobody else knows the upload, so nobody would repeat this.
    private async Task AbortAsync(IAmazonS3 client, string upload)
    {
        using var limit = new CancellationTokenSource(s_patience);
        for (int attempt = 1; attempt <= AbortAttempts && !limit.IsCancellationRequested; attempt++)
        {
            try
            {
                await client.AbortMultipartUploadAsync(
                    new() { BucketName = bucket, Key = key, UploadId = upload }, limit.Token).ConfigureAwait(false);
                return;
            }
            catch (Exception failure) when (S3Failure.Is(failure))
            {
                // The failure that ended the put is on its way to the caller, and says more than this one.
                if (S3Failure.CodeOf(failure) == "NoSuchUpload" || !S3Failure.Of(failure, "").Transient)
                    return;
            }
        }
    }

    private static uint Crc32COf(ReadOnlySequence<byte> content)
    {
        uint crc = 0;
        foreach (var segment in content)
            crc = Crc32C.Append(crc, segment.Span);
        return crc;
    }

    private static string Text(uint crc)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, crc);
        return Convert.ToBase64String(bytes);
    }
}
