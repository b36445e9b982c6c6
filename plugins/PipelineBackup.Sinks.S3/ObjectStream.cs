using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.S3;

/// <summary>A range of an object as it comes in: exactly its bytes, and every failure told as the sink's.</summary>
/// <param name="owner">What holds the connection.</param>
/// <param name="content">The bytes as they come.</param>
/// <param name="name">The object, for messages.</param>
/// <param name="length">How many bytes there must be.</param>
internal sealed class ObjectStream(IDisposable owner, Stream content, ObjectName name, long length) : SequentialStream
{
    private long _left = length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_left == 0 || buffer.IsEmpty)
            return 0;
        try
        {
            return Advance(await content.ReadAsync(
                buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken).ConfigureAwait(false));
        }
        catch (Exception failure) when (S3Failure.Is(failure))
        {
            // A read that was cancelled may end as a connection that was torn down.
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Failure.Of(failure, $"cannot read '{name}'");
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            owner.Dispose();
        base.Dispose(disposing);
    }

    private int Advance(int read)
    {
        if (read == 0)
        {
            throw new SinkException($"object '{name}' came in {_left} bytes short")
            {
                Error = JetError.DiskIO,
                Transient = true,
            };
        }

        _left -= read;
        return read;
    }
}
