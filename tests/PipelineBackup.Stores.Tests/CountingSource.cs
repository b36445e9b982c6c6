using System.Collections.Concurrent;

namespace PipelineBackup.Stores.Tests;

/// <summary>A source that counts how many bytes of each file are read.</summary>
/// <param name="inner">The source that gives them.</param>
internal sealed class CountingSource(IBackupSource inner) : IBackupSource
{
    private readonly ConcurrentDictionary<string, long> _read = new();

    /// <summary>Bytes read so far, by name of the file.</summary>
    public IReadOnlyDictionary<string, long> BytesRead => _read;

    /// <summary>Sessions begun.</summary>
    public int Sessions { get; private set; }

    public async ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken)
    {
        Sessions++;
        return new Session(await inner.BeginAsync(request, cancellationToken), this);
    }

    private sealed class Session(IBackupSession inner, CountingSource owner) : IBackupSession
    {
        public BackupStamp Stamp => inner.Stamp;

        public IReadOnlyList<SourceFile> Databases => inner.Databases;

        public async ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken) =>
            new Reader(await inner.OpenAsync(file, cancellationToken), file.Name, owner);

        public ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken) => inner.EndDatabasesAsync(cancellationToken);

        public ValueTask ValidateAsync(CancellationToken cancellationToken) => inner.ValidateAsync(cancellationToken);

        public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken) => inner.TruncatableLogsAsync(cancellationToken);

        public ValueTask TruncateLogsAsync(CancellationToken cancellationToken) => inner.TruncateLogsAsync(cancellationToken);

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => inner.CompleteAsync(cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Reader(ISourceFileReader inner, string name, CountingSource owner) : ISourceFileReader
    {
        public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken);
            owner._read.AddOrUpdate(name, read, (_, before) => before + read);
            return read;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
