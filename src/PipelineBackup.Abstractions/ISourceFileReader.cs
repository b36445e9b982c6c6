namespace PipelineBackup;

/// <summary>Reads one file of a session from its start to its end. Disposing it closes the file.</summary>
public interface ISourceFileReader : IAsyncDisposable
{
    /// <summary>Reads on where the last call ended.</summary>
    /// <param name="buffer">
    /// Where to put the bytes; a multiple of the file's page size, and for a database at least three pages at first.
    /// </param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>
    /// Number of bytes; the buffer is filled unless the file ends in it. 0 at the end.
    /// </returns>
    ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}

/// <summary>
/// A reader that can read pages again, past any cache it has: a page that does not verify may have been caught in the
/// middle of a write. Optional; readers that implement it do so beside <see cref="ISourceFileReader"/>.
/// </summary>
public interface IRereadPages
{
    /// <summary>How often to read again before a page counts as bad, 16 for a live database.</summary>
    int MaxRereads { get; }

    /// <summary>Reads bytes again that were read before.</summary>
    /// <param name="offset">Offset in the file, a multiple of the page size.</param>
    /// <param name="buffer">Where to put them.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask RereadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);
}
