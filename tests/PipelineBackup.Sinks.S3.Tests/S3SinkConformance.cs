using Amazon.Runtime;
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
    [InlineData("one-winner-long")]
    [InlineData("read-back-parts")]
    [InlineData("read-back-long")]
    [InlineData("cancelled-midway")]
    [InlineData("cancelled-put")]
    [InlineData("memory-left-alone")]
    [InlineData("requests-put-pack")]
    [InlineData("lost-answer")]
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
    [InlineData("name-free-again")]
    [InlineData("retention-kept")]
    [InlineData("list-prefix")]
    public Task A_bucket_of_versions_keeps_the_law(string law) =>
        RunAsync(law, "", S3Server.Options with { CreateWithObjectLock = true });

    private static async Task RunAsync(string law, string prefix, S3SinkOptions options)
    {
        var stop = TestContext.Current.CancellationToken;
        string bucket = S3Server.NewBucket();
        await using (await S3Sink.OpenAsync(bucket, prefix, create: true, options, stop))
        {
        }

        LawOutcome outcome;
        try
        {
            const string secret = "not/the/secret/of/anybody";
            var wrong = options with { Credentials = new BasicAWSCredentials(S3Server.AccessKey, secret) };
            outcome = await SinkConformance.Law(law).RunAsync(
                () => SinkUnderTest.OfServer(
                    options.Endpoint!, (server, token) => OpenAsync(options with { Endpoint = server }, token),
                    secret, token => OpenAsync(wrong, token)),
                stop);
        }
        finally
        {
            // Whatever the law did, no upload may be left that nobody ends; but of one whose beginning had no answer
            // nobody knows.
            Assert.InRange(await S3Server.DropAsync(bucket), 0, law == "lost-answer" ? 1 : 0);
        }

        Assert.SkipWhen(outcome.IsSkipped, outcome.Reason);

        async ValueTask<IBackupSink> OpenAsync(S3SinkOptions options, CancellationToken token) =>
            await S3Sink.OpenAsync(bucket, prefix, create: false, options, token);
    }
}
