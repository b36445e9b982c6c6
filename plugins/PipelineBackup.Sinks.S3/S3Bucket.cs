using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace PipelineBackup.Sinks.S3;

/// <summary>What was found out about a bucket when it was opened.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Versioned">
/// Whether it keeps versions, so that a delete must name them: one that does not leaves the bytes and their bill.
/// </param>
/// <param name="Locks">Whether objects can be locked until a date.</param>
internal sealed record S3Bucket(string Name, bool Versioned, bool Locks)
{
    /// <summary>Looks at a bucket, and makes it if it may.</summary>
    /// <param name="client">The way to the store.</param>
    /// <param name="name">The bucket.</param>
    /// <param name="prefix">Start of the keys that matter; permission to list more is not needed.</param>
    /// <param name="create">Whether to make a bucket that is not there.</param>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task<S3Bucket> OpenAsync(
        IAmazonS3 client, string name, string prefix, bool create, S3SinkOptions options,
        CancellationToken cancellationToken)
    {
        string what = $"cannot open bucket '{name}'";
        bool there = await S3Call.RunAsync(what, async () =>
        {
            try
            {
                // Not a mere look whether it is there: this one tells why not, and needs the permission that is needed.
                await client.ListObjectsV2Async(
                    new() { BucketName = name, Prefix = prefix, MaxKeys = 1 }, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (AmazonS3Exception failure) when (create && (S3Failure.CodeOf(failure) == "NoSuchBucket"
                || (S3Failure.CodeOf(failure).Length == 0 && failure.StatusCode == HttpStatusCode.NotFound)))
            {
                // Also where only the status of the answer arrived: there is nothing else that a listing does not find.
                return false;
            }
        }, cancellationToken).ConfigureAwait(false);
        if (!there)
            await CreateAsync(client, name, options, cancellationToken).ConfigureAwait(false);
        bool versioned = await S3Call.RunAsync(
            what, () => IsVersionedAsync(client, name, cancellationToken), cancellationToken).ConfigureAwait(false);
        bool locks = versioned && await S3Call.RunAsync(
            what, () => HasLocksAsync(client, name, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new(name, versioned, locks);
    }

    private static Task<bool> CreateAsync(
        IAmazonS3 client, string name, S3SinkOptions options, CancellationToken cancellationToken) =>
        S3Call.RunAsync($"cannot create bucket '{name}'", async () =>
        {
            try
            {
                await client.PutBucketAsync(
                    new PutBucketRequest
                    {
                        BucketName = name,
                        // A store that is not Amazon's has regions of its own, if any.
                        UseClientRegion = S3Connection.EndpointOf(options) is null,
                        ObjectLockEnabledForBucket = options.CreateWithObjectLock,
                    },
                    cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonS3Exception failure) when (S3Failure.CodeOf(failure) == "BucketAlreadyOwnedByYou")
            {
                // Another writer made it a moment ago.
            }

            return true;
        }, cancellationToken);

    private static async Task<bool> IsVersionedAsync(IAmazonS3 client, string name, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.GetBucketVersioningAsync(
                new GetBucketVersioningRequest { BucketName = name }, cancellationToken).ConfigureAwait(false);
            return answer.VersioningConfig?.Status is { } status && status != VersionStatus.Off;
        }
        catch (AmazonS3Exception failure) when (Unanswered(failure))
        {
            return false;
        }
    }

    private static async Task<bool> HasLocksAsync(IAmazonS3 client, string name, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.GetObjectLockConfigurationAsync(
                new() { BucketName = name }, cancellationToken).ConfigureAwait(false);
            return answer.ObjectLockConfiguration?.ObjectLockEnabled == ObjectLockEnabled.Enabled;
        }
        catch (AmazonS3Exception failure) when (Unanswered(failure))
        {
            return false;
        }
    }

    // No permission to ask, no such feature, or nothing configured: none of it keeps a backup from being made.
    private static bool Unanswered(AmazonS3Exception failure) => failure.StatusCode is HttpStatusCode.Forbidden
        or HttpStatusCode.NotFound or HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed
        or HttpStatusCode.BadRequest;
}
