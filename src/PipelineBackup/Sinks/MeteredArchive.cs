using System.Runtime.CompilerServices;
using PipelineBackup.Shared;

namespace PipelineBackup.Sinks;

/// <summary>The read side of a store whose calls and bytes are counted.</summary>
/// <param name="inner">The archive; disposed with this one.</param>
/// <param name="meter">Counts.</param>
public sealed class MeteredArchive(IBackupArchive inner, SinkMeter meter) : IBackupArchive, IResumableListings
{
    /// <inheritdoc/>
    public async ValueTask<Stream> OpenReadAsync(
        ObjectName name, ByteRange range, CancellationToken cancellationToken) =>
        new MeteredStream(await meter.ReadAsync(() => inner.OpenReadAsync(name, range, cancellationToken)), meter);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        ListAfterAsync(prefix, default, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAfterAsync(
        string prefix, ObjectName after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long began = meter.BeginList();
        await using var items = LaterListing.Of(inner, prefix, after, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        // A listing that its reader leaves early has not failed.
        Exception? failure = null;
        try
        {
            while (await NextAsync())
                yield return items.Current;
        }
        finally
        {
            meter.EndList(began, failure);
        }

        async ValueTask<bool> NextAsync()
        {
            try
            {
                return await items.MoveNextAsync();
            }
            catch (Exception thrown)
            {
                failure = thrown;
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class MeteredStream(Stream stream, SinkMeter meter) : SequentialStream
    {
        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                int read = await stream.ReadAsync(buffer, cancellationToken);
                meter.CountDown(read);
                return read;
            }
            catch (SinkException)
            {
                meter.CountFailure();
                throw;
            }
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
