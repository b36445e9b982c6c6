using System.Buffers;

namespace PipelineBackup.Sinks.S3;

/// <summary>A body, or a part of one, as a stream that a request reads, once or more often.</summary>
/// <remarks>
/// The memory is the caller's only until the put ends, while a cancelled or early answered request may go on reading
/// behind it. So the end of the put closes the stream, waiting for a copy that is under way, and later reads fail.
/// </remarks>
/// <param name="content">The bytes.</param>
internal sealed class BodyStream(ReadOnlySequence<byte> content) : Stream
{
    private readonly Lock _lock = new();
    private ReadOnlySequence<byte> _content = content;
    private SequencePosition _at = content.Start;
    private long _position;
    private bool _closed;

    /// <summary>SHA-256 of the bytes, lower-case hexadecimal, where it is known.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Told whenever some of the bytes are taken.</summary>
    public Action? Taken { get; init; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length { get; } = content.Length;

    public override long Position
    {
        get => _position;
        set => Seek(value, SeekOrigin.Begin);
    }

    /// <summary>The memory is nobody's any more: returns once no read is under way, and lets none begin.</summary>
    public void Detach()
    {
        lock (_lock)
        {
            _closed = true;
            _content = default;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            int length = (int)Math.Min(buffer.Length, Length - _position);
            if (length == 0)
                return 0;
            var part = _content.Slice(_at, length);
            part.CopyTo(buffer);
            _at = part.End;
            _position += length;
            Taken?.Invoke();
            return length;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        try
        {
            return new(Read(buffer.Span));
        }
        catch (ObjectDisposedException failure)
        {
            return ValueTask.FromException<int>(failure);
        }
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            long to = offset + origin switch
            {
                SeekOrigin.Begin => 0,
                SeekOrigin.Current => _position,
                _ => Length,
            };
            ArgumentOutOfRangeException.ThrowIfNegative(to, nameof(offset));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(to, Length, nameof(offset));
            (_at, _position) = (_content.GetPosition(to), to);
            return to;
        }
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
