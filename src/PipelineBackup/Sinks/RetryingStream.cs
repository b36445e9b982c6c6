using PipelineBackup.Shared;

namespace PipelineBackup.Sinks;

/// <summary>Reads a range of an object, and opens it anew at the byte it has come to when reading fails.</summary>
/// <param name="loop">Decides what is repeated.</param>
/// <param name="timeLimit">How long one attempt of a read may take.</param>
/// <param name="archive">Where the object is.</param>
/// <param name="name">The object.</param>
/// <param name="range">The range.</param>
/// <param name="first">The range, opened; the stream owns it.</param>
internal sealed class RetryingStream(
    RetryLoop loop, TimeSpan timeLimit, IBackupArchive archive, ObjectName name, ByteRange range, Stream first)
    : SequentialStream
{
    private ByteRange _rest = range;
    private Stream? _stream = first;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        buffer.Length == 0 || _rest.Length == 0
            ? cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<int>(cancellationToken) : new(0)
            : loop.RunAsync(
                $"read '{name}' at {_rest.Offset}", timeLimit, token => AttemptAsync(buffer, token), cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Interlocked.Exchange(ref _stream, null)?.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> AttemptAsync(Memory<byte> buffer, CancellationToken token)
    {
        try
        {
            _stream ??= await archive.OpenReadAsync(name, _rest, token);
            int read = await _stream.ReadAsync(buffer, token);
            if (read == 0 && _rest.Length is { } missing)
                throw new SinkException(
                    $"'{name}' ended at byte {_rest.Offset}, {missing} bytes early") { Transient = true };
            _rest = new(_rest.Offset + read, _rest.Length - read);
            return read;
        }
        catch
        {
            // Whatever failed, where the stream stands is not known any more.
            await CloseAsync();
            throw;
        }
    }

    private async ValueTask CloseAsync()
    {
        if (Interlocked.Exchange(ref _stream, null) is { } stream)
            await stream.DisposeAsync();
    }
}
