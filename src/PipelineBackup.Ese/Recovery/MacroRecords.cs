namespace PipelineBackup.Ese;

/// <summary>The records of one macro, copied from the log, in their order.</summary>
internal sealed class MacroRecords
{
    private readonly List<(byte[] Bytes, LogPosition Position)> _records = [];

    /// <summary>Number of records.</summary>
    public int Count => _records.Count;

    /// <summary>One record.</summary>
    /// <param name="index">Its place, 0 being the first.</param>
    public LogRecordView this[int index] =>
        new(_records[index].Bytes, _records[index].Position, _records[index].Position);

    /// <summary>Adds a record.</summary>
    /// <param name="record">The record; copied.</param>
    public void Add(in LogRecordView record) => _records.Add((record.Bytes.ToArray(), record.Position));
}
