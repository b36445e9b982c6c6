namespace PipelineBackup.Engine;

/// <summary>Who changes pages: what all records about pages name.</summary>
/// <param name="Session">The session with its open transactions.</param>
/// <param name="IsSystemTask">Whether the engine does it by itself, to clean up.</param>
internal readonly record struct ChangeOrigin(RedoSession Session, bool IsSystemTask = false);
