namespace PipelineBackup.Testing;

/// <summary>One law of <see cref="IBackupSink"/>, and how it is checked.</summary>
public sealed class SinkLaw
{
    private readonly Func<SinkTrial, Task> _check;

    internal SinkLaw(string name, string sentence, Func<SinkTrial, Task> check) =>
        (Name, Sentence, _check) = (name, sentence, check);

    /// <summary>Its name, for instance <c>created-once</c>.</summary>
    public string Name { get; }

    /// <summary>What it demands, one sentence.</summary>
    public string Sentence { get; }

    /// <summary>Checks a sink.</summary>
    /// <param name="fresh">Gives an empty store; disposed at the end.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <param name="timeLimit">
    /// How long a check may take before a call counts as hanging. Default: three minutes.
    /// </param>
    /// <exception cref="ConformanceException">The sink breaks the law.</exception>
    public async Task RunAsync(
        Func<ISinkUnderTest> fresh, CancellationToken cancellationToken, TimeSpan? timeLimit = null)
    {
        ArgumentNullException.ThrowIfNull(fresh);
        await using var store = fresh();
        await using var trial = new SinkTrial(Name, store, cancellationToken);
        await Trial.RunAsync(Name, () => _check(trial), timeLimit, cancellationToken);
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
