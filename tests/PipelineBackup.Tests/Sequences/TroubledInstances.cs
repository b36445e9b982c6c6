namespace PipelineBackup.Tests.Sequences;

/// <summary>Instances whose backups go through hands that may spoil them.</summary>
internal sealed class TroubledInstances(IBackupInstances inner) : IBackupInstances
{
    /// <summary>Looks at what was read of a file at an offset, and may change it or throw.</summary>
    public Action<SourceFile, long, Memory<byte>> Reading { get; set; } = (_, _, _) => { };

    /// <summary>The same when pages are read again.</summary>
    public Action<SourceFile, long, Memory<byte>> Rereading { get; set; } = (_, _, _) => { };

    /// <summary>Happens before a step of a session, which it names.</summary>
    public Action<string> Stepping { get; set; } = _ => { };

    /// <summary>What there is beside the databases: the files and their content.</summary>
    public Dictionary<SourceFile, byte[]> Companions { get; } = [];

    public IAsyncEnumerable<InstanceInfo> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);

    public async ValueTask<IBackupSource> OpenAsync(int id, CancellationToken cancellationToken) =>
        new Source(this, await inner.OpenAsync(id, cancellationToken));

    private sealed class Source(TroubledInstances trouble, IBackupSource inner) : IBackupSource
    {
        public async ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken)
        {
            trouble.Stepping("begin");
            return new Session(trouble, await inner.BeginAsync(request, cancellationToken));
        }
    }

    private sealed class Session(TroubledInstances trouble, IBackupSession inner) : IBackupSession
    {
        public BackupStamp Stamp => inner.Stamp;

        public IReadOnlyList<SourceFile> Databases { get; } = [.. inner.Databases, .. trouble.Companions.Keys];

        public async ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken)
        {
            trouble.Stepping("open");
            return trouble.Companions.TryGetValue(file, out byte[]? bytes)
                ? new Companion(bytes)
                : new Reader(trouble, file, await inner.OpenAsync(file, cancellationToken));
        }

        public ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken)
        {
            trouble.Stepping("end databases");
            return inner.EndDatabasesAsync(cancellationToken);
        }

        public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken)
        {
            trouble.Stepping("list");
            return inner.TruncatableLogsAsync(cancellationToken);
        }

        public ValueTask TruncateLogsAsync(CancellationToken cancellationToken)
        {
            trouble.Stepping("truncate");
            return inner.TruncateLogsAsync(cancellationToken);
        }

        public ValueTask ValidateAsync(CancellationToken cancellationToken)
        {
            trouble.Stepping("validate");
            return inner.ValidateAsync(cancellationToken);
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            trouble.Stepping("complete");
            return inner.CompleteAsync(cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Reader(TroubledInstances trouble, SourceFile file, ISourceFileReader inner)
        : ISourceFileReader, IRereadPages
    {
        private long _offset;

        public int MaxRereads => 2;

        public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken);
            trouble.Reading(file, _offset, buffer[..read]);
            _offset += read;
            return read;
        }

        public async ValueTask RereadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            await ((IRereadPages)inner).RereadAsync(offset, buffer, cancellationToken);
            trouble.Rereading(file, offset, buffer);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Companion(byte[] bytes) : ISourceFileReader
    {
        private int _offset;

        public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            int read = Math.Min(buffer.Length, bytes.Length - _offset);
            bytes.AsMemory(_offset, read).CopyTo(buffer);
            _offset += read;
            return new(read);
        }

        public ValueTask DisposeAsync() => default;
    }
}
