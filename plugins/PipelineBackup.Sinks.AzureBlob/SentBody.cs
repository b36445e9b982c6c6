using System.Buffers;

namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>
/// A part of an object's bytes as the stream that the transport sends. Once closed it looks at the memory no more,
/// whatever the transport still does behind a cancelled request.
/// </summary>
internal sealed class SentBody : Stream
{
    private readonly Lock _lock = new();
    private readonly ReadOnlySequence<byte> _content;
    private ReadOnlySequence<byte> _rest;
    private readonly Action? _taken;
    private bool _closed;

    /// <summary>Sends some bytes.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="taken">Told whenever some of them are taken.</param>
    public SentBody(ReadOnlySequence<byte> content, Action? taken = null)
    {
        _content = _rest = content;
        _taken = taken;
    }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => _content.Length;

    public override long Position
    {
        get
        {
            lock (_lock)
                return Length - _rest.Length;
        }

        set
        {
            lock (_lock)
                _rest = _content.Slice(value);
        }
    }

    /// <summary>
    /// Closes the stream if the transport has not come to its end; a request whose last byte is on its way cannot be
    /// called back.
    /// </summary>
    /// <returns>Whether it is closed now, so that the request can never become whole.</returns>
    public bool TryCutOff()
    {
        lock (_lock)
        {
            _closed |= _rest.Length > 0;
            return _closed;
        }
    }

    /// <summary>Closes the stream.</summary>
    public void CutOff()
    {
        lock (_lock)
            _closed = true;
    }

    public override int Read(Span<byte> buffer)
    {
        lock (_lock)
        {
            if (_closed)
                throw new OperationCanceledException("the object is no longer sent");
            int count = (int)Math.Min(buffer.Length, _rest.Length);
            // Only the segments that are copied are looked at.
            _rest.Slice(0, count).CopyTo(buffer);
            _rest = _rest.Slice(count);
            if (count > 0)
                _taken?.Invoke();
            return count;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<int>(cancellationToken)
            : new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => Position,
        _ => Length,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
