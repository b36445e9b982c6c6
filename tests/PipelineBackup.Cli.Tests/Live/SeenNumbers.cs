using Microsoft.Extensions.Logging;

namespace PipelineBackup.Cli.Tests.Live;

/// <summary>A logger that keeps the numbers of what it is told.</summary>
internal sealed class SeenNumbers : ILogger
{
    private readonly List<int> _seen = [];

    /// <summary>The events so far, without remarks that have no number.</summary>
    public IReadOnlyList<int> WithNumber
    {
        get
        {
            lock (_seen)
                return [.. _seen.Where(number => number > 0)];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        lock (_seen)
            _seen.Add(eventId.Id);
    }
}
