using PipelineBackup.Backup;
using PipelineBackup.Ese;
using PipelineBackup.Sinks;

namespace PipelineBackup;

/// <summary>
/// A source that is read no faster than a rate, so that a backup leaves the disk to those who work on it.
/// </summary>
/// <param name="inner">The source.</param>
/// <param name="limit">The rate; sources may share one.</param>
public sealed class ThrottledSource(IBackupSource inner, RateLimit limit) : IBackupSource
{
    /// <inheritdoc/>
    public async ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken) =>
        new Session(await inner.BeginAsync(request, cancellationToken).ConfigureAwait(false), limit);

    // What a session can do beside the contract goes through: the flush maps of a file set.
    private sealed class Session(IBackupSession inner, RateLimit limit) : IBackupSession, IFlushMaps
    {
        public BackupStamp Stamp => inner.Stamp;

        public IReadOnlyList<SourceFile> Databases => inner.Databases;

        public async ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken)
        {
            var reader = await inner.OpenAsync(file, cancellationToken).ConfigureAwait(false);
            return reader is IRereadPages rereads ? new RereadingReader(reader, rereads, limit)
                : new Reader(reader, limit);
        }

        public ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken) =>
            inner.EndDatabasesAsync(cancellationToken);

        public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken) =>
            inner.TruncatableLogsAsync(cancellationToken);

        public ValueTask TruncateLogsAsync(CancellationToken cancellationToken) =>
            inner.TruncateLogsAsync(cancellationToken);

        public ValueTask ValidateAsync(CancellationToken cancellationToken) => inner.ValidateAsync(cancellationToken);

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => inner.CompleteAsync(cancellationToken);

        public FlushMap? FlushMapOf(SourceFile database, DatabaseHeader header) =>
            inner is IFlushMaps maps ? maps.FlushMapOf(database, header) : null;

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    // A read is paid for when its length is known: it waits for the ones before, and makes the next one wait.
    private class Reader(ISourceFileReader inner, RateLimit limit) : ISourceFileReader
    {
        protected RateLimit Limit => limit;

        public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read > 0)
                await limit.TakeAsync(read, cancellationToken).ConfigureAwait(false);
            return read;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class RereadingReader(ISourceFileReader inner, IRereadPages rereads, RateLimit limit)
        : Reader(inner, limit), IRereadPages
    {
        public int MaxRereads => rereads.MaxRereads;

        public async ValueTask RereadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            await Limit.TakeAsync(buffer.Length, cancellationToken).ConfigureAwait(false);
            await rereads.RereadAsync(offset, buffer, cancellationToken).ConfigureAwait(false);
        }
    }
}
