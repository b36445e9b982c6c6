namespace PipelineBackup.Testing.Tests.Samples;

/// <summary>The databases of a server that others go on working with.</summary>
public sealed class InstanceSource(IInstance instance) : IBackupSource
{
    public async ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken)
    {
        // The server keeps its logs from here on, and so knows of one backup at a time.
        if (!await instance.TryPinAsync(cancellationToken))
        {
            throw new SourceException($"a backup of '{instance.Name}' is running")
            {
                Error = JetError.BackupInProgress,
                ExitCode = ExitCode.InUse,
                Hint = "wait until it has ended",
            };
        }

        try
        {
            var state = await instance.LookAsync(cancellationToken);
            RequireParent(request, state);
            return new InstanceSession(instance, request, state);
        }
        catch
        {
            // Nothing has begun, so nothing may stay behind.
            await instance.UnpinAsync();
            throw;
        }
    }

    private void RequireParent(BackupRequest request, InstanceState state)
    {
        if (request.Kind is BackupKind.Full or BackupKind.Copy || request.Parent?.LogSignature == state.LogSignature)
            return;
        throw new SourceException($"'{instance.Name}' has other logs than the backup that this one builds on")
        {
            Error = JetError.MissingFullBackup,
            ExitCode = ExitCode.Refused,
            Hint = "take a full backup",
        };
    }
}
