using PipelineBackup.Sinks;
using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.Tests.Samples;

/// <summary>The quick start of the README.</summary>
public class QuickStart
{
    [Fact]
    public async Task The_quick_start_works()
    {
        string files = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        string storeFolder = GoldenSets.NewFolder("store");
        string target = Path.Combine(GoldenSets.NewFolder("restore"), "target");

        var source = new FileSetSource(new() { Path = files });
        await using var store = new RetryingSink(FileSystemSink.Open(storeFolder, create: true));
        var backup = await new BackupPipeline(source, [store]).RunAsync();
        var verified = await new VerificationPipeline(store).RunAsync(backup.Manifest.Id);
        var restored = await new RestorePipeline(store, new() { Target = target }).RunAsync("latest");

        Assert.All([backup.ExitCode, verified.ExitCode, restored.ExitCode], exit => Assert.Equal(ExitCode.Done, exit));
        RoundTrip.AssertSame(target, files);
    }
}
