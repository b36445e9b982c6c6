using PipelineBackup.Sources;

namespace PipelineBackup;

/// <summary>
/// ESE files at rest as a source: a shadow copy, a mounted image, a clean or dirty copy, a streamed backup set. Nothing is
/// ever written to them, and no log is truncated. What is in use or changes meanwhile is refused, not copied torn.
/// </summary>
/// <param name="options">Which files.</param>
public sealed class FileSetSource(FileSetOptions options) : IBackupSource
{
    /// <inheritdoc/>
    public ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var inventory = FileSetInventory.Take(options, request);
            var logs = FileSetLogs.Choose(inventory, options, request);
            return new(new FileSetSession(inventory, logs, takesDatabases: request.Parent is null));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw FileSetFailure.Of(failure, options.Path);
        }
    }
}
