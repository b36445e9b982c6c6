namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Log records for tests, of one database and one tree unless told otherwise.</summary>
internal sealed class RecordMaker
{
    public const byte Database = 1;

    private readonly LogRecordWriter _writer = new();

    public static PageNumber Root => new(1);

    public static ObjectId Tree => new(7);

    public static NodeChange Node(int session, uint version, int level = 1, uint page = 2, ulong time = 100,
        ulong before = 99, uint transaction = 4, int line = 0, PageChangeFlags more = PageChangeFlags.Unique) => new(
            new((ushort)session, Database, new(page), new(time), new(before), new(transaction), (byte)level, (ushort)line,
                PageChangeFlags.Versioned | more),
            version, Root, Tree);

    public byte[] Begin0(int session, uint transaction = 4, int count = 1, int from = 0) => Made(writer =>
        writer.Add(LogRecordType.Begin0, new OuterBegin(new((ushort)session, from, count), new(transaction))));

    public byte[] Begin(int session, int from, int count = 1) => Made(writer =>
        writer.Add(LogRecordType.Begin, new InnerBegin((ushort)session, from, count)));

    public byte[] Commit(int session, int level) => Made(writer =>
        writer.Add(LogRecordType.Commit, new InnerCommit((ushort)session, (byte)level)));

    public byte[] Commit0(int session, uint transaction = 8) => Made(writer =>
        writer.Add(LogRecordType.Commit0, new OuterCommit(new((ushort)session, 0), new(transaction))));

    public byte[] Rollback(int session, int count) => Made(writer =>
        writer.Add(LogRecordType.Rollback, new TransactionRollback((ushort)session, (byte)count)));

    public byte[] Refresh(int session, uint transaction) => Made(writer =>
        writer.Add(LogRecordType.Refresh, new TransactionRefresh((ushort)session, new(transaction))));

    public byte[] Macro(LogRecordType type, int session, ulong time) => Made(writer =>
        writer.Add(type, new MacroBracket((ushort)session, new(time))));

    public byte[] UndoInfo(in NodeChange node, NodeOperation operation, byte[] key, byte[] oldData)
    {
        _writer.Clear();
        _writer.UndoInfo(node, operation, (short)oldData.Length, 0, key, [], oldData);
        return _writer.Written.ToArray();
    }

    public byte[] Made(Action<LogRecordWriter> write)
    {
        _writer.Clear();
        write(_writer);
        return _writer.Written.ToArray();
    }

    public static LogRecordView View(byte[] record, int offset = 0x28) =>
        new(record, new(new(1), 1, offset), new(new(1), 1, offset));
}
