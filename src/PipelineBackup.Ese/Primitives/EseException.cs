namespace PipelineBackup.Ese;

/// <summary>A file cannot be read as what it should be. The one exception that the readers of this library throw on bad bytes.</summary>
/// <param name="error">The engine's error for the same bytes.</param>
/// <param name="message">What is wrong, in lower case, with the place.</param>
/// <param name="hint">What to do next, one sentence; empty when there is nothing to add.</param>
public sealed class EseException(EseError error, string message, string hint = "") : Exception(message)
{
    /// <summary>The engine's error for the same bytes.</summary>
    public EseError Error { get; } = error;

    /// <summary>What to do next, one sentence; empty when there is nothing to add.</summary>
    public string Hint { get; } = hint;
}
