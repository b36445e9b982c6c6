namespace PipelineBackup.Engine;

/// <summary>A log that is written nowhere: positions and generations go on, bytes are dropped.</summary>
internal sealed class NoLogFiles : ILogFiles
{
    /// <summary>A new stream.</summary>
    /// <param name="header">Header of its first log, not finished.</param>
    public NoLogFiles(byte[] header) => Roll(header);

    /// <inheritdoc/>
    public LogHeader Header { get; private set; } = null!;

    /// <inheritdoc/>
    public bool IsOnReserve => false;

    /// <inheritdoc/>
    public void FillReserves()
    {
    }

    /// <inheritdoc/>
    public void Write(Span<byte> segments, int first)
    {
    }

    /// <inheritdoc/>
    public void Flush()
    {
    }

    /// <inheritdoc/>
    public void Roll(byte[] header) => BeginRoll(header);

    /// <inheritdoc/>
    public void BeginRoll(byte[] header)
    {
        LogHeaderWriter.Finish(header, 0, false);
        Header = LogHeader.Read(header);
    }

    /// <inheritdoc/>
    public void EndRoll()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
