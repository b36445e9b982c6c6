using PipelineBackup.Testing;

namespace PipelineBackup.Sinks.AzureBlob.Tests;

public sealed class AzureBlobSinkConformance
{
    public static TheoryData<string> Laws => [.. SinkConformance.Laws.Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public Task A_container_keeps_the_law(string law) => KeepsAsync(law, Azurite.Owner, "");

    [Theory]
    [InlineData("read-back")]
    [InlineData("whole-or-nothing")]
    [InlineData("created-once")]
    [InlineData("one-winner")]
    [InlineData("memory-left-alone")]
    [InlineData("one-winner-long")]
    [InlineData("read-back-parts")]
    [InlineData("cancelled-midway")]
    [InlineData("cancelled-put")]
    [InlineData("lost-answer")]
    public Task A_container_written_in_blocks_keeps_the_law(string law) =>
        KeepsAsync(law, Azurite.Owner with { SingleRequestLength = 1000, BlockLength = 700_000 }, "");

    [Theory]
    [InlineData("list-order")]
    [InlineData("list-prefix")]
    [InlineData("list-empty")]
    [InlineData("names-apart")]
    [InlineData("missing")]
    public Task A_part_of_a_container_keeps_the_law(string law) => KeepsAsync(law, Azurite.Owner, "backups/of dc1/");

    [Theory]
    [InlineData(TransferChecksum.None)]
    [InlineData(TransferChecksum.Crc64)]
    [InlineData(TransferChecksum.Md5)]
    public Task Every_checksum_of_the_transfer_is_accepted(TransferChecksum checksum) =>
        KeepsAsync("read-back", Azurite.Owner with { Checksum = checksum }, "");

    private static async Task KeepsAsync(string law, AzureBlobSinkOptions options, string prefix)
    {
        string container = Azurite.NewContainer();
        // Made before, so that no law meets the making of it.
        await using (Azurite.Open(container, options, prefix))
        {
        }

        string secret = Convert.ToBase64String("not the key of anybody"u8);
        var outcome = await SinkConformance.Law(law).RunAsync(
            () => SinkUnderTest.OfServer(
                Azurite.Endpoint, (server, _) => new(Azurite.Open(container, options with { Endpoint = server }, prefix)),
                secret, _ => new(Azurite.Open(container, options with { AccountKey = secret }, prefix))),
            TestContext.Current.CancellationToken);
        Assert.SkipWhen(outcome.IsSkipped, outcome.Reason);
    }
}
