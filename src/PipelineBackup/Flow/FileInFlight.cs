namespace PipelineBackup.Flow;

/// <summary>
/// A file whose pages are on their way. It stays open until all of its runs are verified, because a page that does not
/// verify is read again.
/// </summary>
/// <param name="number">Number of the file in the index.</param>
/// <param name="source">The file as the source names it.</param>
/// <param name="reader">The open file; closed when this is disposed.</param>
internal class FileInFlight(int number, SourceFile source, ISourceFileReader reader) : IAsyncDisposable
{
    private readonly SemaphoreSlim _rereading = new(1, 1);
    private readonly TaskCompletionSource _allVerified = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for the reader, until it has read the last run.
    private int _unverified = 1;

    /// <summary>Number of the file in the index.</summary>
    public int Number => number;

    /// <summary>The file as the source names it.</summary>
    public SourceFile Source => source;

    /// <summary>Page size in bytes.</summary>
    public int PageSize => source.PageSize;

    /// <summary>The open file.</summary>
    public ISourceFileReader Reader => reader;

    /// <summary>How often pages of this file can be read again.</summary>
    public int MaxRereads => reader is IRereadPages again ? again.MaxRereads : 0;

    /// <summary>Notes that a run of this file starts its way.</summary>
    public void Started() => Interlocked.Increment(ref _unverified);

    /// <summary>Notes that a run needs the open file no more: it is verified, or given up.</summary>
    public void Verified(PageRun run)
    {
        if (run.TryLeaveFile())
            Leave();
    }

    /// <summary>Notes that the last run was read, and waits until all of them are verified.</summary>
    public Task WhenVerifiedAsync()
    {
        Leave();
        return _allVerified.Task;
    }

    /// <summary>Reads bytes again; one call at a time, as a source's file takes them.</summary>
    /// <param name="offset">Offset in the file.</param>
    /// <param name="buffer">Where to put them.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask RereadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await _rereading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ((IRereadPages)reader).RereadAsync(offset, buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(source, failure);
        }
        finally
        {
            _rereading.Release();
        }
    }

    /// <summary>What a failure of the disk means for a file that is being read.</summary>
    public static SourceException Unreadable(SourceFile file, Exception failure) =>
        new($"'{file.Name}' cannot be read: {failure.Message}", failure) { Error = JetError.DiskIO };

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        await reader.DisposeAsync().ConfigureAwait(false);
        _rereading.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _unverified) == 0)
            _allVerified.TrySetResult();
    }
}
