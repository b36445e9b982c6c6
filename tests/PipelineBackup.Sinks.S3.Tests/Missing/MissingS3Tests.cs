namespace PipelineBackup.Sinks.S3.Tests;

public sealed class MissingS3Tests
{
    [Fact]
    public void A_build_without_the_package_says_so_at_its_address()
    {
        var failure = Assert.Throws<SinkException>(
            () => new S3SinkFactory().Create(new Uri("s3://bucket/prefix"), create: true));
        Assert.Contains("AWSSDK.S3", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.Transient);
    }
}
