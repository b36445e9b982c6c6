using System.Runtime.CompilerServices;
using PipelineBackup.Shared;

namespace PipelineBackup.Testing;

/// <summary>A sink at the far end of a slow line: every call waits first, and every byte takes its time.</summary>
/// <param name="inner">The sink that answers.</param>
/// <param name="latency">What each call waits.</param>
/// <param name="bytesPerSecond">Rate of each transfer; 0 for no limit.</param>
/// <param name="time">The clock.</param>
public sealed class SlowSink(IBackupSink inner, TimeSpan latency, long bytesPerSecond, TimeProvider time) : IBackupSink
{
    /// <inheritdoc/>
    public SinkTraits Traits => inner.Traits;

    /// <inheritdoc/>
    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        await WaitAsync(latency + TimeFor(body.Length), cancellationToken);
        await inner.PutAsync(name, body, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        await WaitAsync(latency, cancellationToken);
        return new SlowStream(this, await inner.OpenReadAsync(name, range, cancellationToken));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await WaitAsync(latency, cancellationToken);
        await foreach (var item in inner.ListAsync(prefix, cancellationToken))
            yield return item;
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        await WaitAsync(latency, cancellationToken);
        await inner.DeleteAsync(name, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private TimeSpan TimeFor(long bytes) =>
        bytesPerSecond == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)bytes / bytesPerSecond);

    private Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken) =>
        Task.Delay(delay, time, cancellationToken);

    private sealed class SlowStream(SlowSink sink, Stream inner) : SequentialStream
    {
        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken);
            await sink.WaitAsync(sink.TimeFor(read), cancellationToken);
            return read;
        }

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            await base.DisposeAsync();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
