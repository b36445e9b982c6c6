namespace PipelineBackup.Sinks;

/// <summary>
/// Repeats a step until it succeeds, fails for good or has been tried often enough. Only failures that call themselves
/// transient are repeated, and attempts that ran into their time limit.
/// </summary>
internal sealed class RetryLoop
{
    private readonly RetryOptions _options;
    private readonly TimeProvider _time;
    private readonly SinkMeter? _meter;
    private readonly Lock _lock = new();
    private readonly Random _random;

    public RetryLoop(RetryOptions options, TimeProvider time, SinkMeter? meter)
    {
        options.Validate();
        (_options, _time, _meter) = (options, time, meter);
        _random = new Random(options.Seed);
    }

    /// <summary>Runs a step.</summary>
    /// <param name="call">What it is, for messages.</param>
    /// <param name="timeLimit">How long an attempt may take.</param>
    /// <param name="attempt">
    /// The step. Its token ends it at the time limit; whatever it holds then it must let go.
    /// </param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask<T> RunAsync<T>(
        string call, TimeSpan timeLimit, Func<CancellationToken, ValueTask<T>> attempt,
        CancellationToken cancellationToken)
    {
        for (int failed = 1; ; failed++)
        {
            SinkException failure;
            using (var limit = new CancellationTokenSource(timeLimit, _time))
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
                try
                {
                    return await attempt(either.Token);
                }
                catch (SinkException transient) when (transient.Transient)
                {
                    failure = transient;
                }
                catch (OperationCanceledException stopped)
                    when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                {
                    // To whoever counts beneath it looks like the caller's own cancellation.
                    _meter?.CountFailure();
                    failure = new($"{call} took longer than {timeLimit}", stopped) { Transient = true };
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (failed >= _options.Attempts)
                throw GaveUp(failure, failed);
            await PauseAsync(call, failed, failure, cancellationToken);
        }
    }

    private async Task PauseAsync(string call, int failed, SinkException failure, CancellationToken cancellationToken)
    {
        // The longest pause is reached long before 62 doublings; more would come to infinity, and zero times that is no
        // number.
        double full =
            Math.Min(_options.LongestPause.Ticks, _options.FirstPause.Ticks * Math.Pow(2, Math.Min(failed - 1, 62)));
        double share;
        lock (_lock)
        {
            // Not for secrets: it only spreads the pauses.
#pragma warning disable CA5394
            share = 0.5 + (_random.NextDouble() / 2);
#pragma warning restore CA5394
        }

        // Whole milliseconds, as delays have them.
        double wait = full * share;
        // What the store asked for, within reason: a store that asks for a day is not waited for.
        if (failure.RetryAfter is { } asked)
            wait = Math.Max(wait, Math.Min(asked.Ticks, _options.LongestPause.Ticks));
        var pause = TimeSpan.FromMilliseconds(Math.Ceiling(wait / TimeSpan.TicksPerMillisecond));
        _meter?.CountRetry();
        _options.OnRetry?.Invoke(new(call, failed, pause, failure));
        await Task.Delay(pause, _time, cancellationToken);
    }

    private static SinkException GaveUp(SinkException failure, int attempts) => attempts == 1 ? failure
        : new($"{failure.Message} (gave up after {attempts} attempts)", failure)
        {
            Failure = failure.Failure,
            Transient = failure.Transient,
            RetryAfter = failure.RetryAfter,
            Error = failure.Error,
            Hint = failure.Hint,
            ExitCode = failure.ExitCode,
        };
}
