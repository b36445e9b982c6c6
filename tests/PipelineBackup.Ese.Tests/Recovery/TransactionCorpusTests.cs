using PipelineBackup.Ese.Tests.Logs;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>What real engines log of transactions and macros, and what replay relies on.</summary>
public class TransactionCorpusTests
{
    [Fact]
    public void In_all_logs_of_engines_changes_name_the_transaction_and_level_their_session_is_in()
    {
        GoldenSets.RequireCorpus();
        int changes = 0;
        foreach (string set in GoldenSets.EngineSets.Where(set => set != "damaged"))
            changes += Walk(GoldenSets.Engine(set));
        foreach (string set in GoldenSets.RealSets)
            changes += Walk(GoldenSets.Real(set));
        Assert.InRange(changes, 100_000, int.MaxValue);
    }

    private static int Walk(string folder)
    {
        int changes = 0;
        foreach (var logs in LogCorpus.Logs(folder).GroupBy(path => Path.GetDirectoryName(path)))
        {
            var transactions = new RedoTransactions();
            var macros = new MacroSet();
            foreach (string log in logs.OrderBy(Generation))
            {
                using var reader = LogRecordReader.Open(log);
                while (reader.TryRead(out var record))
                    changes += See(transactions, macros, record);
            }
        }

        return changes;
    }

    private static int Generation(string log)
    {
        Assert.True(LogFileReader.TryReadHeader(log, out var header, out _, out _));
        return header.Generation.Value;
    }

    private static int See(RedoTransactions transactions, MacroSet macros, in LogRecordView record)
    {
        if (record.Type is LogRecordType.Init or LogRecordType.Init2)
        {
            Assert.DoesNotContain(transactions.Sessions, session => session.Level > 0);
            transactions.EndAll();
        }

        if (transactions.TryApply(record) || IsMacro(transactions, macros, record))
            return 0;
        if (!record.IsPageChange || !transactions.Session(record.Page.Session).HasBegun)
            return 0;
        var session = transactions.Session(record.Page.Session);
        bool isUndoInfo = record.Type == LogRecordType.UndoInfo;
        if (!record.Page.Has(PageChangeFlags.Versioned) && !isUndoInfo)
            return 0;
        if (session.Level > 0 || !isUndoInfo)
        {
            Assert.Equal(session.Transaction, record.Page.Transaction);
            Assert.InRange(record.Page.Level, 1, session.Level);
        }

        return 1;
    }

    private static bool IsMacro(RedoTransactions transactions, MacroSet macros, in LogRecordView record)
    {
        switch (record.Type)
        {
            case LogRecordType.MacroBegin:
                macros.Begin(transactions.Session(record.Body<MacroBracket>().Session), record);
                return true;
            case LogRecordType.MacroCommit:
                macros.Commit(transactions.Session(record.Body<MacroBracket>().Session), record);
                return true;
            case LogRecordType.MacroAbort:
                macros.Abort(transactions.Session(record.Body<MacroBracket>().Session), record);
                return true;
            default:
                if (record.IsPageChange && transactions.Session(record.Page.Session).HasBegun)
                    macros.TryAdd(transactions.Session(record.Page.Session), record);
                return false;
        }
    }
}
