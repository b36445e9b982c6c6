using PipelineBackup.Shared;

namespace PipelineBackup.Engine;

/// <summary>
/// Recovery that knows the running engines of a host: a request that names one of them as its target is a restore beside
/// it, which rolls forward with its logs. Any other request is for whoever recovers else.
/// </summary>
/// <param name="host">The engines.</param>
/// <param name="otherwise">Recovers what names no target.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class HostRecovery(EngineHost host, IDatabaseRecovery otherwise, TimeProvider? time = null)
    : IDatabaseRecovery
{
    /// <inheritdoc/>
    public async ValueTask<RecoverySummary> RecoverAsync(RecoveryRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.TargetInstance.Length == 0)
            return await otherwise.RecoverAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            RequireNoStop(request);
            var report = await host.RestoreExternalAsync(
                new()
                {
                    BackupLogDirectory = request.LogDirectory,
                    LogDirectory = request.LogDirectory,
                    BaseName = request.BaseName,
                    Map = [.. request.Databases.Select(one => new DatabaseMapping(one.OriginalPath, one.Path))],
                    Low = new(request.LowGeneration),
                    High = new(request.HighGeneration),
                    TargetInstance = request.TargetInstance,
                    MemoryBytes = request.MemoryBytes,
                    Time = time ?? TimeProvider.System,
                    Progress = request.Progress.ToProgress(),
                },
                cancellationToken).ConfigureAwait(false);
            return report.ToSummary();
        }
        catch (EseException failure)
        {
            throw new BackupException($"the recovery failed: {failure.Message}", failure)
            {
                Error = new((int)failure.Error, $"JET_err{failure.Error}"),
                Hint = failure.Hint,
                ExitCode = ExitCode.Refused,
            };
        }
    }

    private static void RequireNoStop(RecoveryRequest request)
    {
        if (request.StopGeneration != 0 || request.StopTime is not null || request.RollForwardDirectory is not null)
        {
            throw new EseException(EseError.InvalidParameter,
                "with the logs of a running engine a database becomes as new as that: nothing stops before, and there "
                    + "are no other logs to go on with",
                "leave the stop, or the directory of later logs, out; or restore without a target");
        }
    }
}
