namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>A log whose end a crash loses, as far as it was not flushed.</summary>
internal sealed class LosableLog(List<byte[]> records) : IUndoLog
{
    private readonly List<byte[]> _pending = [];

    public LogPosition Append(ReadOnlySpan<byte> record)
    {
        // Throws unless it is one whole record.
        _ = RecordMaker.View(record.ToArray());
        _pending.Add(record.ToArray());
        return new(new(2), 1, _pending.Count);
    }

    public void Flush()
    {
        records.AddRange(_pending);
        _pending.Clear();
    }

    /// <summary>Keeps some of what was not flushed, in order.</summary>
    public void Crash(Random random)
    {
        records.AddRange(_pending.Take(random.Next(_pending.Count + 1)));
        _pending.Clear();
    }
}
