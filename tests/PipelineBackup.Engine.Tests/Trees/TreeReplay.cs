namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>Replays records as recovery does: transactions, macros, pages.</summary>
internal sealed class TreeReplay(RecoveringDatabase database, VersionStore versions)
{
    private readonly RedoTransactions _transactions = new();
    private readonly MacroSet _macros = new();

    /// <summary>Sees each macro before it is replayed.</summary>
    public Action<MacroRecords>? BeforeMacro { get; init; }

    /// <summary>Replays all logs of a directory, in their order.</summary>
    public void ApplyDirectory(string directory)
    {
        string last = Path.Combine(directory, "edb.log");
        var numbered = Directory.GetFiles(directory, "edb0*.log").Order(StringComparer.Ordinal);
        foreach (string path in numbered.Append(last))
        {
            using var reader = LogRecordReader.Open(path);
            while (reader.TryRead(out var record))
                Apply(record);
        }
    }

    public void Apply(ReadOnlySpan<byte> records, LogPosition position)
    {
        while (records.Length > 0)
        {
            int length = LogRecordCatalogue.Measure(records);
            Apply(new LogRecordView(records[..length], position, position));
            records = records[length..];
        }
    }

    private void Apply(in LogRecordView record)
    {
        if (_transactions.TryApply(record))
            return;
        switch (record.Type)
        {
            case LogRecordType.MacroBegin:
                _macros.Begin(SessionOf(record.Body<MacroBracket>().Session), record);
                break;
            case LogRecordType.MacroCommit:
                var session = SessionOf(record.Body<MacroBracket>().Session);
                var macro = _macros.Commit(session, record)!;
                BeforeMacro?.Invoke(macro);
                RedoMacro.Apply(new(database, session, versions), macro);
                break;
            default:
                var of = SessionOf(record.IsPageChange ? record.Page.Session : (ushort)5);
                if (!record.IsPageChange || !_macros.TryAdd(of, record))
                    Redo.Apply(new(database, of, versions), record);
                break;
        }
    }

    private RedoSession SessionOf(ushort id) => _transactions.Session(id);
}
