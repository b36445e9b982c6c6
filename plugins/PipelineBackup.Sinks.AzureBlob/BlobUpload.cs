using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>One put of one object: in one request, or in blocks that a last request makes an object of.</summary>
/// <param name="blob">Where to.</param>
/// <param name="name">The object, for messages.</param>
/// <param name="body">What.</param>
/// <param name="options">How.</param>
/// <param name="checksum">What is sent with the bytes.</param>
/// <param name="retains">Whether the store keeps an object until its date.</param>
internal sealed class BlobUpload(
    BlockBlobClient blob, ObjectName name, ObjectBody body, AzureBlobSinkOptions options,
    StorageChecksumAlgorithm checksum, bool retains)
{
    // How long a cancelled put waits for the answer to a request that is on its way as a whole: the store will carry it
    // out, and the caller shall not find the object appearing later.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    private static readonly BlobRequestConditions s_createOnly = new() { IfNoneMatch = ETag.All };

    private AccessTier? Tier => (body.Class == ObjectClass.Catalogue ? options.CatalogueTier : options.DataTier) is { } tier
        ? new AccessTier(tier) : (AccessTier?)null;

    private IDictionary<string, string>? Tags => options.Tags.Count > 0 ? options.Tags.ToDictionary() : null;

    // Checked by whoever has only the blob; nothing here reads it.
    private Dictionary<string, string> Metadata => new() { ["sha256"] = Convert.ToHexStringLower(body.Sha256.Span) };

    private BlobImmutabilityPolicy? Immutability => retains && body.RetainUntil is { } until
        ? new()
        {
            ExpiresOn = until,
            PolicyMode = options.Retention == RetentionMode.Locked
                ? BlobImmutabilityPolicyMode.Locked : BlobImmutabilityPolicyMode.Unlocked,
        }
        : null;

    /// <summary>Stores the object.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task RunAsync(CancellationToken cancellationToken) => body.Length <= options.SingleRequestLength
        ? WholeAsync(cancellationToken) : InBlocksAsync(cancellationToken);

    private Task WholeAsync(CancellationToken cancellationToken)
    {
        var (algorithm, value) = Checksum(body.Content);
        bool isMd5 = algorithm == StorageChecksumAlgorithm.MD5;
        var settings = new BlobUploadOptions
        {
            Conditions = s_createOnly,
            AccessTier = Tier,
            Tags = Tags,
            Metadata = Metadata,
            ImmutabilityPolicy = Immutability,
            // Of an MD5 the store takes the hash to keep as the one to check; the library has no other way in one request.
            HttpHeaders = isMd5 ? new() { ContentHash = value, ContentType = "application/octet-stream" } : null,
            TransferValidation = new()
            {
                ChecksumAlgorithm = isMd5 ? StorageChecksumAlgorithm.None : algorithm,
                PrecalculatedChecksum = isMd5 ? default : value,
            },
            // One request, whatever the length.
            TransferOptions = new() { InitialTransferSize = body.Length + 1, MaximumTransferSize = body.Length + 1 },
        };
        return SendAsync(body.Content, (stream, token) => blob.UploadAsync(stream, settings, token), cancellationToken);
    }

    private async Task InBlocksAsync(CancellationToken cancellationToken)
    {
        // Two writers of one name stage their blocks side by side: ids are this put's alone, and all of one length.
        byte[] id = new byte[20];
        RandomNumberGenerator.Fill(id);
        var blocks = new List<string>();
        for (long offset = 0; offset < body.Length; offset += options.BlockLength)
        {
            BinaryPrimitives.WriteInt32BigEndian(id.AsSpan(16), blocks.Count);
            string block = Convert.ToBase64String(id);
            var part = body.Content.Slice(offset, Math.Min(options.BlockLength, body.Length - offset));
            var (algorithm, value) = Checksum(part);
            var settings = new BlockBlobStageBlockOptions
            {
                TransferValidation = new() { ChecksumAlgorithm = algorithm, PrecalculatedChecksum = value },
            };
            await SendAsync(part, (stream, token) => blob.StageBlockAsync(block, stream, settings, token), cancellationToken);
            blocks.Add(block);
        }

        cancellationToken.ThrowIfCancellationRequested();
        using var cut = new CancellationTokenSource();
        await using var registration = cancellationToken.UnsafeRegister(_ => cut.CancelAfter(s_grace), null);
        try
        {
            await blob.CommitBlockListAsync(blocks, new()
            {
                Conditions = s_createOnly, AccessTier = Tier, Tags = Tags, Metadata = Metadata, ImmutabilityPolicy = Immutability,
            }, cut.Token);
        }
        catch (RequestFailedException gone) when (gone is { Status: 400, ErrorCode: "InvalidBlockList" })
        {
            // Another writer's commit throws away the blocks that were not its own.
            if (await blob.ExistsAsync(cut.Token))
                throw AzureBlobFailure.AlreadyExists(name);
            throw new SinkException($"cannot store '{name}': the store lost its blocks") { Error = JetError.DiskIO, Transient = true };
        }
    }

    private async Task SendAsync<T>(
        ReadOnlySequence<byte> part, Func<SentBody, CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Not linked to the caller's token: what becomes of a request that is cancelled is decided below.
        using var cut = new StallLimit(options.StallTimeout, CancellationToken.None);
        await using var stream = new SentBody(part, cut.Moved);
        await using var registration = cancellationToken.UnsafeRegister(_ =>
        {
            cut.EndAfter(stream.TryCutOff() ? TimeSpan.Zero : s_grace);
        }, null);
        try
        {
            await send(stream, cut.Token);
        }
        catch (Exception) when (cut.IsOver && !cancellationToken.IsCancellationRequested)
        {
            throw cut.ToException();
        }
        finally
        {
            stream.CutOff();
        }
    }

    // Computed here, because the library would copy the bytes to do it.
    private (StorageChecksumAlgorithm Algorithm, byte[] Value) Checksum(ReadOnlySequence<byte> part)
    {
        if (checksum == StorageChecksumAlgorithm.None)
            return (checksum, []);
        if (checksum == StorageChecksumAlgorithm.StorageCrc64)
        {
            var crc = StorageCrc64HashAlgorithm.Create();
            foreach (var segment in part)
                crc.Append(segment.Span);
            return (checksum, crc.GetCurrentHash());
        }

        // Not against forgers: it is what the store compares.
#pragma warning disable CA5351
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        foreach (var segment in part)
            md5.AppendData(segment.Span);
        return (checksum, md5.GetHashAndReset());
    }
}
