namespace PipelineBackup.Sinks.AzureBlob.Tests;

public sealed class AddressTests
{
    private static readonly Dictionary<string, string> s_none = [];

    [Fact]
    public void An_address_names_account_container_and_prefix()
    {
        var whole = AzureBlobAddress.Parse(new("azblob://account1/my-box/of%20dc1/daily/"));
        Assert.Equal(("account1", "my-box", "of dc1/daily/"), (whole.Account, whole.Container, whole.Prefix));
        foreach (string bare in (string[])["azblob://account1/my-box", "azblob://account1/my-box/"])
            Assert.Equal("", AzureBlobAddress.Parse(new(bare)).Prefix);
    }

    [Fact]
    public void A_query_says_how_the_store_is_kept()
    {
        var options = AzureBlobAddress.Parse(new(
            "azblob://account1/box?endpoint=https://x.example/&proxy=http://p:8080&tier=cool&catalogue-tier=hot&scope=s"
            + "&retention=locked&checksum=md5&concurrency=9&tag.owner=dc%201&tag.kind=ese")).Options;
        Assert.Equal(new("https://x.example/"), options.Endpoint);
        Assert.Equal(new("http://p:8080"), options.Proxy);
        Assert.Equal(("cool", "hot", "s"), (options.DataTier, options.CatalogueTier, options.EncryptionScope));
        Assert.Equal((RetentionMode.Locked, TransferChecksum.Md5, 9), (options.Retention, options.Checksum, options.Concurrency));
        Assert.Equal("dc 1", options.Tags["owner"]);
        Assert.Equal("ese", options.Tags["kind"]);
    }

    [Theory]
    [InlineData("s3://account1/box")]
    [InlineData("azblob:///box")]
    [InlineData("azblob://a/box")]
    [InlineData("azblob://account_1/box")]
    [InlineData("azblob://account1/")]
    [InlineData("azblob://account1/bo")]
    [InlineData("azblob://account1/box--1")]
    [InlineData("azblob://account1/Box")]
    [InlineData("azblob://account1:10000/box")]
    [InlineData("azblob://account1/box#x")]
    [InlineData("azblob://account1/box/a//b")]
    [InlineData("azblob://account1/box?tier")]
    [InlineData("azblob://account1/box?colour=red")]
    [InlineData("azblob://account1/box?retention=2")]
    [InlineData("azblob://account1/box?concurrency=many")]
    [InlineData("azblob://account1/box?endpoint=here")]
    [InlineData("azblob://account1:c2VjcmV0@/box")]
    [InlineData("azblob://c2VjcmV0@account1/box")]
    [InlineData("azblob://account1/box?sv=2021&sig=c2VjcmV0")]
    [InlineData("azblob://account1/box?proxy=http://me:c2VjcmV0@p/")]
    public void A_malformed_address_is_refused_and_no_secret_repeated(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address))
            return;
        var failure = Assert.Throws<ArgumentException>(() => AzureBlobAddress.Parse(address));
        Assert.DoesNotContain("c2VjcmV0", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AZURE_STORAGE_CONNECTION_STRING", "cs")]
    [InlineData("AZURE_STORAGE_SAS_TOKEN", "sas")]
    [InlineData("AZURE_STORAGE_KEY", "key")]
    public void Credentials_come_from_the_environment_in_their_order(string first, string expected)
    {
        string[] names = ["AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_KEY"];
        var set = names.SkipWhile(name => name != first).ToDictionary(name => name, name => expected + "x");
        var options = Complete(set);
        string?[] given = [options.ConnectionString, options.SasToken, options.AccountKey];
        Assert.Equal(Array.IndexOf(names, first), Array.FindIndex(given, value => value is not null));
        Assert.Single(given.OfType<string>());
        Assert.Null(Complete(s_none).AccountKey);
    }

    [Fact]
    public void Credentials_of_another_account_are_left_alone()
    {
        var set = new Dictionary<string, string> { ["AZURE_STORAGE_ACCOUNT"] = "other1", ["AZURE_STORAGE_KEY"] = "x" };
        Assert.Null(Complete(set).AccountKey);
        set["AZURE_STORAGE_ACCOUNT"] = "account1";
        Assert.Equal("x", Complete(set).AccountKey);
    }

    [Fact]
    public void The_endpoint_of_the_address_is_nearer_than_the_environments()
    {
        var set = new Dictionary<string, string> { ["AZURE_STORAGE_SERVICE_ENDPOINT"] = "https://env.example/" };
        Assert.Equal(new("https://env.example/"), Complete(set).Endpoint);
        var own = new AzureBlobSinkOptions { Endpoint = new("https://own.example/") };
        Assert.Equal(own.Endpoint, Complete(set, own).Endpoint);
        set["AZURE_STORAGE_SERVICE_ENDPOINT"] = "nowhere";
        Assert.Throws<ArgumentException>(() => Complete(set));
    }

    [Fact]
    public void A_customers_key_comes_from_the_environment_and_over_https_only()
    {
        var set = new Dictionary<string, string>
        {
            ["PIPELINEBACKUP_AZURE_CUSTOMER_KEY"] = Convert.ToBase64String(new byte[32]), ["AZURE_STORAGE_KEY"] = Azurite.Key,
        };
        var options = Complete(set);
        Assert.Equal(32, options.CustomerKey?.Length);
        Assert.Throws<ArgumentException>(() => AzureBlobSink.Open(
            "account1", "box", "", create: false, options with { Endpoint = new("http://store.invalid/") }));
        set["PIPELINEBACKUP_AZURE_CUSTOMER_KEY"] = "%";
        Assert.Throws<ArgumentException>(() => Complete(set));
    }

    [Fact]
    public void All_faults_of_options_are_told_at_once()
    {
        var failure = Assert.Throws<ArgumentException>(() => AzureBlobSink.Open("account1", "box", "", create: false, new()
        {
            SasToken = "c2VjcmV0", AccountKey = "c2VjcmV0", CatalogueTier = "archive", CustomerKey = new byte[5], BlockLength = 0,
            SingleRequestLength = 0, Concurrency = 0, RequestTimeout = TimeSpan.Zero, Endpoint = new("ftp://x/"),
        }));
        Assert.Equal(8, failure.Message.Split("; ").Length);
        Assert.DoesNotContain("c2VjcmV0", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AccountName=account1;AccountKey=%%c2VjcmV0")]
    [InlineData("c2VjcmV0")]
    public void A_malformed_connection_string_is_not_repeated(string connection)
    {
        var failure = Assert.Throws<ArgumentException>(() => AzureBlobSink.Open(
            "account1", "box", "", create: false, new() { ConnectionString = connection }));
        Assert.DoesNotContain("c2VjcmV0", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_endpoint_by_number_ends_in_the_account() => Assert.Throws<ArgumentException>(() => AzureBlobSink.Open(
        "account1", "box", "", create: false, new() { AccountKey = Azurite.Key, Endpoint = new("http://127.0.0.1:1/") }));

    private static AzureBlobSinkOptions Complete(Dictionary<string, string> set, AzureBlobSinkOptions? options = null) =>
        AzureEnvironment.Complete("account1", options ?? new(), set.GetValueOrDefault);
}
