namespace PipelineBackup.Tests.Simulation;

/// <summary>The read side of a store that tells every step: opens, reads of streams, names of listings.</summary>
internal sealed class SteppedArchive(IBackupArchive inner, Action<int> reached) : IBackupArchive
{
    private int _steps;

    public int Steps => Volatile.Read(ref _steps);

    public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        Step();
        return new SteppedStream(await inner.OpenReadAsync(name, range, cancellationToken), this);
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Step();
        await foreach (var item in inner.ListAsync(prefix, cancellationToken))
            yield return item;
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void Step() => reached(Interlocked.Increment(ref _steps));

    private sealed class SteppedStream(Stream stream, SteppedArchive archive) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            archive.Step();
            return stream.ReadAsync(buffer, cancellationToken);
        }

        public override int Read(byte[] buffer, int offset, int count) => stream.Read(buffer, offset, count);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            stream.Dispose();
            base.Dispose(disposing);
        }
    }
}
