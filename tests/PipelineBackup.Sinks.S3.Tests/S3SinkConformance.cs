using PipelineBackup.Testing;

namespace PipelineBackup.Sinks.S3.Tests;

public sealed class S3SinkConformance
{
    public static TheoryData<string> Laws => [.. SinkConformance.Laws.Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public Task A_bucket_keeps_the_law(string law) => RunAsync(law, "", S3Server.Options);

    [Theory]
    [InlineData("read-back")]
    [InlineData("created-once")]
    [InlineData("one-winner")]
    [InlineData("whole-or-nothing")]
    [InlineData("cancelled-midway")]
    [InlineData("memory-left-alone")]
    [InlineData("side-by-side")]
    public Task A_bucket_written_in_parts_keeps_the_law(string law) =>
        RunAsync(law, "some/where", S3Server.Options with { MultipartAbove = 0, PartLength = 5 << 20 });

    [Theory]
    [InlineData("read-back")]
    [InlineData("created-once")]
    [InlineData("memory-left-alone")]
    public Task A_store_that_keeps_checksums_keeps_the_law(string law) =>
        RunAsync(law, "some/where", S3Server.Options with { Store = S3StoreProfile.Minio });

    [Theory]
    [InlineData("read-back")]
    [InlineData("created-once")]
    public Task A_store_that_keeps_checksums_of_parts_keeps_the_law(string law) =>
        RunAsync(law, "", S3Server.Options with
        {
            Store = S3StoreProfile.Minio,
            MultipartAbove = 0,
            PartLength = 5 << 20,
        });

    [Theory]
    [InlineData("delete-one")]
    [InlineData("delete-missing")]
    [InlineData("created-once")]
    [InlineData("list-prefix")]
    public Task A_bucket_of_versions_keeps_the_law(string law) =>
        RunAsync(law, "", S3Server.Options with { CreateWithObjectLock = true });

    private static async Task RunAsync(string law, string prefix, S3SinkOptions options)
    {
        string bucket = S3Server.NewBucket();
        await using (var made = await S3Sink.OpenAsync(
            bucket, prefix, create: true, options, TestContext.Current.CancellationToken))
        {
        }

        try
        {
            await SinkConformance.Law(law).RunAsync(
                () => SinkUnderTest.Of(() => S3Sink.OpenAsync(bucket, prefix, create: false, options).GetAwaiter().GetResult()),
                TestContext.Current.CancellationToken);
        }
        finally
        {
            // Whatever the law did, no upload may be left that nobody ends.
            Assert.Equal(0, await S3Server.DropAsync(bucket));
        }
    }
}
