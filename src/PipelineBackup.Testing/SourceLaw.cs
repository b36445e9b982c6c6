namespace PipelineBackup.Testing;

/// <summary>One law of <see cref="IBackupSource"/> and its sessions, and how it is checked.</summary>
public sealed class SourceLaw
{
    private readonly Func<SourceTrial, Task> _check;

    internal SourceLaw(string name, string sentence, Func<SourceTrial, Task> check) =>
        (Name, Sentence, _check) = (name, sentence, check);

    /// <summary>Its name, for instance <c>one-open-file</c>.</summary>
    public string Name { get; }

    /// <summary>What it demands, one sentence.</summary>
    public string Sentence { get; }

    /// <summary>Checks a source.</summary>
    /// <param name="fresh">Gives a source with at least one database; disposed at the end.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <param name="options">How far to go; null for the defaults.</param>
    /// <returns>That the law is kept, or why it was skipped: a test should say so.</returns>
    /// <exception cref="ConformanceException">The source breaks the law.</exception>
    public async Task<LawOutcome> RunAsync(
        Func<ISourceUnderTest> fresh, CancellationToken cancellationToken, ConformanceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(fresh);
        await using var source = fresh();
        return await Trial.RunAsync(
            Name, options ?? new(), token => _check(new(Name, source, token)), cancellationToken);
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
