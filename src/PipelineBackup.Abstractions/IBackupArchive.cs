namespace PipelineBackup;

/// <summary>The read side of a store. Restore and verification take only this, so they cannot write.</summary>
/// <remarks>
/// The laws: a range beyond the end of an object fails with <see cref="SinkFailure.NotFound"/>; so does an object that is
/// not there; a listing is complete, in ordinal order of the names, and shows no object before it is whole; every call may
/// run beside every other; a cancelled call ends soon, with <see cref="OperationCanceledException"/>, and does nothing more
/// afterwards; failures are <see cref="SinkException"/>s, <see cref="SinkException.Transient"/> only where the same call
/// may succeed later.
/// </remarks>
public interface IBackupArchive : IAsyncDisposable
{
    /// <summary>Opens a range of an object for sequential reading.</summary>
    /// <param name="name">The object.</param>
    /// <param name="range">The range; it must lie inside the object.</param>
    /// <param name="cancellationToken">Ends the call; later reads have tokens of their own.</param>
    /// <returns>A stream of exactly the range's bytes. The caller disposes it.</returns>
    ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken);

    /// <summary>Lists the objects whose names start with a prefix, in ordinal order.</summary>
    /// <param name="prefix">The start of the names, by characters; empty for all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken);
}
