using System.Text.Json.Nodes;
using PipelineBackup.Golden;
using PipelineBackup.Sinks.AzureBlob;
using PipelineBackup.Sinks.S3;
using PipelineBackup.Testing;

namespace PipelineBackup.Cli.Tests.Commands;

public class SinkTestCommandTests
{
    [Fact]
    public void A_directory_keeps_the_laws_is_measured_and_left_as_it_was()
    {
        var (store, _) = Cli.StoreWith("clean-4096");
        string[] before = Files(store);
        var result = Cli.Json(ExitCode.Done, "sink", "test", store, "--quick");
        Assert.Equal(before, Files(store));
        Demand(result);
        Assert.Equal(store, (string?)result["address"]);
        // Its clock is this machine's.
        Assert.InRange(Math.Abs((double)result["clockAheadSeconds"]!), 0, 60);
        Assert.False((bool)result["traits"]!["supportsRetention"]!);
        Assert.Contains(result["missing"]!.AsArray(), line => ((string)line!).Contains("does not retain", StringComparison.Ordinal));
    }

    [Fact]
    public void A_sloppy_plugin_is_told_law_by_law()
    {
        string store = GoldenSets.NewFolder("store"), address = $"test://sloppy{store}";
        var run = Cli.Expect(ExitCode.Failed, "sink", "test", address, "--quick", "--plugin", Cli.TestPlugin);
        Assert.Empty(Files(store));
        foreach (string law in new[] { "created-once", "first-stays", "list-lengths" })
        {
            Assert.Contains($"  BROKEN     {law}: {SinkConformance.Law(law).Sentence}\n", run.Output, StringComparison.Ordinal);
            Assert.Contains($"broken: {law}: ", run.Error, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("BROKEN     ranges", run.Output, StringComparison.Ordinal);
        Assert.Contains("\n  clock      unknown: the store does not tell", run.Output, StringComparison.Ordinal);
        Assert.Contains("\n  latency    put ", run.Output, StringComparison.Ordinal);
        Assert.Contains("\n  rates      up ", run.Output, StringComparison.Ordinal);
        Assert.Contains("\n  missing    it breaks ", run.Output, StringComparison.Ordinal);
        Assert.Contains("' is empty again\nerror: the store breaks ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_that_is_not_there_is_not_made()
    {
        string none = Path.Combine(GoldenSets.NewFolder(), "none");
        Cli.Json(ExitCode.NotFound, "sink", "test", none);
        Assert.False(Directory.Exists(none));
    }

    [Fact]
    public async Task Interrupted_it_clears_up_behind_itself()
    {
        string store = GoldenSets.NewFolder("store");
        using var stopping = new CancellationTokenSource();
        await using var output = new StringWriter();
        await using var error = new StringWriter { NewLine = "\n" };
        var running = Task.Run(() => CommandLine.RunAsync(
            ["sink", "test", store], new Terminal { Output = output, Error = error }, stopping.Token));
        // In the midst of a law that puts a thousand.
        while (Files(store).Length < 300 && !running.IsCompleted)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        await stopping.CancelAsync();
        Assert.Equal(ExitCode.Cancelled, await running);
        Assert.Empty(Files(store));
        Assert.Contains("' is empty again\n", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_of_Azure_keeps_the_laws()
    {
        string? endpoint = Environment.GetEnvironmentVariable("PIPELINEBACKUP_AZURITE");
        Assert.SkipWhen(string.IsNullOrEmpty(endpoint), "PIPELINEBACKUP_AZURITE names no Azurite: see tests/servers/azurite-up.sh");
        // The key that Microsoft's documentation tells everybody.
        Environment.SetEnvironmentVariable("AZURE_STORAGE_KEY",
            "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");
        string address = $"azblob://devstoreaccount1/t{Guid.NewGuid():N}/some?endpoint={Uri.EscapeDataString(endpoint!)}";
        KeepsTheLaws(new AzureBlobSinkFactory(), address);
    }

    [Fact]
    public void A_bucket_keeps_the_laws()
    {
        string? endpoint = Environment.GetEnvironmentVariable("PIPELINEBACKUP_S3_ENDPOINT");
        Assert.SkipWhen(string.IsNullOrEmpty(endpoint), "no S3 server: PIPELINEBACKUP_S3_ENDPOINT is not set; tests/servers/s3-up.sh starts one");
        foreach (string name in new[] { "ACCESS_KEY", "SECRET_KEY" })
        {
            Environment.SetEnvironmentVariable(name == "ACCESS_KEY" ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                Environment.GetEnvironmentVariable($"PIPELINEBACKUP_S3_{name}"));
        }

        KeepsTheLaws(new S3SinkFactory(), $"s3://sink-test-{Guid.NewGuid():N}/some?endpoint={Uri.EscapeDataString(endpoint!)}");
    }

    private static void KeepsTheLaws(IBackupSinkFactory factory, string address)
    {
        var sink = factory.Create(new(address), create: true);
        try
        {
            var result = Cli.Json(ExitCode.Done, "sink", "test", address, "--quick");
            Demand(result);
            // The server is on this machine.
            Assert.InRange(Math.Abs((double)result["clockAheadSeconds"]!), 0, 60);
            Assert.Empty(sink.ListAsync("", CancellationToken.None).ToBlockingEnumerable());
        }
        finally
        {
            sink.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static void Demand(JsonNode result)
    {
        var laws = result["laws"]!.AsArray();
        Assert.Equal(
            SinkConformance.Laws.Where(law => law.Needs == LawNeed.Store).Select(law => law.Name), laws.Select(law => (string?)law!["law"]));
        Assert.All(laws, law => Assert.Contains((string)law!["verdict"]!, (string[])["kept", "skipped"]));
        Assert.All(laws, law => Assert.Equal((string?)law!["verdict"] == "kept", (string?)law["reason"] == ""));
        Assert.Contains(laws, law => (string?)law!["law"] == "created-once" && (string?)law["verdict"] == "kept");
        Assert.Equal(["put", "read", "list", "delete"], result["latencies"]!.AsArray().Select(call => (string?)call!["call"]));
        Assert.All(result["latencies"]!.AsArray(), call =>
            Assert.InRange((double)call!["medianMilliseconds"]!, 1e-6, (double)call["p95Milliseconds"]!));
        Assert.True((double)result["uploadBytesPerSecond"]! > 0 && (double)result["downloadBytesPerSecond"]! > 0);
    }

    private static string[] Files(string store) =>
        [.. Directory.GetFiles(store, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
