namespace PipelineBackup.Testing.Tests.Samples;

/// <summary>The sample of the document on writing a sink keeps the laws, and the document lists all of them.</summary>
public class ServiceSinkTests
{
    public static TheoryData<string> Laws => [.. SinkConformance.Laws.Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public Task Keeps_the_law(string law) =>
        SinkConformance.Law(law).RunAsync(NewStore, TestContext.Current.CancellationToken);

    private static ISinkUnderTest NewStore()
    {
        var service = new ServiceInMemory();
        return SinkUnderTest.Of(() => new ServiceSink(service));
    }

    [Theory]
    [InlineData(403, SinkFailure.AccessDenied, false)]
    [InlineData(404, SinkFailure.Other, false)]
    [InlineData(429, SinkFailure.Other, true)]
    [InlineData(503, SinkFailure.Other, true)]
    [InlineData(507, SinkFailure.Full, false)]
    public async Task A_refusal_is_told_by_what_can_be_done(int status, SinkFailure failure, bool transient)
    {
        await using var sink = new ServiceSink(new ServiceInMemory { Refusal = status });
        var told = await Assert.ThrowsAsync<SinkException>(
            () => sink.PutAsync(ObjectName.Of("a"), ObjectBody.Of(new byte[1]), CancellationToken.None).AsTask());
        Assert.Equal((failure, transient), (told.Failure, told.Transient));
    }

    [Fact]
    public async Task How_long_to_wait_is_passed_on()
    {
        var service = new ServiceInMemory { Refusal = 429, RetryAfter = TimeSpan.FromSeconds(7) };
        await using var sink = new ServiceSink(service);
        var told = await Assert.ThrowsAsync<SinkException>(
            () => sink.DeleteAsync(ObjectName.Of("a"), CancellationToken.None).AsTask());
        Assert.Equal(TimeSpan.FromSeconds(7), told.RetryAfter);
    }

    [Fact]
    public async Task A_promise_to_retain_is_refused_and_not_dropped()
    {
        await using var sink = new ServiceSink(new ServiceInMemory());
        var body = ObjectBody.Of(new byte[1]);
        await Assert.ThrowsAsync<SinkException>(() => sink.PutAsync(
            ObjectName.Of("a"),
            new(body.Content, body.Sha256, body.Crc32C) { RetainUntil = DateTimeOffset.MaxValue },
            CancellationToken.None).AsTask());
    }

    [Fact]
    public void The_document_lists_every_law()
    {
        string text = File.ReadAllText(Path.Combine(GoldenSets.ProjectRoot, "docs", "writing-a-sink.md"));
        foreach (var law in SinkConformance.Laws)
            Assert.Contains($"| `{law.Name}` | {law.Sentence} |", text, StringComparison.Ordinal);
    }
}
