namespace PipelineBackup.Ese;

/// <summary>One thing that is wrong with a set of log files.</summary>
/// <param name="Error">The engine's error for it.</param>
/// <param name="Generation">The generation it is about; none when it is about the set.</param>
/// <param name="File">Name of the file, or the name that a missing one would have; empty when it is about the
/// set.</param>
/// <param name="Message">What is wrong, in lower case.</param>
/// <param name="Hint">What to do next, one sentence; may be empty.</param>
public sealed record LogFinding(EseError Error, LogGeneration Generation, string File, string Message, string Hint = "")
{
    /// <summary>The finding as an exception, for callers that give up on it.</summary>
    public EseException ToException() => new(Error, Message, Hint);

    /// <summary>Error, file and message.</summary>
    public override string ToString() => $"{(int)Error} {File}: {Message}";
}
