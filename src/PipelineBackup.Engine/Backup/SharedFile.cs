namespace PipelineBackup.Engine;

/// <summary>
/// The file of a database, with ranges that a backup reads: who writes to one of them waits until it was read, and who
/// wants to read one waits until what is being written is. So no page is ever copied torn.
/// </summary>
/// <param name="file">The file; disposed of with this.</param>
internal sealed class SharedFile(IDiskFile file) : IDiskFile
{
    private readonly object _gate = new();
    private readonly List<(long From, long To)> _reading = [];

    /// <inheritdoc/>
    public long Length => file.Length;

    /// <inheritdoc/>
    public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        lock (_gate)
        {
            WaitFor(offset, offset + bytes.Length);
            file.Write(bytes, offset);
        }
    }

    /// <inheritdoc/>
    public void SetLength(long length)
    {
        lock (_gate)
        {
            WaitFor(Math.Min(length, file.Length), long.MaxValue);
            file.SetLength(length);
        }
    }

    /// <inheritdoc/>
    public void Flush() => file.Flush();

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>Reads while nobody writes there. Not with the engine's latch held: writers may hold it.</summary>
    /// <param name="reader">The same file, opened by the reader.</param>
    /// <param name="buffer">Takes the bytes.</param>
    /// <param name="offset">Where to begin.</param>
    /// <returns>Bytes read.</returns>
    public int ReadQuietly(IDiskFile reader, Span<byte> buffer, long offset)
    {
        var range = (offset, offset + buffer.Length);
        lock (_gate)
            _reading.Add(range);
        try
        {
            return reader.Read(buffer, offset);
        }
        finally
        {
            lock (_gate)
            {
                _reading.Remove(range);
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void WaitFor(long from, long to)
    {
        while (_reading.Exists(range => range.From < to && from < range.To))
            Monitor.Wait(_gate);
    }
}
