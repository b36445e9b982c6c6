using System.Diagnostics;

namespace PipelineBackup.Testing;

/// <summary>A law cannot be checked on this store or source.</summary>
/// <param name="reason">Why.</param>
internal sealed class SkippedLawException(string reason) : Exception(reason);

/// <summary>Runs the check of a law, and says of every outcome which law it broke.</summary>
internal static class Trial
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Runs a check, and ends whatever it began when its time is over.</summary>
    /// <param name="law">Name of the law.</param>
    /// <param name="options">How far it may go.</param>
    /// <param name="check">The check.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ConformanceException">The law is broken.</exception>
    public static async Task<LawOutcome> RunAsync(
        string law, ConformanceOptions options, Func<CancellationToken, Task> check, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // On a thread of its own: an implementation that blocks must not block the time limit too.
        var running = Task.Run(() => check(ending.Token), CancellationToken.None);
        try
        {
            await running.WaitAsync(options.TimeLimit, cancellationToken);
            return new(law, LawVerdict.Kept, "", Stopwatch.GetElapsedTime(started));
        }
        catch (SkippedLawException skipped)
        {
            return new(law, LawVerdict.Skipped, skipped.Message, Stopwatch.GetElapsedTime(started));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (TimeoutException failure)
        {
            throw new ConformanceException(law, "the check did not come to its end: a call hangs", failure);
        }
        catch (Exception failure) when (failure is not ConformanceException)
        {
            throw new ConformanceException(
                law, $"a call that must succeed failed with {failure.GetType().Name}: {failure.Message}", failure);
        }
        finally
        {
            // What was given up is to come to its end before its store is thrown away; what hangs is left to itself.
            await ending.CancelAsync();
            await Task.WhenAny(running, Task.Delay(s_patience, CancellationToken.None));
        }
    }
}
