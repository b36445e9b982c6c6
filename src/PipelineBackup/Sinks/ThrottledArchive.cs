using PipelineBackup.Shared;

namespace PipelineBackup.Sinks;

/// <summary>The read side of a store that keeps to a rate.</summary>
/// <param name="inner">The archive; disposed with this one.</param>
/// <param name="download">The rate of reads; null for no limit.</param>
public sealed class ThrottledArchive(IBackupArchive inner, RateLimit? download) : IBackupArchive, IResumableListings
{
    /// <inheritdoc/>
    public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        var stream = await inner.OpenReadAsync(name, range, cancellationToken);
        return download is null ? stream : new ThrottledStream(stream, download);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        inner.ListAsync(prefix, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAfterAsync(
        string prefix, ObjectName after, CancellationToken cancellationToken) =>
        LaterListing.Of(inner, prefix, after, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class ThrottledStream(Stream stream, RateLimit download) : SequentialStream
    {
        // One piece a read, so that a large buffer does not fill at full speed and then stand still for minutes.
        private readonly int _piece = (int)Math.Clamp(download.BytesPerSecond / 4, 4096, 1 << 20);

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // How much will come is known only afterwards: the next read waits for what this one takes.
            await download.TakeAsync(0, cancellationToken);
            int read = await stream.ReadAsync(buffer[..Math.Min(buffer.Length, _piece)], cancellationToken);
            await download.TakeAsync(read, cancellationToken);
            return read;
        }

        public override async ValueTask DisposeAsync()
        {
            await stream.DisposeAsync();
            await base.DisposeAsync();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                stream.Dispose();
            base.Dispose(disposing);
        }
    }
}
