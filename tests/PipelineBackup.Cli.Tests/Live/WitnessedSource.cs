namespace PipelineBackup.Cli.Tests.Live;

/// <summary>A source that tells when its log is rolled: what a backup holds is decided there.</summary>
/// <param name="source">The source.</param>
/// <param name="name">Name of the backup.</param>
/// <param name="tell">Takes the lines.</param>
internal sealed class WitnessedSource(IBackupSource source, string name, Action<string> tell) : IBackupSource
{
    /// <inheritdoc/>
    public async ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken) =>
        new Session(await source.BeginAsync(request, cancellationToken), name, tell);

    private sealed class Session(IBackupSession session, string name, Action<string> tell) : IBackupSession
    {
        public BackupStamp Stamp => session.Stamp;

        public IReadOnlyList<SourceFile> Databases => session.Databases;

        public ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken) =>
            session.OpenAsync(file, cancellationToken);

        public async ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken)
        {
            tell(LiveJournal.Rolls(name));
            var files = await session.EndDatabasesAsync(cancellationToken);
            tell(LiveJournal.Rolled(name));
            return files;
        }

        public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken) =>
            session.TruncatableLogsAsync(cancellationToken);

        public ValueTask TruncateLogsAsync(CancellationToken cancellationToken) =>
            session.TruncateLogsAsync(cancellationToken);

        public ValueTask ValidateAsync(CancellationToken cancellationToken) => session.ValidateAsync(cancellationToken);

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => session.CompleteAsync(cancellationToken);

        public ValueTask DisposeAsync() => session.DisposeAsync();
    }
}
