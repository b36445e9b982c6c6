namespace PipelineBackup.Testing.Tests.Samples;

/// <summary>
/// The sample of the document on writing a source keeps the laws, and the document lists all of them.
/// </summary>
public class InstanceSourceTests
{
    public static TheoryData<string> Laws => [.. SourceConformance.Laws.Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public Task Keeps_the_law(string law) => SourceConformance.Law(law).RunAsync(
        () => SourceUnderTest.Of(new InstanceSource(new InstanceInMemory()), isAtRest: false),
        TestContext.Current.CancellationToken);

    [Fact]
    public async Task An_incremental_backup_takes_the_logs_behind_its_parent()
    {
        var source = new InstanceSource(new InstanceInMemory());
        var request = new BackupRequest
        {
            Kind = BackupKind.Incremental,
            Parent = new() { LogSignature = new string('c', 56), LastGeneration = 6 },
        };
        await using var session = await source.BeginAsync(request, TestContext.Current.CancellationToken);
        Assert.Empty(session.Databases);
        var logs = await session.EndDatabasesAsync(TestContext.Current.CancellationToken);
        Assert.Equal([7, 8], logs.Select(log => log.Generation));
    }

    [Fact]
    public async Task A_backup_on_other_logs_is_refused_and_leaves_nothing_behind()
    {
        var source = new InstanceSource(new InstanceInMemory());
        var request = new BackupRequest
        {
            Kind = BackupKind.Incremental,
            Parent = new() { LogSignature = new string('d', 56), LastGeneration = 6 },
        };
        var refused = await Assert.ThrowsAsync<SourceException>(
            () => source.BeginAsync(request, TestContext.Current.CancellationToken).AsTask());
        Assert.Equal((JetError.MissingFullBackup, ExitCode.Refused), (refused.Error, refused.ExitCode));
        await using var next = await source.BeginAsync(new(), TestContext.Current.CancellationToken);
        Assert.Equal(2, next.Databases.Count);
    }

    [Fact]
    public void The_document_lists_every_law()
    {
        string text = File.ReadAllText(Path.Combine(GoldenSets.ProjectRoot, "docs", "writing-a-source.md"));
        foreach (var law in SourceConformance.Laws)
            Assert.Contains($"| `{law.Name}` | {law.Sentence} |", text, StringComparison.Ordinal);
    }
}
