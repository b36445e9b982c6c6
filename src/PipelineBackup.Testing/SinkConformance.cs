namespace PipelineBackup.Testing;

/// <summary>The laws of <see cref="IBackupSink"/> as checks, for any test framework.</summary>
/// <remarks>
/// With xunit:
/// <code>
/// public static TheoryData&lt;string&gt; Laws => [.. SinkConformance.Laws.Select(law => law.Name)];
///
/// [Theory, MemberData(nameof(Laws))]
/// public Task Keeps_the_law(string law) => SinkConformance.Law(law).RunAsync(() => new MyStore(),
/// CancellationToken.None);
/// </code>
/// What no test can show is left to the sink's author: that an object survives a power cut once <c>PutAsync</c>
/// returned.
/// </remarks>
public static class SinkConformance
{
    /// <summary>All laws.</summary>
    public static IReadOnlyList<SinkLaw> Laws { get; } =
    [
        .. WritingLaws.All, .. ReadingLaws.All, .. ListingLaws.All, .. DeletingLaws.All, .. CancellingLaws.All,
        .. SharingLaws.All,
    ];

    /// <summary>The law of a name.</summary>
    /// <param name="name">Its <see cref="SinkLaw.Name"/>.</param>
    /// <exception cref="ArgumentException">There is no such law.</exception>
    public static SinkLaw Law(string name) => Laws.FirstOrDefault(law => law.Name == name)
        ?? throw new ArgumentException($"there is no law '{name}'", nameof(name));
}
