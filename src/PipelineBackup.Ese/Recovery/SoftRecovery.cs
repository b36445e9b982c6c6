namespace PipelineBackup.Ese;

/// <summary>Recovery as an engine does it when it starts: from the checkpoint, with the logs as a crash left them.</summary>
/// <param name="options">On what, and how.</param>
public sealed class SoftRecovery(RecoveryOptions options)
{
    /// <summary>Replays the logs and undoes what was not committed.</summary>
    /// <param name="cancellationToken">Ends it between two records; a later recovery goes on.</param>
    /// <exception cref="EseException">It failed; the engine's error, what is wrong and what to do.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be opened.</exception>
    public RecoveryReport Run(CancellationToken cancellationToken = default)
    {
        var plan = RecoveryPlan.Find(options);
        if (plan.Refusal is { } refusal)
            throw refusal.ToException();
        if (plan.IsClean)
        {
            return new()
            {
                Databases = [.. plan.Databases.Select(database => new RecoveredDatabase(
                    database.LoggedPath, database.Path, RecoveryOutcome.AlreadyClean))],
                Remarks = ["the logs were closed and the checkpoint says so: there is nothing to recover"],
            };
        }

        return new RecoveryRun(plan.Setup).Execute(cancellationToken);
    }
}
