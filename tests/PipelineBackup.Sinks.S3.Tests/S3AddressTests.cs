namespace PipelineBackup.Sinks.S3.Tests;

public sealed class S3AddressTests
{
    [Fact]
    public void An_address_names_bucket_prefix_and_options()
    {
        var (bucket, prefix, options) = S3Address.Parse(new(
            "s3://my-bucket/dc1/nightly/?endpoint=https%3A%2F%2Fstore.example%3A9000&region=eu-central-1&profile=backup"
            + "&store=minio&path-style=false&storage-class=STANDARD&data-storage-class=STANDARD_IA&sse=aws:kms&kms-key=k"
            + "&tag.team=data%20base&tag.b=c&retention=compliance&object-lock=true&concurrency=7&proxy=http://proxy:3128"));
        Assert.Equal(("my-bucket", "dc1/nightly"), (bucket, prefix));
        Assert.Equal(new Uri("https://store.example:9000"), options.Endpoint);
        Assert.Equal(("eu-central-1", "backup"), (options.Region, options.Profile));
        Assert.Same(S3StoreProfile.Minio, options.Store);
        Assert.False(options.PathStyle);
        Assert.Equal(("STANDARD", "STANDARD_IA"), (options.CatalogueStorageClass, options.DataStorageClass));
        Assert.Equal(("aws:kms", "k"), (options.Encryption, options.KmsKey));
        Assert.Equal(["b=c", "team=data base"], options.Tags.Select(tag => $"{tag.Key}={tag.Value}").Order());
        Assert.True(options.Compliance && options.CreateWithObjectLock);
        Assert.Equal(7, options.Concurrency);
        Assert.Equal(new Uri("http://proxy:3128"), options.Proxy!.GetProxy(new("https://store.example")));
    }

    [Theory]
    [InlineData("s3://bucket", "")]
    [InlineData("s3://bucket/", "")]
    [InlineData("s3://bucket/a/b/", "a/b")]
    public void A_prefix_may_be_missing(string address, string prefix) =>
        Assert.Equal(prefix, S3Address.Parse(new(address)).Prefix);

    [Theory]
    [InlineData("s3:///prefix", "expected s3://bucket/prefix")]
    [InlineData("s3://key:hunter2@bucket/prefix", "credentials")]
    [InlineData("s3://bucket:9000/prefix", "endpoint=")]
    [InlineData("s3://bucket/a//b", "prefix")]
    [InlineData("s3://bucket/a#b", "%23")]
    [InlineData("s3://bucket?regoin=x", "'regoin' is unknown")]
    [InlineData("s3://bucket?endpoint=http://key:hunter2@host", "without credentials")]
    [InlineData("s3://bucket?proxy=http://key:hunter2@host", "without credentials")]
    [InlineData("s3://bucket?store=azure", "aws, ceph, minio, compatible")]
    [InlineData("s3://bucket?path-style=yes", "true, false")]
    [InlineData("s3://bucket?kms-key=k", "aws:kms")]
    [InlineData("s3://bucket?storage-class=GLACIER", "archive")]
    [InlineData("s3://bucket?concurrency=0", "at least 1")]
    public void A_malformed_address_is_refused_with_what_is_wrong(string address, string expected)
    {
        var failure = Assert.Throws<ArgumentException>(() => new S3SinkFactory().Create(new(address), create: false));
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once()
    {
        var failure = Assert.Throws<ArgumentException>(
            () => S3Address.Parse(new("s3://bucket?store=x&path-style=y&what=z")));
        foreach (string expected in (string[])["'store'", "'path-style'", "'what'"])
            Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_come_from_the_environment_or_from_a_profile()
    {
        string bucket = S3Server.NewBucket();
        var address = new Uri($"s3://{bucket}/x?region=us-east-1&endpoint={Uri.EscapeDataString(S3Server.Endpoint.AbsoluteUri)}");
        try
        {
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", S3Server.AccessKey);
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", S3Server.SecretKey);
            await using (var sink = new S3SinkFactory().Create(address, create: true))
                await sink.PutAsync(ObjectName.Of("a"), ObjectBody.Of(new byte[1]), TestContext.Current.CancellationToken);
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", null);
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", null);
            await using var other = new S3SinkFactory().Create(new($"{address}&profile={ProfileFile.Profile}"), create: false);
            await using var stream = await other.OpenReadAsync(
                ObjectName.Of("a"), ByteRange.All, TestContext.Current.CancellationToken);
            Assert.Equal(0, stream.ReadByte());
            var failure = Assert.Throws<SinkException>(
                () => new S3SinkFactory().Create(new(address + "&profile=nobody"), create: false));
            Assert.Equal(SinkFailure.AccessDenied, failure.Failure);
        }
        finally
        {
            foreach (string name in (string[])["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
                Environment.SetEnvironmentVariable(name, null);
            await S3Server.DropAsync(bucket);
        }
    }
}
