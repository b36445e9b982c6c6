namespace PipelineBackup.Tests.Sources;

/// <summary>A source that lets something happen to its files at a step of its session.</summary>
internal sealed class HookedSource(IBackupSource inner) : IBackupSource
{
    /// <summary>Happens once the session has begun.</summary>
    public Action Begun { get; init; } = () => { };

    /// <summary>Happens when a file is opened, before its first read.</summary>
    public Action<SourceFile> Opened { get; init; } = _ => { };

    /// <summary>Happens when everything was read.</summary>
    public Action AllRead { get; init; } = () => { };

    /// <summary>Happens when the session ends as a success.</summary>
    public Action Completing { get; init; } = () => { };

    /// <summary>Happens when the session is asked to truncate.</summary>
    public Action Truncating { get; init; } = () => { };

    public async ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken)
    {
        var session = await inner.BeginAsync(request, cancellationToken);
        Begun();
        return new Session(this, session);
    }

    private sealed class Session(HookedSource hooks, IBackupSession inner) : IBackupSession
    {
        public BackupStamp Stamp => inner.Stamp;

        public IReadOnlyList<SourceFile> Databases => inner.Databases;

        public async ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken)
        {
            var reader = await inner.OpenAsync(file, cancellationToken);
            hooks.Opened(file);
            return reader;
        }

        public ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken) => inner.EndDatabasesAsync(cancellationToken);

        public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken) => inner.TruncatableLogsAsync(cancellationToken);

        public ValueTask TruncateLogsAsync(CancellationToken cancellationToken)
        {
            hooks.Truncating();
            return inner.TruncateLogsAsync(cancellationToken);
        }

        public ValueTask ValidateAsync(CancellationToken cancellationToken)
        {
            hooks.AllRead();
            return inner.ValidateAsync(cancellationToken);
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            hooks.Completing();
            return inner.CompleteAsync(cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
