using PipelineBackup.Testing;

namespace PipelineBackup.Tests.Sources;

/// <summary>Files at rest keep every law of a source.</summary>
public class FileSetConformanceTests
{
    public static TheoryData<string> Laws => [.. SourceConformance.Laws.Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public async Task A_dirty_set_keeps_the_law(string law) => await SourceConformance.Law(law).RunAsync(
        () => SourceUnderTest.Of(new FileSetSource(new() { Path = Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files") }), isAtRest: true),
        TestContext.Current.CancellationToken);
}
