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
    /// <param name="timeLimit">How long a check may take before a call counts as hanging. Default: three minutes.</param>
    /// <exception cref="ConformanceException">The sink breaks the law.</exception>
    public async Task RunAsync(
        Func<ISinkUnderTest> fresh, CancellationToken cancellationToken, TimeSpan? timeLimit = null)
    {
        ArgumentNullException.ThrowIfNull(fresh);
        await using var store = fresh();
        await using var trial = new SinkTrial(Name, store, cancellationToken);
        try
        {
            // On a thread of its own: a sink that blocks must not block the time limit too.
            await Task.Run(() => _check(trial), cancellationToken)
                .WaitAsync(timeLimit ?? TimeSpan.FromMinutes(3), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (TimeoutException failure)
        {
            throw new ConformanceException(Name, "the check did not come to its end: a call hangs", failure);
        }
        catch (Exception failure) when (failure is not ConformanceException)
        {
            throw new ConformanceException(
                Name, $"a call that must succeed failed with {failure.GetType().Name}: {failure.Message}", failure);
        }
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
