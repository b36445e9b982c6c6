namespace PipelineBackup.Cli.Tests;

public class SinkAddressTests
{
    [Fact]
    public void A_path_is_an_address_whatever_its_letters()
    {
        foreach (string name in (string[])["plain", "with space", "50%", "a#b", "a?b", "ä€", "%41", "x:y", "a+b"])
        {
            string path = Path.Combine(Path.GetTempPath(), name, "store");
            var address = SinkAddress.Parse(path);
            Assert.Equal(("file", ""), (address.Scheme, address.Query + address.Fragment));
            Assert.Equal(path, address.LocalPath);
        }
    }

    [Fact]
    public void A_relative_path_counts_from_the_current_directory() =>
        Assert.Equal(Path.GetFullPath("some/store"), SinkAddress.Parse("some/store").LocalPath);

    [Theory]
    [InlineData("file:///var/backups", "file")]
    [InlineData("s3://bucket/prefix", "s3")]
    [InlineData("azblob://account/container/prefix", "azblob")]
    [InlineData("S3://bucket/prefix", "s3")]
    public void An_address_keeps_its_scheme(string text, string scheme) =>
        Assert.Equal(scheme, SinkAddress.Parse(text).Scheme);

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("s3:/bucket")]
    [InlineData("http://[")]
    public void What_is_no_address_is_refused(string text) =>
        Assert.Throws<UsageException>(() => SinkAddress.Parse(text));
}
