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

    /// <summary>Length of the longest object that its check puts, in bytes.</summary>
    public long LongestObject { get; internal init; } = 4L << 20;

    /// <summary>How many objects its check puts, about.</summary>
    public int MostObjects { get; internal init; } = 100;

    /// <summary>Checks a sink.</summary>
    /// <param name="fresh">Gives an empty store; disposed at the end.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <param name="options">How far to go; null for the defaults.</param>
    /// <returns>That the law is kept, or why it was skipped: a test should say so.</returns>
    /// <exception cref="ConformanceException">The sink breaks the law.</exception>
    public async Task<LawOutcome> RunAsync(
        Func<ISinkUnderTest> fresh, CancellationToken cancellationToken, ConformanceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(fresh);
        options ??= new();
        if (LongestObject > options.LongestObject)
            return Skipped($"it puts an object of {LongestObject} bytes, and {options.LongestObject} are allowed");
        if (MostObjects > options.MostObjects)
            return Skipped($"it puts {MostObjects} objects, and {options.MostObjects} are allowed");
        await using var store = fresh();
        return await Trial.RunAsync(Name, options, async token =>
        {
            await using var trial = new SinkTrial(Name, store, token);
            await _check(trial);
        }, cancellationToken);
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private LawOutcome Skipped(string reason) => new(Name, LawVerdict.Skipped, reason, TimeSpan.Zero);
}
