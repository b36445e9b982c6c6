namespace PipelineBackup.Testing.Tests.Samples;

/// <summary>Reads one file of a server from its start to its end.</summary>
internal sealed class InstanceReader(IInstance instance, SourceFile file, Action close)
    : ISourceFileReader, IRereadPages
{
    private long _offset;

    // Someone writes while this reads: a page that is half old and half new is whole a moment later.
    public int MaxRereads => 16;

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int count = (int)Math.Min(buffer.Length, file.Length - _offset);
        await FillAsync(_offset, buffer[..count], cancellationToken);
        _offset += count;
        return count;
    }

    public ValueTask RereadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        FillAsync(offset, buffer, cancellationToken);

    public ValueTask DisposeAsync()
    {
        close();
        return ValueTask.CompletedTask;
    }

    private async ValueTask FillAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (buffer.Length > 0)
        {
            int read = await instance.ReadAsync(file.OriginalPath, offset, buffer, cancellationToken);
            if (read == 0)
                throw new SourceException($"'{file.Name}' ends at byte {offset}, before its length of {file.Length}");
            buffer = buffer[read..];
            offset += read;
        }
    }
}
