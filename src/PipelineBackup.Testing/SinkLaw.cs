using System.Diagnostics;

namespace PipelineBackup.Testing;

/// <summary>What the check of a law needs beside the store.</summary>
public enum LawNeed
{
    /// <summary>Nothing.</summary>
    Store,

    /// <summary>A line of its own to the store's server: <see cref="IServerUnderTest"/>.</summary>
    Server,

    /// <summary>Somebody who may not: <see cref="ICredentialsUnderTest"/>.</summary>
    Credentials,
}

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

    /// <summary>What its check needs beside the store; without that it is skipped.</summary>
    public LawNeed Needs { get; internal init; }

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
        if (Needs == LawNeed.Server && store is not IServerUnderTest)
            return Skipped($"the store under test does not offer its server ({nameof(IServerUnderTest)})");
        if (Needs == LawNeed.Credentials && store is not ICredentialsUnderTest)
            return Skipped($"the store under test offers no wrong credentials ({nameof(ICredentialsUnderTest)})");
        return await Trial.RunAsync(Name, options, async token =>
        {
            await using var trial = new SinkTrial(Name, store, token);
            await _check(trial);
        }, cancellationToken);
    }

    /// <summary>Checks a sink and tells also of a broken law, instead of failing.</summary>
    /// <param name="fresh">Gives an empty store; disposed at the end.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <param name="options">How far to go; null for the defaults.</param>
    public async Task<LawOutcome> JudgeAsync(
        Func<ISinkUnderTest> fresh, CancellationToken cancellationToken, ConformanceOptions? options = null)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            return await RunAsync(fresh, cancellationToken, options);
        }
        catch (ConformanceException broken)
        {
            return Broken(broken.Seen);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            return Broken($"what the check has put could not be thrown away: {failure.Message}");
        }

        LawOutcome Broken(string seen) => new(Name, LawVerdict.Broken, seen, Stopwatch.GetElapsedTime(started));
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private LawOutcome Skipped(string reason) => new(Name, LawVerdict.Skipped, reason, TimeSpan.Zero);
}
