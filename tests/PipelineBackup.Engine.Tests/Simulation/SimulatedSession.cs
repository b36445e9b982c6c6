using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>A session that does whatever comes to its mind, and remembers what it changed.</summary>
/// <param name="engine">Its engine.</param>
/// <param name="model">Takes what it commits.</param>
/// <param name="random">Chance.</param>
/// <param name="mayDrop">Whether it deletes tables.</param>
internal sealed class SimulatedSession(EmbeddedEngine engine, StoreModel model, Random random, bool mayDrop)
{
    private const int MostLevels = 3;

    private readonly EngineSession _session = engine.CreateSession();
    private readonly Stack<(Transaction Transaction, int Changes)> _open = new();
    private List<RowChange> _changes = [];

    /// <summary>Whether a transaction is open.</summary>
    public bool IsOpen => _open.Count > 0;

    /// <summary>Whether it waits for no disk: it would wait for ever.</summary>
    public bool IsLazy { get; set; }

    /// <summary>Does a few things, and perhaps ends the transaction.</summary>
    /// <param name="databases">The databases that are attached, by number.</param>
    public void Step(IReadOnlyList<(int Number, EngineDatabase Database)> databases)
    {
        if (!IsOpen || (_open.Count < MostLevels && random.OneIn(8)))
            _open.Push((_session.BeginTransaction(), _changes.Count));
        for (int i = random.Next(1, 10); i > 0; i--)
        {
            var (number, database) = random.Pick([.. databases]);
            string table = random.Pick([.. SimulatedTables.Names]);
            try
            {
                if (random.OneIn(40))
                    Define(database, number, table);
                else
                    Change(database, number, table);
            }
            catch (EseException e) when (e.Error is EseError.WriteConflict or EseError.KeyDuplicate
                or EseError.ObjectNotFound or EseError.TableDuplicate)
            {
                // Others were first, or there is no such table: nothing happened.
            }
        }

        if (random.OneIn(3))
            End(random.OneIn(4));
    }

    /// <summary>Ends the innermost transaction.</summary>
    public void End(bool isRolledBack)
    {
        var (transaction, changes) = _open.Pop();
        if (isRolledBack)
        {
            transaction.Rollback();
            _changes.RemoveRange(changes, _changes.Count - changes);
            return;
        }

        bool isDurable = random.OneIn(2) && !IsLazy;
        var committed = _changes;
        if (!IsOpen && committed.Count > 0)
        {
            model.Committing(committed);
            _changes = [];
        }

        LifeRig.Now(transaction.CommitAsync(isDurable ? CommitMode.Durable : CommitMode.Lazy));
        if (!IsOpen && isDurable && committed.Count > 0)
            model.Kept();
    }

    /// <summary>Ends the session, with all that is open.</summary>
    /// <param name="commits">Whether that is committed.</param>
    public void Close(bool commits)
    {
        while (IsOpen)
            End(!commits);
        _session.Dispose();
    }

    private void Define(EngineDatabase database, int number, string table)
    {
        if (_session.TableNames(database).Contains(table))
        {
            if (mayDrop && random.OneIn(3))
            {
                _session.DeleteTable(database, table);
                _changes.Add(new(RowChangeKind.Drop, RowName.Of(number, table)));
            }

            return;
        }

        _session.CreateTable(database, SimulatedTables.Define(table));
        _changes.Add(new(RowChangeKind.Set, RowName.Of(number, table)));
    }

    private void Change(EngineDatabase database, int number, string name)
    {
        if (!_session.TableNames(database).Contains(name))
        {
            _session.CreateTable(database, SimulatedTables.Define(name));
            _changes.Add(new(RowChangeKind.Set, RowName.Of(number, name)));
        }

        var table = _session.OpenTable(database, name);
        var row = new RowName(number, name, random.Next(SimulatedTables.Most(name)));
        int value = random.Next();
        if (table.Find(row.Key) is not { } found)
        {
            table.Insert(SimulatedTables.Put(table.NewRow().Set("id", row.Key), name, value));
            _changes.Add(new(RowChangeKind.Set, row, name == SimulatedTables.Counters ? 0 : value));
        }
        else if (name == SimulatedTables.Counters)
        {
            value %= 1000;
            found.EscrowUpdate("value", value);
            _changes.Add(new(RowChangeKind.Add, row, value));
        }
        else if (random.OneIn(2))
        {
            found.Delete();
            _changes.Add(new(RowChangeKind.Remove, row));
        }
        else
        {
            found.Update(SimulatedTables.Put(table.NewRow(), name, value));
            _changes.Add(new(RowChangeKind.Set, row, value));
        }
    }
}
