using System.Text.Json.Nodes;

namespace PipelineBackup.Cli;

/// <summary>What a command found or did.</summary>
internal sealed record CommandResult
{
    /// <summary>How the command ends.</summary>
    public ExitCode Exit { get; init; } = ExitCode.Done;

    /// <summary>Why it does not end well, although there is a report; null when it does.</summary>
    public CommandFailure? Failure { get; init; }

    /// <summary>The fields of the report.</summary>
    public required JsonObject Fields { get; init; }

    /// <summary>Writes the report for people.</summary>
    public required Action<TextWriter> Text { get; init; }
}
