using PipelineBackup.Engine;

namespace PipelineBackup.Cli.Demo;

/// <summary>A session that writes until it is told to stop, or killed, and keeps a ledger.</summary>
/// <param name="engine">The engine.</param>
/// <param name="database">The database.</param>
/// <param name="index">Number of the writer, from 0.</param>
/// <param name="ledger">Its ledger.</param>
internal sealed class DemoWriter(EmbeddedEngine engine, EngineDatabase database, int index, DemoLedger ledger)
{
    private const int FirstRows = 2000, RowsAtOnce = 200, MostChanges = 8, OneInRolledBack = 10;

    // An order comes now and then. As fast as the disk allows, logs would grow faster than the backup reads them, and
    // so would what the engine must remember for the transaction that never ends.
    private const int LongestPause = 30;

    private readonly Random _random = new(index);
    private readonly List<int> _changes = [];
    private List<int> _ids = [];
    private int _rows, _number, _commits;

    /// <summary>How many of its transactions are durable.</summary>
    public int Commits => Volatile.Read(ref _commits);

    /// <summary>Inserts the first rows, then inserts, changes and deletes some.</summary>
    /// <param name="isFill">Whether it ends with the first rows.</param>
    /// <param name="cancellationToken">Ends it between two transactions.</param>
    public async Task WriteAsync(bool isFill, CancellationToken cancellationToken)
    {
        using var session = engine.CreateSession();
        using var table = DemoTable.Open(session, database);
        while (!cancellationToken.IsCancellationRequested && (!isFill || _rows < FirstRows))
        {
            bool isRolledBack = !isFill && _random.Next(OneInRolledBack) == 0;
            List<int> before = isRolledBack ? [.. _ids] : [];
            _changes.Clear();
            _number++;
            await using var transaction = session.BeginTransaction();
            for (int i = isFill ? RowsAtOnce : _random.Next(1, MostChanges); i > 0; i--)
                Change(table, isFill);
            if (isRolledBack)
            {
                transaction.Rollback();
                _ids = before;
                continue;
            }

            ledger.Try(new(_number, engine.LogEnd, _changes));
            // It waits for the disk: what is noted as done survives the kill.
            await transaction.CommitAsync(CommitMode.Durable, CancellationToken.None);
            ledger.Done(_number, transaction.CommittedAt);
            Interlocked.Increment(ref _commits);
            if (!isFill)
                await Task.Delay(_random.Next(LongestPause), CancellationToken.None);
        }
    }

    private void Change(Table table, bool isFill)
    {
        int chance = isFill || _ids.Count == 0 ? 0 : _random.Next(4);
        if (chance == 0)
        {
            int id = (++_rows * DemoTable.Writers) + index;
            DemoTable.Put(table, id, _number, isNew: true);
            _ids.Add(id);
            _changes.Add(id);
            return;
        }

        int at = _random.Next(_ids.Count), chosen = _ids[at];
        if (chance == 1)
        {
            DemoTable.Delete(table, chosen);
            _ids[at] = _ids[^1];
            _ids.RemoveAt(_ids.Count - 1);
            _changes.Add(-chosen);
        }
        else
        {
            DemoTable.Put(table, chosen, _number, isNew: false);
            _changes.Add(chosen);
        }
    }
}
