using PipelineBackup.Golden;
using PipelineBackup.Testing;

namespace PipelineBackup.Sinks.FileSystem.Tests;

public sealed class FileSystemSinkConformance
{
    public static TheoryData<string> Laws => [.. SinkConformance.Laws.Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public Task A_directory_keeps_the_law(string law) => KeepsAsync(law, () => Store(new()));

    [Theory]
    [InlineData("read-back")]
    [InlineData("read-back-pack")]
    [InlineData("whole-or-nothing")]
    [InlineData("cancelled-midway")]
    [InlineData("cancelled-put")]
    [InlineData("memory-left-alone")]
    public Task A_directory_written_through_the_cache_keeps_the_law(string law) =>
        KeepsAsync(law, () => Store(new() { DirectWrites = false }));

    [Theory]
    [MemberData(nameof(Laws))]
    public async Task A_part_of_a_store_keeps_the_law_and_is_cleared(string law)
    {
        string folder = GoldenSets.NewFolder("store");
        await using var sink = FileSystemSink.Open(folder, create: false);
        await sink.PutAsync(
            ObjectName.Of("users/own"), ObjectBody.Of(new byte[] { 1 }), TestContext.Current.CancellationToken);
        var outcome = await SinkConformance.Law(law)
            .RunAsync(() => SinkUnderTest.Within(sink, "conformance/probe"), TestContext.Current.CancellationToken);
        var left = new List<string>();
        await foreach (var item in sink.ListAsync("", TestContext.Current.CancellationToken))
            left.Add(item.Name.ToString());
        Assert.Equal(["users/own"], left);
        Directory.Delete(folder, recursive: true);
        Assert.SkipWhen(outcome.IsSkipped, outcome.Reason);
    }

    private static async Task KeepsAsync(string law, Func<ISinkUnderTest> store)
    {
        Assert.SkipWhen(law == "names-case" && !OperatingSystem.IsLinux(), "the file system may take capitals for small letters");
        var outcome = await SinkConformance.Law(law).RunAsync(store, TestContext.Current.CancellationToken);
        Assert.SkipWhen(outcome.IsSkipped, outcome.Reason);
    }

    private static ISinkUnderTest Store(FileSystemSinkOptions options)
    {
        string folder = GoldenSets.NewFolder("store");
        return SinkUnderTest.Of(() => FileSystemSink.Open(folder, create: true, options), () =>
        {
            // Whatever the law did, nothing half written may be left.
            string temporaries = Path.Combine(folder, ".tmp");
            if (Directory.Exists(temporaries))
                Assert.Empty(Directory.EnumerateFileSystemEntries(temporaries));
            Directory.Delete(folder, recursive: true);
            return ValueTask.CompletedTask;
        });
    }
}
