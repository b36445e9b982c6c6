namespace PipelineBackup.Engine;

/// <summary>Reads a file of a backup, once through; of a database also again.</summary>
internal abstract class CopyReader : ISourceFileReader
{
    private readonly EngineBackup _backup;
    private readonly bool _isInBackground;
    private IDiskFile? _file;
    private long _offset;
    private int _isBusy;

    /// <summary>A reader of a file that the backup opened.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="source">The file as the backup offers it.</param>
    /// <param name="file">The file; closed with this.</param>
    protected CopyReader(EngineBackup backup, SourceFile source, IDiskFile file)
    {
        (_backup, Source, _file) = (backup, source, file);
        _isInBackground = backup.Engine.Options.HasBackgroundWork;
    }

    /// <summary>The file as the backup offers it.</summary>
    public SourceFile Source { get; }

    /// <summary>Whether it was read to its end.</summary>
    public bool IsAtEnd => _offset == Source.Length;

    /// <summary>How many bytes the first read takes at least.</summary>
    protected abstract int LeastFirst { get; }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (buffer.Length % Source.PageSize != 0 || (_offset == 0 && buffer.Length < LeastFirst))
        {
            throw BackupRefusal.Senseless($"'{Source.Name}' is not read {buffer.Length} bytes at a time",
                $"read multiples of {Source.PageSize} bytes, {LeastFirst} at first");
        }

        if (Interlocked.CompareExchange(ref _isBusy, 1, 0) != 0)
            throw BackupRefusal.InUse();
        try
        {
            int read = await RunAsync(_offset, buffer, cancellationToken).ConfigureAwait(false);
            _offset += read;
            return read;
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    /// <summary>Reads bytes again.</summary>
    /// <param name="offset">Where to begin.</param>
    /// <param name="buffer">Takes the bytes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask RereadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        await RunAsync(offset, buffer, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    /// <summary>Closes the file; nothing when that was done.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _file, null) is not { } file)
            return;
        file.Dispose();
        _backup.Closed(this);
    }

    /// <summary>Reads.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="buffer">Takes the bytes.</param>
    /// <returns>Bytes read; fewer than the buffer takes only at the end.</returns>
    protected abstract int Read(IDiskFile file, long offset, Span<byte> buffer);

    private async ValueTask<int> RunAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var file = _file ?? throw BackupRefusal.OutOfOrder(_backup.State, $"read '{Source.Name}', which was closed");
        _backup.RequireUnderWay();
        try
        {
            // Who calls on threads of his own means to read there.
            return _isInBackground && TaskScheduler.Current == TaskScheduler.Default
                ? await Task.Run(() => Read(file, offset, buffer.Span), cancellationToken).ConfigureAwait(false)
                : Read(file, offset, buffer.Span);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"'{Source.Name}' cannot be read: {e.Message}", e) { Error = JetError.DiskIO };
        }
    }
}

/// <summary>Reads a database.</summary>
/// <param name="backup">The backup.</param>
/// <param name="copy">The database as it is copied.</param>
/// <param name="file">Its file, opened for this.</param>
internal sealed class DatabaseCopyReader(EngineBackup backup, DatabaseCopy copy, IDiskFile file)
    : CopyReader(backup, copy.File, file), IRereadPages
{
    // As the engine of Windows has it, and three pages at first too.
    private const int Rereads = 16, FirstPages = 3;

    /// <inheritdoc/>
    public int MaxRereads => Rereads;

    /// <summary>The database as it is copied.</summary>
    public DatabaseCopy Copy => copy;

    /// <inheritdoc/>
    protected override int LeastFirst => FirstPages * Source.PageSize;

    /// <inheritdoc/>
    protected override int Read(IDiskFile file, long offset, Span<byte> buffer) => copy.Read(file, offset, buffer);
}

/// <summary>Reads a log, which nobody writes to any more.</summary>
/// <param name="backup">The backup.</param>
/// <param name="source">The log as the backup offers it.</param>
/// <param name="file">The file, opened for this.</param>
internal sealed class LogCopyReader(EngineBackup backup, SourceFile source, IDiskFile file)
    : CopyReader(backup, source, file)
{
    /// <inheritdoc/>
    protected override int LeastFirst => Source.PageSize;

    /// <inheritdoc/>
    protected override int Read(IDiskFile file, long offset, Span<byte> buffer) => file.Read(buffer, offset);
}
