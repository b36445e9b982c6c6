namespace PipelineBackup.Ese;

/// <summary>The log of undo as the databases see it: durable before their pages, and known to their headers.</summary>
/// <param name="writer">Writes the files.</param>
/// <param name="databases">The databases.</param>
internal sealed class UndoLog(LogFileWriter writer, AttachedDatabases databases) : IUndoLog
{
    /// <inheritdoc/>
    public LogPosition Append(ReadOnlySpan<byte> record) => writer.Append(record);

    /// <inheritdoc/>
    public void Flush()
    {
        writer.Flush();
        if (writer.DurableHeader is { } durable)
            databases.Begin(durable.Generation, durable.Created);
    }
}
