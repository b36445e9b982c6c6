using PipelineBackup.Sinks;
using PipelineBackup.Testing;

namespace PipelineBackup.Tests.Sinks;

public sealed class DecoratedSinkConformance
{
    public static TheoryData<string> Laws =>
        [.. SinkConformance.Laws.Where(law => law.Needs == LawNeed.Store).Select(law => law.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public async Task All_decorators_together_keep_the_law(string law)
    {
        var store = new MemorySink();
        var outcome = await SinkConformance.Law(law).RunAsync(
            () => SinkUnderTest.Of(() =>
            {
                var meter = new SinkMeter("memory");
                var limit = new RateLimit(1L << 40);
                return new ThrottledSink(
                    new RetryingSink(new MeteredSink(store.Reopen(), meter), meter: meter), limit, limit);
            }),
            TestContext.Current.CancellationToken);
        Assert.SkipWhen(outcome.IsSkipped, outcome.Reason);
    }

    // Not "created-once": that law puts the same content again, and after a failure nobody can tell the same content of
    // another from one's own. Whoever must know that a name is his puts something of his own into the object.
    [Theory]
    [InlineData("read-back")]
    [InlineData("one-winner")]
    [InlineData("ranges")]
    [InlineData("list-order")]
    [InlineData("delete-one")]
    [InlineData("side-by-side")]
    public async Task Retried_faults_do_not_show(string law)
    {
        int seeds = int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), out int more) ? more : 8;
        var options = new RetryOptions { FirstPause = TimeSpan.Zero, LongestPause = TimeSpan.Zero, Attempts = 30 };
        for (int seed = 0; seed < seeds; seed++)
        {
            var store = new MemorySink();
            int current = seed;
            try
            {
                await SinkConformance.Law(law).RunAsync(
                    () => SinkUnderTest.Of(() => new RetryingSink(FaultySink.Seeded(store.Reopen(), current, 20, 40),
                        options)),
                    TestContext.Current.CancellationToken);
            }
            catch (ConformanceException broken)
            {
                Assert.Fail($"seed {seed}: {broken}");
            }
        }
    }
}
