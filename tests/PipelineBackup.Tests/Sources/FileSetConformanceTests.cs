namespace PipelineBackup.Tests.Sources;

/// <summary>Files at rest keep every law of a source.</summary>
public class FileSetConformanceTests
{
    public static TheoryData<string> Laws => [.. SourceConformance.Laws.Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public async Task Files_at_rest_keep_the_law(string law)
    {
        foreach (string folder in new[] { "clean-4096/files", "dirty-basic-4096/files", "extbackup-4096/backup", "jetbackup-4096/backup/old" })
        {
            string[] parts = folder.Split('/', 2);
            var source = new FileSetSource(new() { Path = Path.Combine(GoldenSets.Small(parts[0]), parts[1]) });
            var outcome = await SourceConformance.Law(law).RunAsync(() => SourceUnderTest.Of(source, isAtRest: true), TestContext.Current.CancellationToken);
            Assert.Equal(LawVerdict.Kept, outcome.Verdict);
        }
    }
}
