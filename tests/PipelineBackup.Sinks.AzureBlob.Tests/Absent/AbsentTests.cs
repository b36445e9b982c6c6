namespace PipelineBackup.Sinks.AzureBlob.Tests;

public sealed class AbsentTests
{
    [Fact]
    public void A_program_built_without_the_package_says_so_at_its_address()
    {
        var factory = new AzureBlobSinkFactory();
        Assert.Equal("azblob", factory.Scheme);
        var failure = Assert.Throws<SinkException>(() => factory.Create(new("azblob://account/container"), create: true));
        Assert.Contains("without Azure.Storage.Blobs", failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Hint);
    }

    [Fact]
    public void The_laws_are_not_held_against_what_is_not_there() =>
        Assert.Skip("Azure.Storage.Blobs could not be restored");
}
