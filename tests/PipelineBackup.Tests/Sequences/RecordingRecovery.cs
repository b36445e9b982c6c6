namespace PipelineBackup.Tests.Sequences;

/// <summary>Recovers without the target, whose logs are another's to read; or does not.</summary>
internal sealed class RecordingRecovery(List<RecoveryRequest> told) : IDatabaseRecovery
{
    public bool IsCancelled { get; init; }

    public bool DoesNothing { get; init; }

    public async ValueTask<RecoverySummary> RecoverAsync(RecoveryRequest request, CancellationToken cancellationToken)
    {
        if (IsCancelled)
            throw new OperationCanceledException();
        if (DoesNothing)
            return new() { Reached = "" };
        told.Add(request);
        return await new ManagedRecovery().RecoverAsync(request with { TargetInstance = "" }, cancellationToken);
    }
}
