namespace PipelineBackup.Ese;

/// <summary>What redo of a record works on: the database and session that the record names.</summary>
/// <param name="Database">The database.</param>
/// <param name="Session">The session.</param>
/// <param name="Versions">What open transactions changed.</param>
internal sealed record RedoContext(RecoveringDatabase Database, RedoSession Session, VersionStore Versions)
{
    /// <summary>The pages of the database, by the rules of redo.</summary>
    public RedoPages Pages => Database.Redo;
}
