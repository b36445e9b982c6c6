namespace PipelineBackup.Engine;

/// <summary>
/// Backs an engine up through a snapshot: its files are read as they are while it is frozen, so that all of them are of
/// the same moment.
/// </summary>
/// <remarks>
/// <code>
///  begin        databases, logs        validate     truncate       complete
///  prepare,     files as they are,     thaw         truncate log   end: headers have the mark
///  freeze       nobody writes          └──────────── dispose before: abort ──────────┘
/// </code>
/// The engine's writers wait until everything was read, and no longer than its <see cref="EngineOptions.SnapshotTimeout"/>:
/// a backup that takes longer is refused with −2402 when it is validated. Its own backup
/// (<see cref="EmbeddedEngine.BeginBackupAsync"/>) holds nobody up; this one is for what has to be of one moment, and for
/// restores by recovery alone.
/// </remarks>
/// <param name="engine">The engine, which belongs to a host.</param>
public sealed class SnapshotSource(EmbeddedEngine engine) : IBackupSource
{
    /// <inheritdoc/>
    public async ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        if (engine.Options.Host is not { } host)
            throw BackupRefusal.Senseless("the engine belongs to no host", "name one in its options");
        if (request.Databases.Count > 0)
            throw BackupRefusal.Senseless("a snapshot takes all databases of an engine", "name none");
        SnapshotSession? session = null;
        try
        {
            engine.RequireBackupAllowed();
            if (host.Snapshot is not null)
                throw BackupRefusal.InProgress();
            if (request.Kind is BackupKind.Incremental or BackupKind.Differential)
                BackupContinuation.Require(engine, request.Parent, BackupInfoType.OperatingSystemSnapshot);
            session = host.PrepareSnapshot(OptionsOf(request.Kind));
            session.PrepareInstance(engine);
            await session.FreezeAsync(cancellationToken).ConfigureAwait(false);
            return new SnapshotBackup(session, session.Members[0], request.Kind);
        }
        catch (Exception e)
        {
            if (session is not null)
                await session.DisposeAsync().ConfigureAwait(false);
            if (e is EseException refusal)
                throw BackupRefusal.Of(refusal);
            if (e is IOException or UnauthorizedAccessException)
                throw new SourceException($"the files cannot be read: {e.Message}", e) { Error = JetError.DiskIO };
            throw;
        }
    }

    private static SnapshotOptions OptionsOf(BackupKind kind) =>
        SnapshotOptions.ExplicitPrepare | SnapshotOptions.ContinueAfterThaw | kind switch
        {
            BackupKind.Full => SnapshotOptions.None,
            BackupKind.Copy => SnapshotOptions.Copy,
            BackupKind.Incremental => SnapshotOptions.Incremental,
            _ => SnapshotOptions.Incremental | SnapshotOptions.Copy,
        };
}
