namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>Keeps the records of a change and ends it before it is made.</summary>
internal sealed class CapturingLog : IChangeLog
{
    /// <summary>The records between the first and the last two of a macro.</summary>
    public MacroRecords Members { get; } = new();

    public LogPosition Append(ReadOnlySpan<byte> records)
    {
        while (records.Length > 0)
        {
            int length = LogRecordCatalogue.Measure(records);
            var record = new LogRecordView(records[..length], new(1), new(1));
            if (record.IsPageChange)
                Members.Add(record);
            records = records[length..];
        }

        throw new CapturedException();
    }

    public sealed class CapturedException : Exception;
}
