namespace PipelineBackup.Ese;

/// <summary>Recovery of databases from a backup set: its logs, logs to roll forward with, undo.</summary>
/// <param name="options">On what, and how.</param>
public sealed class HardRecovery(HardRecoveryOptions options)
{
    /// <summary>Judges the set, prepares the databases, replays the logs and undoes what was not committed.</summary>
    /// <param name="cancellationToken">Ends it between two records; the databases must then be restored anew.</param>
    /// <exception cref="EseException">It failed; the engine's error, what is wrong and what to do.</exception>
    public RecoveryReport Run(CancellationToken cancellationToken = default)
    {
        _ = (options, cancellationToken);
        throw new NotImplementedException();
    }
}
