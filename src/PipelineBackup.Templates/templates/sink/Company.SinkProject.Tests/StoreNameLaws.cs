using PipelineBackup.Testing;

namespace Company.SinkProject.Tests;

/// <summary>The sink keeps all laws of a sink, each on a store of its own.</summary>
public class StoreNameLaws
{
    public static TheoryData<string> Laws => [.. SinkConformance.Laws.Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public Task Keeps_the_law(string law) =>
        SinkConformance.Law(law).RunAsync(NewStore, TestContext.Current.CancellationToken);

    private static ISinkUnderTest NewStore()
    {
        var options = new StoreNameSinkOptions { Folder = Directory.CreateTempSubdirectory("store-scheme-").FullName };
        return SinkUnderTest.Of(() => StoreNameSink.Open(options, create: true), () =>
        {
            Directory.Delete(options.Folder, recursive: true);
            return ValueTask.CompletedTask;
        });
    }
}
