namespace PipelineBackup.Testing;

/// <summary>Runs the check of a law, and says of every outcome which law it broke.</summary>
internal static class Trial
{
    public static async Task RunAsync(
        string law, Func<Task> check, TimeSpan? timeLimit, CancellationToken cancellationToken)
    {
        try
        {
            // On a thread of its own: an implementation that blocks must not block the time limit too.
            await Task.Run(check, cancellationToken).WaitAsync(timeLimit ?? TimeSpan.FromMinutes(3), cancellationToken);
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
    }
}
