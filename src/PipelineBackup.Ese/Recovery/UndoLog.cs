namespace PipelineBackup.Ese;

/// <summary>The log of undo as the databases see it: durable before their pages, and known to their headers.</summary>
/// <param name="writer">Writes the files.</param>
/// <param name="databases">The databases.</param>
internal sealed class UndoLog(LogFileWriter writer, AttachedDatabases databases) : IUndoLog
{
    private LogGeneration _known;

    /// <inheritdoc/>
    public LogPosition Append(ReadOnlySpan<byte> record) => writer.Append(record);

    /// <inheritdoc/>
    public void Flush()
    {
        writer.Flush();
        if (writer.DurableHeader is not { } durable || durable.Generation == _known)
            return;
        _known = durable.Generation;
        databases.Begin(durable.Generation, durable.Created);
    }
}
