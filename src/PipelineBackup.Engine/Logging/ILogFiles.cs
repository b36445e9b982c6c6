namespace PipelineBackup.Engine;

/// <summary>What takes the bytes of a log stream: files, or nothing. For one thread at once.</summary>
internal interface ILogFiles : IDisposable
{
    /// <summary>Header of the current log.</summary>
    LogHeader Header { get; }

    /// <summary>Whether a reserve log had to be taken: there is room to end, and for nothing else.</summary>
    bool IsOnReserve { get; }

    /// <summary>Makes the reserve logs that are missing, or have another length.</summary>
    /// <exception cref="EseException">−529: there is no room for them.</exception>
    void FillReserves();

    /// <summary>Writes segments to the current log, and makes them final: their marks and checksums.</summary>
    /// <param name="segments">Whole segments; changed.</param>
    /// <param name="first">Index of the first.</param>
    void Write(Span<byte> segments, int first);

    /// <summary>Makes what was written durable.</summary>
    void Flush();

    /// <summary>Begins the next generation, once the one before is whole.</summary>
    /// <param name="header">Its header, not finished.</param>
    void Roll(byte[] header);

    /// <summary>
    /// The first half of <see cref="Roll"/>: the log has got its number, and the next one is there under another name.
    /// Nothing can be written until <see cref="EndRoll"/>.
    /// </summary>
    /// <param name="header">Header of the next one, not finished.</param>
    void BeginRoll(byte[] header);

    /// <summary>The second half: the next log is the current one.</summary>
    void EndRoll();
}
