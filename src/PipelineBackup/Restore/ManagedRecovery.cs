using PipelineBackup.Ese;
using PipelineBackup.Restore;
using PipelineBackup.Shared;

namespace PipelineBackup;

/// <summary>
/// Recovery by this library, on any operating system: hard recovery of streamed copies, soft recovery of files at rest.
/// </summary>
/// <param name="time">The clock; null for the system's.</param>
public sealed class ManagedRecovery(TimeProvider? time = null) : IDatabaseRecovery
{
    /// <inheritdoc/>
    public async ValueTask<RecoverySummary> RecoverAsync(RecoveryRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.TargetInstance.Length > 0)
        {
            throw new BackupException($"there is no running instance '{request.TargetInstance}' known here")
            {
                Error = EseErrors.ToJet(EseError.BadRestoreTargetInstance),
                Hint = "let the program that runs it recover, or give the directory of its logs once it is closed",
            };
        }

        try
        {
            var report = await Task.Run(() => Recover(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            return report.ToSummary();
        }
        catch (EseException failure)
        {
            throw new BackupException($"the recovery failed: {failure.Message}", failure)
            {
                Error = EseErrors.ToJet(failure.Error),
                Hint = failure.Hint,
                ExitCode = ExitCode.Refused,
            };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw RestoreFailure.Of(failure, "the recovery failed");
        }
    }

    private RecoveryReport Recover(RecoveryRequest request, CancellationToken cancellationToken)
    {
        bool isStreamed = request.Databases.Any(database => IsStreamedCopy(database.Path));
        var stop = new RecoveryStop
        {
            Generation = new(request.StopGeneration),
            Time = request.StopTime is { } moment ? LogTime.From(moment) : default,
        };
        var plain = new RecoveryOptions
        {
            BaseName = request.BaseName,
            LogDirectory = request.LogDirectory,
            Map = [.. request.Databases.Select(database => new DatabaseMapping(database.OriginalPath, database.Path))],
            OnlyMapped = true,
            // A set of closed logs has no current one.
            AllowMissingCurrentLog = true,
            StopAt = stop == new RecoveryStop() ? null : stop,
            MemoryBytes = request.MemoryBytes,
            Time = time ?? TimeProvider.System,
            Progress = request.Progress.ToProgress(),
        };
        if (isStreamed)
            return new HardRecovery(Hard(plain, request)).Run(cancellationToken);
        if (request.RollForwardDirectory is { } later)
            LaterLogs.Bring(later, request.LogDirectory, request.BaseName, request.StopGeneration, cancellationToken);
        return new SoftRecovery(plain with { LeaveOutLaterLogs = plain.StopAt is not null }).Run(cancellationToken);
    }

    // The logs to go on with are read where they are; what undo writes goes beside the logs of the backup.
    private static HardRecoveryOptions Hard(RecoveryOptions plain, RecoveryRequest request) => new()
    {
        BaseName = plain.BaseName,
        LogDirectory = request.RollForwardDirectory ?? plain.LogDirectory,
        TargetLogDirectory = request.RollForwardDirectory is null ? null : plain.LogDirectory,
        TargetCheckpointDirectory = request.RollForwardDirectory is null ? null : plain.LogDirectory,
        BackupLogDirectories = [plain.LogDirectory],
        Low = new(request.LowGeneration),
        High = new(request.HighGeneration),
        ScratchDirectory = plain.LogDirectory,
        Map = plain.Map,
        OnlyMapped = plain.OnlyMapped,
        StopAt = plain.StopAt,
        MemoryBytes = plain.MemoryBytes,
        Time = plain.Time,
        Progress = plain.Progress,
    };

    private static bool IsStreamedCopy(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return HeaderPair.Read(file).Header is { IsUnrestoredCopy: true };
    }
}
