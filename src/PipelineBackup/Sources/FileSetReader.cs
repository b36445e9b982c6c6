using Microsoft.Win32.SafeHandles;

namespace PipelineBackup.Sources;

/// <summary>Reads one file at rest, once through and again where asked.</summary>
internal sealed class FileSetReader(SafeFileHandle file, string path, Action closed) : ISourceFileReader, IRereadPages
{
    private long _offset;

    /// <summary>Nobody writes to a file at rest: one more look tells a passing fault of the disk, two are plenty.</summary>
    public int MaxRereads => 2;

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            int done = 0;
            while (done < buffer.Length)
            {
                int read = await RandomAccess.ReadAsync(file, buffer[done..], _offset + done, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    break;
                done += read;
            }

            _offset += done;
            return done;
        }
        catch (IOException failure)
        {
            throw FileSetFailure.Of(failure, path);
        }
    }

    /// <inheritdoc/>
    public async ValueTask RereadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                int read = await RandomAccess.ReadAsync(file, buffer, offset, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    return;
                buffer = buffer[read..];
                offset += read;
            }
        }
        catch (IOException failure)
        {
            throw FileSetFailure.Of(failure, path);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        file.Dispose();
        closed();
        return ValueTask.CompletedTask;
    }
}
