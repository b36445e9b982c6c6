using PipelineBackup.Ese.Tests.Logs;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>
/// The logs of a stream from its first generation replayed into an empty file: all that its first database ever was.
/// </summary>
internal static class LogReplay
{
    /// <summary>Replays them.</summary>
    /// <param name="folder">The folder of the logs.</param>
    /// <param name="macro">Redoes a macro.</param>
    /// <param name="goOn">Says before each record whether to go on; null for always.</param>
    public static void Run(string folder, Action<RedoRig, RedoContext, MacroRecords> macro, Func<bool>? goOn = null)
    {
        var files = LogCorpus.Logs(folder).Select(path => (Path: path, Header: LogHeader.Read(File.ReadAllBytes(path).AsSpan(0, 4096))))
            .OrderBy(file => file.Header.Generation).ToList();
        Assert.Equal(1, files[0].Header.Generation.Value);
        using var rig = new RedoRig(files[0].Header.PageSize.Bytes, pages: 0, memoryBytes: 256 << 20);
        var transactions = new RedoTransactions();
        var macros = new MacroSet();
        foreach (var (path, _) in files)
        {
            using var reader = LogRecordReader.Open(path);
            while ((goOn?.Invoke() ?? true) && reader.TryRead(out var record))
                Apply(rig, transactions, macros, record, macro);
        }
    }

    private static void Apply(RedoRig rig, RedoTransactions transactions, MacroSet macros, in LogRecordView record,
        Action<RedoRig, RedoContext, MacroRecords> macro)
    {
        if (transactions.TryApply(record))
            return;
        switch (record.Type)
        {
            case LogRecordType.MacroBegin:
                macros.Begin(transactions.Session(record.Body<MacroBracket>().Session), record);
                break;
            case LogRecordType.MacroCommit:
                var session = transactions.Session(record.Body<MacroBracket>().Session);
                if (macros.Commit(session, record) is { } records && SlotOf(records[0]) == 1)
                    macro(rig, new(rig.Database, session, rig.Versions), records);
                break;
            case LogRecordType.Init or LogRecordType.Init2:
                macros.Clear();
                transactions.EndAll();
                break;
            default:
                if (!IsOfPages(record, out var id, out byte slot))
                    return;
                var its = transactions.Session(id);
                if (its.HasBegun && !macros.TryAdd(its, record) && slot == 1)
                    Redo.Apply(new(rig.Database, its, rig.Versions), record);
                break;
        }
    }

    private static byte SlotOf(LogRecordView first) =>
        first.Type == LogRecordType.RootPageMove ? first.Body<RootMove>().Database : first.Page.Database;

    private static bool IsOfPages(in LogRecordView record, out ushort session, out byte slot)
    {
        (session, slot) = (0, 0);
        if (record.IsPageChange)
            (session, slot) = (record.Page.Session, record.Page.Database);
        else if (record.Type == LogRecordType.NewPage)
            (session, slot) = (record.Body<PageCreation>().Session, record.Body<PageCreation>().Database);
        else if (record.Type == LogRecordType.RootPageMove)
            (session, slot) = (record.Body<RootMove>().Session, record.Body<RootMove>().Database);
        return slot != 0;
    }
}
