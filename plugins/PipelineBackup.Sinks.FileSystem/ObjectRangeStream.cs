using Microsoft.Win32.SafeHandles;
using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.FileSystem;

/// <summary>Reads a range of an object's file from its start to its end.</summary>
/// <param name="file">The file; the stream owns it.</param>
/// <param name="name">The object, for messages.</param>
/// <param name="offset">First byte.</param>
/// <param name="length">Number of bytes.</param>
internal sealed class ObjectRangeStream(SafeFileHandle file, ObjectName name, long offset, long length)
    : SequentialStream
{
    private readonly long _end = offset + length;
    private long _offset = offset;

    public override int Read(Span<byte> buffer)
    {
        buffer = buffer[..(int)Math.Min(buffer.Length, _end - _offset)];
        if (buffer.Length == 0)
            return 0;
        try
        {
            return Advance(RandomAccess.Read(file, buffer, _offset));
        }
        catch (Exception failure) when (FileSystemFailure.Is(failure))
        {
            throw FileSystemFailure.Of(failure, $"cannot read '{name}'");
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        buffer = buffer[..(int)Math.Min(buffer.Length, _end - _offset)];
        if (buffer.Length == 0)
            return 0;
        try
        {
            return Advance(await RandomAccess.ReadAsync(file, buffer, _offset, cancellationToken));
        }
        catch (Exception failure) when (FileSystemFailure.Is(failure))
        {
            throw FileSystemFailure.Of(failure, $"cannot read '{name}'");
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            file.Dispose();
        base.Dispose(disposing);
    }

    private int Advance(int read)
    {
        if (read == 0)
        {
            // Its length was enough when it was opened: somebody cut it since.
            throw new SinkException($"object '{name}' ended at byte {_offset}, {_end - _offset} bytes early")
            {
                Failure = SinkFailure.Corrupt,
                Error = JetError.DiskIO,
            };
        }

        _offset += read;
        return read;
    }
}
