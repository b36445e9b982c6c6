using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

public sealed class SinkConformanceTests
{
    public static TheoryData<string> Laws => [.. SinkConformance.Laws.Select(law => law.Name)];

    public static TheoryData<string, string> AllCrimes
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (law, crime) in Crimes.All.Keys)
                data.Add(law, crime);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public Task The_memory_sink_keeps_the_law(string law)
    {
        var store = new MemorySink();
        return SinkConformance.Law(law)
            .RunAsync(() => SinkUnderTest.Of(() => store.Reopen()), TestContext.Current.CancellationToken);
    }

    [Theory]
    [MemberData(nameof(AllCrimes))]
    public async Task A_sink_that_breaks_the_law_is_caught_by_it(string law, string crime)
    {
        var store = new MemorySink();
        var open = Crimes.All[(law, crime)];
        var caught = await Assert.ThrowsAsync<ConformanceException>(() => SinkConformance.Law(law)
            .RunAsync(() => SinkUnderTest.Of(() => open(store)), TestContext.Current.CancellationToken));
        Assert.Equal(law, caught.Law);
        Assert.StartsWith($"law '{law}': ", caught.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_law_has_a_sink_that_breaks_it() =>
        Assert.Equal(
            SinkConformance.Laws.Select(law => law.Name).Order(),
            Crimes.All.Keys.Select(key => key.Law).Distinct().Order());

    [Fact]
    public async Task A_sink_that_hangs_is_told_from_one_that_is_slow()
    {
        var store = new MemorySink();
        var hanging = new FaultySink(store, [PlannedFault.Hang(SinkCall.Put, 1)]);
        var caught =
            await Assert.ThrowsAsync<ConformanceException>(() => SinkConformance.Law("delete-missing").RunAsync(
            () => SinkUnderTest.Of(() => hanging), TestContext.Current.CancellationToken,
                new() { TimeLimit = TimeSpan.FromMilliseconds(200) }));
        Assert.Contains("hangs", caught.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_caller_can_cancel_a_check()
    {
        using var cancel = new CancellationTokenSource();
        var hanging = new FaultySink(new MemorySink(), [PlannedFault.Hang(SinkCall.Put, 1)]);
        var check = SinkConformance.Law("ranges").RunAsync(() => SinkUnderTest.Of(() => hanging), cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check);
    }

    [Fact]
    public void An_unknown_law_is_an_error() => Assert.Throws<ArgumentException>(() => SinkConformance.Law("finders-keepers"));
}
