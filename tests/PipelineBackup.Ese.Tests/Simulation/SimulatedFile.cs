namespace PipelineBackup.Ese.Tests.Simulation;

/// <summary>An open file of a simulated disk.</summary>
internal sealed class SimulatedFile(SimulatedDisk disk, string path, SimulatedNode node, bool writes) : IDiskFile
{
    private readonly int _generation = disk.Generation;
    private bool _closed;

    /// <inheritdoc/>
    public long Length
    {
        get
        {
            Open();
            return node.Length;
        }
    }

    /// <inheritdoc/>
    public int Read(Span<byte> buffer, long offset)
    {
        Open();
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return disk.Read(node, buffer, offset, _generation);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        Writable();
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        disk.Write(node, path, bytes, offset, _generation);
    }

    /// <inheritdoc/>
    public void SetLength(long length)
    {
        Writable();
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        disk.SetLength(node, path, length, _generation);
    }

    /// <inheritdoc/>
    public void Flush()
    {
        Open();
        disk.Flush(node, path, _generation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        disk.Close(node, path, writes, _generation);
    }

    private void Open() => ObjectDisposedException.ThrowIf(_closed, this);

    private void Writable()
    {
        Open();
        if (!writes)
            throw new UnauthorizedAccessException($"'{path}' is open for reading");
    }
}
