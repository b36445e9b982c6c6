namespace PipelineBackup.Sinks;

/// <summary>
/// Opens a store. What is asked of it then is repeated like every later call when it fails transiently: a store that is
/// busy for a moment must not end a backup before it began.
/// </summary>
public static class StoreOpening
{
    /// <summary>Opens a store.</summary>
    /// <param name="what">What is opened, for messages; never with credentials.</param>
    /// <param name="open">
    /// Opens it, on a thread of the pool. It is called once for each attempt, and bounds its own time: it cannot be called
    /// off.
    /// </param>
    /// <param name="options">How often and how patiently; null for the defaults.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="cancellationToken">Ends the pauses between attempts.</param>
    /// <returns>What the last attempt gave.</returns>
    /// <exception cref="SinkException">It failed for good, or too often.</exception>
    public static async Task<T> RunAsync<T>(
        string what, Func<T> open, RetryOptions? options = null, TimeProvider? time = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(open);
        options ??= new();
        var loop = new RetryLoop(options, time ?? TimeProvider.System, meter: null);
        return await loop.RunAsync(
            $"open {what}", options.PutTimeLimit, async token => await Task.Run(open, token).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);
    }
}
