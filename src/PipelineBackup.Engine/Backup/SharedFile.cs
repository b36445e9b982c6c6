namespace PipelineBackup.Engine;

/// <summary>
/// The file of a database, with ranges that a backup reads: who writes to one of them waits until it was read, and who
/// wants to read one waits until what is being written is. So no page is ever copied torn. Nobody else waits: who makes
/// the file longer may have the engine's latch.
/// </summary>
/// <param name="file">The file; disposed of with this.</param>
internal sealed class SharedFile(IDiskFile file) : IDiskFile
{
    private readonly object _gate = new();
    private readonly List<(long From, long To)> _reading = [], _writing = [];

    /// <inheritdoc/>
    public long Length => file.Length;

    /// <inheritdoc/>
    public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        var range = (offset, offset + bytes.Length);
        Begin(_writing, range, unless: _reading);
        try
        {
            file.Write(bytes, offset);
        }
        finally
        {
            End(_writing, range);
        }
    }

    /// <inheritdoc/>
    public void SetLength(long length)
    {
        // What comes to it is nobody's yet.
        long end = file.Length;
        var range = length < end ? (length, long.MaxValue) : (0L, 0L);
        Begin(_writing, range, unless: _reading);
        try
        {
            file.SetLength(length);
        }
        finally
        {
            End(_writing, range);
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
        Begin(_reading, range, unless: _writing);
        try
        {
            return reader.Read(buffer, offset);
        }
        finally
        {
            End(_reading, range);
        }
    }

    private void Begin(List<(long From, long To)> own, (long From, long To) range, List<(long From, long To)> unless)
    {
        lock (_gate)
        {
            while (unless.Exists(other => other.From < range.To && range.From < other.To))
                Monitor.Wait(_gate);
            own.Add(range);
        }
    }

    private void End(List<(long From, long To)> own, (long From, long To) range)
    {
        lock (_gate)
        {
            own.Remove(range);
            Monitor.PulseAll(_gate);
        }
    }
}
