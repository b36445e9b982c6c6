using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>Reads a range of an object as the store sends it.</summary>
/// <param name="answer">The answer's bytes; the stream owns them.</param>
/// <param name="name">The object, for messages.</param>
/// <param name="length">Number of bytes that were promised.</param>
/// <param name="time">The clock.</param>
internal sealed class BlobRangeStream(Stream answer, ObjectName name, long length, TimeProvider time) : SequentialStream
{
    private long _rest = length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        buffer = buffer[..(int)Math.Min(buffer.Length, _rest)];
        if (buffer.Length == 0)
            return 0;
        int read;
        try
        {
            read = await answer.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception failure) when (failure is SinkException || AzureBlobFailure.Is(failure))
        {
            throw AzureBlobFailure.Of(failure, $"cannot read '{name}'", time);
        }

        if (read == 0)
        {
            throw new SinkException($"cannot read '{name}': the answer ended {_rest} bytes early")
            {
                Error = JetError.DiskIO, Transient = true,
            };
        }

        _rest -= read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            answer.Dispose();
        base.Dispose(disposing);
    }
}
