namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>A file in memory.</summary>
internal sealed class MemoryFile(byte[]? bytes = null) : IDiskFile
{
    private byte[] _bytes = bytes ?? [];

    public long Length => _bytes.Length;

    public int Read(Span<byte> buffer, long offset)
    {
        int length = (int)Math.Clamp(_bytes.Length - offset, 0, buffer.Length);
        _bytes.AsSpan((int)Math.Min(offset, _bytes.Length), length).CopyTo(buffer);
        return length;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        if (offset + bytes.Length > _bytes.Length)
            SetLength(offset + bytes.Length);
        bytes.CopyTo(_bytes.AsSpan((int)offset));
    }

    public void SetLength(long length) => Array.Resize(ref _bytes, (int)length);

    public void Flush()
    {
    }

    public void Dispose()
    {
    }
}
