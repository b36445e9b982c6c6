namespace PipelineBackup.Ese;

/// <summary>Recovery as an engine does it when it starts: from the checkpoint, with the logs as a crash left them.</summary>
/// <param name="options">On what, and how.</param>
public sealed class SoftRecovery(RecoveryOptions options)
{
    /// <summary>Replays the logs and undoes what was not committed.</summary>
    /// <param name="cancellationToken">Ends it between two records; a later recovery goes on.</param>
    /// <exception cref="EseException">It failed; the engine's error, what is wrong and what to do.</exception>
    public RecoveryReport Run(CancellationToken cancellationToken = default)
    {
        _ = (options, cancellationToken);
        throw new NotImplementedException();
    }
}
