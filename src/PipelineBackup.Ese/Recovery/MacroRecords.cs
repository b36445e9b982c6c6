namespace PipelineBackup.Ese;

/// <summary>The records of one macro, copied from the log, in their order.</summary>
internal sealed class MacroRecords
{
    private readonly List<(int Offset, int Length, LogPosition Position)> _records = [];
    private byte[] _bytes = [];

    /// <summary>Number of records.</summary>
    public int Count => _records.Count;

    /// <summary>Their bytes.</summary>
    public int Length { get; private set; }

    /// <summary>One record.</summary>
    /// <param name="index">Its place, 0 being the first.</param>
    public LogRecordView this[int index]
    {
        get
        {
            var (offset, length, position) = _records[index];
            return new(_bytes.AsSpan(offset, length), position, position);
        }
    }

    /// <summary>Adds a record.</summary>
    /// <param name="record">The record; copied.</param>
    public void Add(in LogRecordView record)
    {
        int length = record.Bytes.Length;
        if (_bytes.Length - Length < length)
            Array.Resize(ref _bytes, checked(Math.Max(_bytes.Length * 2, Length + length)));
        record.Bytes.CopyTo(_bytes.AsSpan(Length));
        _records.Add((Length, length, record.Position));
        Length += length;
    }

    /// <summary>Forgets the records; the room stays.</summary>
    public void Clear()
    {
        _records.Clear();
        Length = 0;
    }
}
