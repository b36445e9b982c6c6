namespace PipelineBackup.Testing;

/// <summary>
/// The laws of <see cref="IBackupSource"/> and <see cref="IBackupSession"/> as checks, for any test framework.
/// </summary>
/// <remarks>Used as <see cref="SinkConformance"/> is. What the bytes mean is not looked at, only in which order they
/// come.</remarks>
public static class SourceConformance
{
    /// <summary>All laws.</summary>
    public static IReadOnlyList<SourceLaw> Laws { get; } =
        [.. StampLaws.All, .. FileLaws.All, .. SequenceLaws.All, .. EndLaws.All];

    /// <summary>The law of a name.</summary>
    /// <param name="name">Its <see cref="SourceLaw.Name"/>.</param>
    /// <exception cref="ArgumentException">There is no such law.</exception>
    public static SourceLaw Law(string name) => Laws.FirstOrDefault(law => law.Name == name)
        ?? throw new ArgumentException($"there is no law '{name}'", nameof(name));
}
