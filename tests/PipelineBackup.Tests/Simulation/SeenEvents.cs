using Microsoft.Extensions.Logging;

namespace PipelineBackup.Tests.Simulation;

/// <summary>A logger that keeps what was logged.</summary>
internal sealed class SeenEvents : ILogger
{
    private readonly List<(LogLevel Level, string Text)> _events = [];

    public IEnumerable<string> At(LogLevel level)
    {
        lock (_events)
            return [.. _events.Where(one => one.Level == level).Select(one => one.Text)];
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_events)
            _events.Add((logLevel, formatter(state, exception)));
    }
}
