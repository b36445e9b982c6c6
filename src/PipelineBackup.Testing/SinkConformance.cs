using System.Runtime.CompilerServices;

namespace PipelineBackup.Testing;

/// <summary>The laws of <see cref="IBackupSink"/> as checks, for any test framework.</summary>
/// <remarks>
/// With xunit:
/// <code>
/// public static TheoryData&lt;string&gt; Laws => [.. SinkConformance.Laws.Select(law => law.Name)];
///
/// [Theory, MemberData(nameof(Laws))]
/// public async Task Keeps_the_law(string law)
/// {
///     var outcome = await SinkConformance.Law(law).RunAsync(() => new MyStore(), CancellationToken.None);
///     Assert.SkipWhen(outcome.IsSkipped, outcome.Reason);
/// }
/// </code>
/// With NUnit:
/// <code>
/// [TestCaseSource(typeof(SinkConformance), nameof(SinkConformance.Laws))]
/// public async Task Keeps(SinkLaw law)
/// {
///     var outcome = await law.RunAsync(() => new MyStore(), CancellationToken.None);
///     if (outcome.IsSkipped)
///         Assert.Ignore(outcome.Reason);
/// }
/// </code>
/// A store under test that is an <see cref="IServerUnderTest"/> or <see cref="ICredentialsUnderTest"/> too is checked for
/// more. What no test can show is left to the sink's author: that an object survives a power cut once <c>PutAsync</c>
/// returned.
/// </remarks>
public static class SinkConformance
{
    /// <summary>All laws.</summary>
    public static IReadOnlyList<SinkLaw> Laws { get; } =
    [
        .. ContentLaws.All, .. WholeLaws.All, .. CreatingLaws.All, .. MemoryLaws.All, .. NameLaws.All,
        .. RangeLaws.All, .. StreamLaws.All, .. ListingLaws.All, .. PagingLaws.All, .. DeletingLaws.All,
        .. CancellingLaws.All, .. StepwiseLaws.All, .. SharingLaws.All, .. TraitLaws.All,
        .. LineLaws.All, .. RequestLaws.All, .. CredentialLaws.All,
    ];

    /// <summary>The law of a name.</summary>
    /// <param name="name">Its <see cref="SinkLaw.Name"/>.</param>
    /// <exception cref="ArgumentException">There is no such law.</exception>
    public static SinkLaw Law(string name) => Laws.FirstOrDefault(law => law.Name == name)
        ?? throw new ArgumentException($"there is no law '{name}'", nameof(name));

    /// <summary>Checks all laws, one after the other, and tells of each what came of it; a broken one fails nothing.</summary>
    /// <param name="fresh">Gives an empty store for each law; disposed at its end.</param>
    /// <param name="cancellationToken">Ends the checks.</param>
    /// <param name="options">How far to go; null for the defaults.</param>
    public static async IAsyncEnumerable<LawOutcome> RunAsync(
        Func<ISinkUnderTest> fresh, [EnumeratorCancellation] CancellationToken cancellationToken,
        ConformanceOptions? options = null)
    {
        foreach (var law in Laws)
            yield return await law.JudgeAsync(fresh, cancellationToken, options);
    }
}
