using Microsoft.Extensions.Logging;

namespace PipelineBackup.Cli;

/// <summary>
/// One run of a command: where it writes and in which form. Also the logger of the operations it starts.
/// </summary>
/// <param name="terminal">Where to write.</param>
/// <param name="json">Whether every line of the output is a JSON object.</param>
/// <param name="verbose">Whether to tell what is done, and where a failure came from.</param>
internal sealed class Invocation(Terminal terminal, bool json, bool verbose) : ILogger
{
    // Failures and cancellation: the command tells them itself, with their hint, at its end.
    private static readonly HashSet<int> s_toldAtTheEnd = [214, 215, 219, 454];

    private readonly Lock _lock = new();
    private Action? _clear;

    /// <summary>Where to write.</summary>
    public Terminal Terminal => terminal;

    /// <summary>Whether every line of the output is a JSON object.</summary>
    public bool Json => json;

    /// <summary>Whether to tell what is done, and where a failure came from.</summary>
    public bool Verbose => verbose;

    /// <summary>Begins a progress display; disposing it takes the line away.</summary>
    /// <param name="verb">What is done, for instance <c>backup</c>.</param>
    public ProgressLine StartProgress(string verb)
    {
        var line = new ProgressLine(this, verb, _lock);
        _clear = line.Clear;
        return line;
    }

    /// <summary>Writes a message for people.</summary>
    /// <param name="text">One line.</param>
    public void Tell(string text)
    {
        lock (_lock)
        {
            _clear?.Invoke();
            terminal.Error.WriteLine(text);
        }
    }

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => verbose || logLevel >= LogLevel.Warning;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel) && (verbose || !s_toldAtTheEnd.Contains(eventId.Id)))
            Tell($"{(logLevel >= LogLevel.Warning ? "warning" : "note")}: {formatter(state, exception)}");
    }
}
