using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

public sealed class SourceConformanceTests
{
    private static readonly (string Law, Misdeeds Crime)[] s_crimes =
    [
        ("stamp", Misdeeds.NoStampedDatabases), ("files", Misdeeds.PathInName), ("log-order", Misdeeds.LogGap),
        ("whole-files", Misdeeds.LosesTail), ("whole-files", Misdeeds.HalfReads), ("whole-files",
        Misdeeds.EndlessAtEnd),
        ("same-bytes", Misdeeds.BytesDependOnBuffer), ("one-open-file", Misdeeds.ManyOpenFiles),
        ("one-open-file", Misdeeds.RefusesWithoutNumber), ("reread", Misdeeds.WrongReread), ("read-cancelled",
        Misdeeds.IgnoresToken),
        ("databases-first", Misdeeds.LogsEarly), ("databases-first", Misdeeds.CompletesEarly),
        ("databases-end-once", Misdeeds.EndsTwice), ("databases-end-once", Misdeeds.DatabasesLate), ("closed-first",
        Misdeeds.EndsWhileOpen),
        ("nothing-after-completion", Misdeeds.WorksAfterCompletion), ("only-its-files", Misdeeds.OpensAnything),
        ("abort", Misdeeds.AbortLeavesItLocked), ("abort", Misdeeds.AbortTruncates), ("again",
        Misdeeds.CompletionLeavesItLocked),
        ("two-sessions", Misdeeds.SecondSessionThrowsWhatItLikes), ("begin-cancelled", Misdeeds.BeginIgnoresToken),
        ("begin-cancelled", Misdeeds.BeginCancelledLeavesItLocked), ("copy-keeps-logs", Misdeeds.CopyTruncates),
        ("truncatable", Misdeeds.TruncatesNeeded),
    ];

    public static TheoryData<string> Laws => [.. SourceConformance.Laws.Select(law => law.Name)];

    public static TheoryData<string, string> Crimes
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (law, crime) in s_crimes)
                data.Add(law, crime.ToString());
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public Task The_memory_source_keeps_the_law(string law) => SourceConformance.Law(law).RunAsync(
        () => SourceUnderTest.Of(new MemorySource(), isAtRest: true), TestContext.Current.CancellationToken);

    [Theory]
    [MemberData(nameof(Crimes))]
    public async Task A_source_that_breaks_the_law_is_caught_by_it(string law, string crime)
    {
        var caught = await Assert.ThrowsAsync<ConformanceException>(() => SourceConformance.Law(law).RunAsync(
            () => SourceUnderTest.Of(new MemorySource(Enum.Parse<Misdeeds>(crime)), isAtRest: true),
            TestContext.Current.CancellationToken));
        Assert.Equal(law, caught.Law);
    }

    [Fact]
    public void Every_law_has_a_source_that_breaks_it() =>
        Assert.Equal(
            SourceConformance.Laws.Select(law => law.Name).Order(),
            s_crimes.Select(crime => crime.Law).Distinct().Order());

    [Fact]
    public void An_unknown_law_is_an_error() => Assert.Throws<ArgumentException>(() => SourceConformance.Law("finders-keepers"));
}
