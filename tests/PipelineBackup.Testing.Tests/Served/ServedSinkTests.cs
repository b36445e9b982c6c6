using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests.Served;

/// <summary>The laws that need a server, on one that keeps them and on those that break them.</summary>
public sealed class ServedSinkTests
{
    private const string WrongKey = "open-barley";

    private static readonly (Misdeeds Misdeed, string Laws)[] s_verdicts =
    [
        (Misdeeds.TakesSilenceForRefusal, "unreachable"),
        (Misdeeds.ThrowsWhatItGot, "unreachable cut-put lost-answer cut-read cut-list cut-delete works-again"),
        (Misdeeds.GivesUpAtOnce, "unreachable cut-put lost-answer cut-read cut-list cut-delete works-again"),
        (Misdeeds.IsDeaf, "silent-server"),
        (Misdeeds.KeepsHalves, "cut-put"),
        (Misdeeds.TrustsInPuts, "unreachable cut-put lost-answer works-again"),
        (Misdeeds.TrustsInDeletes, "unreachable cut-delete"),
        (Misdeeds.EndsStreamsEarly, "cut-read"),
        (Misdeeds.EndsListsEarly, "cut-list"),
        (Misdeeds.BearsGrudges, "cut-put lost-answer cut-list cut-delete works-again"),
        (Misdeeds.AsksBeforePuts, "requests-put"),
        (Misdeeds.AsksForEveryPart, "requests-put-pack"),
        (Misdeeds.AsksBeforeReads, "requests-read"),
        (Misdeeds.ShortPages, "requests-list requests-list-after"),
        (Misdeeds.TurnsBack, "requests-list-after"),
        (Misdeeds.AsksAroundDeletes, "requests-delete"),
        (Misdeeds.TakesRefusalForNothing, "wrong-credentials"),
        (Misdeeds.HopesAfterRefusal, "wrong-credentials"),
        (Misdeeds.TellsItsKey, "secrets-untold"),
    ];

    public static TheoryData<string> AllLaws => [.. SinkConformance.Laws.Select(law => law.Name)];

    public static TheoryData<string> AllMisdeeds => [.. s_verdicts.Select(verdict => verdict.Misdeed.ToString())];

    private static IEnumerable<SinkLaw> LawsOfServers => SinkConformance.Laws.Where(law => law.Needs != LawNeed.Store);

    [Theory]
    [MemberData(nameof(AllLaws))]
    public async Task A_store_behind_HTTP_keeps_the_law(string law)
    {
        await using var store = await HttpStore.StartAsync(Misdeeds.None);
        var outcome = await SinkConformance.Law(law).RunAsync(() => Served(store, Misdeeds.None), TestContext.Current.CancellationToken);
        Assert.SkipWhen(outcome.IsSkipped, outcome.Reason);
    }

    [Theory]
    [MemberData(nameof(AllMisdeeds))]
    public async Task A_misdeed_is_caught_by_exactly_the_laws_it_breaks(string name)
    {
        var (misdeed, laws) = s_verdicts.Single(verdict => verdict.Misdeed.ToString() == name);
        var broken = (await Task.WhenAll(LawsOfServers.Select(law => CaughtAsync(law, misdeed)))).OfType<ConformanceException>().ToList();
        Assert.True(
            broken.Select(one => one.Law).SequenceEqual(laws.Split(' ')),
            $"expected {laws}, and there are:\n{string.Join('\n', broken.Select(one => one.Message))}");
    }

    [Fact]
    public void Every_law_of_a_server_has_a_misdeed_that_breaks_it() => Assert.Empty(
        LawsOfServers.Select(law => law.Name).Except(s_verdicts.SelectMany(verdict => verdict.Laws.Split(' '))));

    [Fact]
    public async Task Without_a_server_its_laws_are_skipped_and_say_why()
    {
        foreach (var law in LawsOfServers)
        {
            var outcome = await law.RunAsync(() => SinkUnderTest.Of(() => new MemorySink()), TestContext.Current.CancellationToken);
            Assert.Equal(LawVerdict.Skipped, outcome.Verdict);
            Assert.Contains("UnderTest", outcome.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task On_a_secured_line_nothing_is_counted_or_cut()
    {
        var secured = SinkUnderTest.OfServer(new("https://127.0.0.1:1/"), (_, _) => new(new MemorySink()));
        var outcome = await SinkConformance.Law("cut-put").RunAsync(() => secured, TestContext.Current.CancellationToken);
        Assert.True(outcome.IsSkipped);
        Assert.Contains("TLS", outcome.Reason, StringComparison.Ordinal);
    }

    private static async Task<ConformanceException?> CaughtAsync(SinkLaw law, Misdeeds misdeeds)
    {
        await using var store = await HttpStore.StartAsync(misdeeds);
        // A deaf sink is given less time than it would take.
        var options = new ConformanceOptions { TimeLimit = TimeSpan.FromSeconds(misdeeds == Misdeeds.IsDeaf ? 8 : 30) };
        try
        {
            await law.RunAsync(() => Served(store, misdeeds), TestContext.Current.CancellationToken, options);
            return null;
        }
        catch (ConformanceException broken)
        {
            return broken;
        }
    }

    private static IServerUnderTest Served(HttpStore store, Misdeeds misdeeds) => SinkUnderTest.OfServer(
        store.Address, (server, _) => new(new HttpSink(server, HttpStore.Key, misdeeds)),
        WrongKey, _ => new(new HttpSink(store.Address, WrongKey, misdeeds)));
}
