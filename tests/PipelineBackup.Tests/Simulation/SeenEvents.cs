using Microsoft.Extensions.Logging;

namespace PipelineBackup.Tests.Simulation;

/// <summary>A logger that keeps what was logged.</summary>
internal sealed class SeenEvents : ILogger
{
    /// <summary>Numbers of events that tell errors.</summary>
    public const int BackupFailed = 214, DatabaseDropped = 217, EndFailed = 219, RestoreFailed = 454;

    private readonly List<(LogLevel Level, int Number, string Text)> _events = [];

    /// <summary>
    /// Demands that nothing was told as an error but the end of the operation, and that if it failed.
    /// </summary>
    /// <param name="failure">How it ended: null or cancelled is no failure.</param>
    /// <param name="number">The event that says that it failed.</param>
    /// <param name="besides">Those that may come besides.</param>
    public void DemandOnly(Exception? failure, int number, params int[] besides)
    {
        lock (_events)
        {
            var errors = _events.Where(one => one.Level >= LogLevel.Error && !besides.Contains(one.Number))
                .Select(one => (one.Number, one.Text));
            Assert.Equal(failure is null or OperationCanceledException ? [] : [(number, Told(failure))], errors);
        }

        string Told(Exception failed) =>
            $"the {(number == RestoreFailed ? "restore" : "backup")} failed: {failed.Message}";
    }

    /// <summary>The texts of an event.</summary>
    /// <param name="number">Its number.</param>
    public IEnumerable<string> Of(int number)
    {
        lock (_events)
            return [.. _events.Where(one => one.Number == number).Select(one => one.Text)];
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_events)
            _events.Add((logLevel, eventId.Id, formatter(state, exception)));
    }
}
