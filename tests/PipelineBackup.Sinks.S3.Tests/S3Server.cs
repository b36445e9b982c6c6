using System.Globalization;
using Amazon.Runtime;
using Amazon.S3;
using PipelineBackup.StoreServers;

[assembly: AssemblyFixture(typeof(RunningServers))]

namespace PipelineBackup.Sinks.S3.Tests;

/// <summary>The S3 server of this run. Without one, tests that need it are skipped.</summary>
internal static class S3Server
{
    private static readonly string s_run = Guid.NewGuid().ToString("N")[..8];
    private static int s_buckets;

    public static string AccessKey => S3Endpoint.AccessKey;

    public static string SecretKey => S3Endpoint.SecretKey;

    public static Uri Endpoint => RunningServers.S3.Address;

    /// <summary>How to reach it, all of it given and nothing taken from the machine's own configuration.</summary>
    public static S3SinkOptions Options => new()
    {
        Endpoint = Endpoint,
        Credentials = new BasicAWSCredentials(AccessKey, SecretKey),
        Region = "us-east-1",
        ConnectTimeout = TimeSpan.FromSeconds(5),
    };

    /// <summary>The name of a bucket that nobody has made yet.</summary>
    public static string NewBucket() =>
        string.Create(CultureInfo.InvariantCulture, $"test-{s_run}-{Interlocked.Increment(ref s_buckets)}");

    /// <summary>A client of the provider's own, to look behind the sink.</summary>
    public static AmazonS3Client Client() => S3Connection.Open(Options);

    /// <summary>Deletes a bucket with all that is in it, and says what uploads nobody had ended.</summary>
    public static async Task<int> DropAsync(string bucket)
    {
        using var client = Client();
        var uploads = await client.ListMultipartUploadsAsync(new Amazon.S3.Model.ListMultipartUploadsRequest { BucketName = bucket });
        foreach (var one in uploads.MultipartUploads ?? [])
            await client.AbortMultipartUploadAsync(new() { BucketName = bucket, Key = one.Key, UploadId = one.UploadId });
        for (bool more = true; more;)
        {
            var page = await client.ListVersionsAsync(new Amazon.S3.Model.ListVersionsRequest { BucketName = bucket });
            var options = new ParallelOptions { MaxDegreeOfParallelism = 8 };
            await Parallel.ForEachAsync(page.Versions ?? [], options, async (one, token) =>
                await client.DeleteObjectAsync(new()
                {
                    BucketName = bucket,
                    Key = one.Key,
                    VersionId = one.VersionId,
                    BypassGovernanceRetention = true,
                }, token));
            more = page.IsTruncated == true;
        }

        await client.DeleteBucketAsync(bucket);
        return uploads.MultipartUploads?.Count ?? 0;
    }
}
