using System.Collections.Concurrent;
using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

public sealed class SinkConformanceTests
{
    public static TheoryData<string> Laws =>
        [.. SinkConformance.Laws.Where(law => law.Needs == LawNeed.Store).Select(law => law.Name)];

    public static TheoryData<string> AllCrimes => [.. Crime.All.Select(crime => crime.Name)];

    [Theory]
    [MemberData(nameof(Laws))]
    public async Task The_memory_sink_keeps_the_law(string law)
    {
        var store = new MemorySink();
        var outcome = await SinkConformance.Law(law)
            .RunAsync(() => SinkUnderTest.Of(() => store.Reopen()), TestContext.Current.CancellationToken);
        Assert.SkipWhen(outcome.IsSkipped, outcome.Reason);
    }

    [Theory]
    [MemberData(nameof(AllCrimes))]
    public async Task A_crime_is_caught_by_exactly_the_laws_it_breaks(string name)
    {
        var crime = Crime.All.Single(crime => crime.Name == name);
        string[] expected = [.. Verdicts.Of(name)];
        // Long objects only for those that care.
        var options = new ConformanceOptions { LongestObject = 4 << 20, TimeLimit = TimeSpan.FromSeconds(20) };
        var laws = SinkConformance.Laws.Where(law =>
            law.Needs == LawNeed.Store && (law.LongestObject <= options.LongestObject || expected.Contains(law.Name)));
        var caught = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(laws, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (law, _) =>
        {
            if (await CaughtAsync(law, crime, options with { LongestObject = law.LongestObject }))
                caught.Add(law.Name);
        });
        Assert.Equal(string.Join(", ", expected.Order()), string.Join(", ", caught.Except(Verdicts.PerhapsOf(name)).Order()));
    }

    private static async Task<bool> CaughtAsync(SinkLaw law, Crime crime, ConformanceOptions options)
    {
        var store = new MemorySink();
        try
        {
            await law.RunAsync(() => SinkUnderTest.Of(() => crime.Open(store)), TestContext.Current.CancellationToken, options);
            return false;
        }
        catch (ConformanceException caught)
        {
            Assert.Equal(law.Name, caught.Law);
            Assert.Equal($"law '{law.Name}': {caught.Seen}", caught.Message);
            return true;
        }
    }

    [Fact]
    public void Every_law_has_a_crime_that_breaks_it() =>
        Assert.Empty(SinkConformance.Laws.Where(law => law.Needs == LawNeed.Store).Select(law => law.Name)
            .Except(Crime.All.SelectMany(crime => Verdicts.Of(crime.Name))));

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
