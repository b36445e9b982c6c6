namespace PipelineBackup.Ese;

/// <summary>
/// Whether a flush map may be used with a database. A refused map is no damage: the engine makes a new one.
/// </summary>
/// <param name="Error">
/// <see cref="EseError.Success"/>, or the engine's reason: -1018 (header damaged), -1812 (no flush map),
/// -1918 (version), -1919 (of another database or moment), -1920 (not closed and too old).
/// </param>
/// <param name="Reason">The reason in words, lower case; empty when accepted.</param>
public readonly record struct FlushMapAcceptance(EseError Error, string Reason)
{
    /// <summary>Whether the map may be used.</summary>
    public bool IsAccepted => Error == EseError.Success;
}
