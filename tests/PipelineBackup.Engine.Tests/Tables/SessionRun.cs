using PipelineBackup.Engine.Tests.Life;

namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>A seeded run of several sessions beside a model.</summary>
internal sealed partial class SessionRun
{
    public const string TableName = "things";

    private readonly Random _random;
    private readonly RowModel _model = new();
    private readonly EmbeddedEngine _engine;
    private readonly EngineDatabase _database;
    private readonly List<Worker> _workers = [];
    private readonly string _what;

    public SessionRun(EmbeddedEngine engine, EngineDatabase database, int seed, int sessions)
    {
        (_engine, _database, _random, _what) = (engine, database, new(seed), $"seed {seed}");
        using (var session = engine.CreateSession())
            session.CreateTable(database, Definition(_random.Next(2) == 0));
        for (int i = 0; i < sessions; i++)
            _workers.Add(new(engine.CreateSession(), database));
    }

    /// <summary>What was committed, one after the other; from the first that is promised to be there.</summary>
    public List<string> Promised { get; } = [Text([], false)];

    /// <summary>How often what was tried was in conflict, was a duplicate, was done.</summary>
    public Dictionary<string, int> Seen { get; } = [];

    public void Go(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            var worker = _workers[_random.Next(_workers.Count)];
            if (worker.Transaction is null)
                worker.Begin(_model);
            else
                Step(worker);
            if (_random.Next(60) == 0)
                _engine.CleanUp();
        }
    }

    public void End()
    {
        foreach (var worker in _workers)
        {
            while (worker.Transactions.Count > 0)
                EndTransaction(worker, isCommitted: _random.Next(2) == 0);
            worker.Session.Dispose();
        }
    }

    /// <summary>What a new session sees is what was committed.</summary>
    public void RequireHeld(EmbeddedEngine engine, EngineDatabase database)
    {
        using var session = engine.CreateSession();
        Compare(session.OpenTable(database, TableName), _model.Committed, _model.HasExtra, $"{_what}, at the end");
    }

    /// <summary>What a new session sees is one of the states that may be.</summary>
    public void RequirePromised(EmbeddedEngine engine, EngineDatabase database)
    {
        using var session = engine.CreateSession();
        bool isThere = session.TableNames(database).Contains(TableName);
        string found = Text([], false);
        if (isThere)
        {
            var table = session.OpenTable(database, TableName);
            bool hasExtra = table.Columns.Any(column => column.Name == "more");
            var rows = new SortedDictionary<int, ModelRow>();
            var cursor = table.OpenCursor();
            while (cursor.MoveNext())
                rows.Add(cursor.GetInt32("id")!.Value, Read(cursor));
            Compare(table, rows, hasExtra, $"{_what}, recovered");
            found = Text(rows, hasExtra);
        }

        Assert.True(Promised.Contains(found),
            $"{_what}: found\n{found}\nwhich is none of {Promised.Count} states, the last\n{Promised[^1]}");
    }

    private static NewTable Definition(bool isCompressed) => new(TableName)
    {
        Columns =
        [
            new("id", ColumnType.Long) { IsNotNull = true },
            new("group", ColumnType.Short),
            new("count", ColumnType.Long) { IsEscrow = true },
            new("version", ColumnType.Long) { IsVersion = true },
            new("name", ColumnType.Text) { CodePage = 1252 },
            new("tags", ColumnType.Long) { IsMultiValued = true },
            new("note", ColumnType.LongBinary) { IsCompressed = isCompressed },
            new("title", ColumnType.LongText),
        ],
        Indexes =
        [
            new("primary", "id") { IsPrimary = true },
            new("by-name", "name") { IsUnique = true, Nulls = IndexNulls.IgnoreAny },
            new("by-group", "group"),
            new("by-tag", "tags"),
        ],
    };

    private void Step(Worker worker)
    {
        int kind = _random.Next(100);
        if (kind < 30)
            Insert(worker);
        else if (kind < 50)
            Update(worker);
        else if (kind < 60)
            Delete(worker);
        else if (kind < 68)
            Add(worker);
        else if (kind < 74)
            Compare(worker.Table, worker.Transaction!.View, worker.Transaction.HasExtra, _what);
        else if (kind < 78)
            SeekSome(worker);
        else if (kind < 82 && worker.Transactions.Count < 4)
            worker.Enter(_model);
        else if (kind < 84)
            Define(worker);
        else
            EndTransaction(worker, _random.Next(3) > 0);
    }

    private void EndTransaction(Worker worker, bool isCommitted)
    {
        var transaction = worker.Transactions.Pop();
        bool isOuter = worker.Transactions.Count == 0;
        if (isCommitted)
        {
            if (isOuter)
                _model.Commit(worker.Transaction!);
            else
                _model.CommitInner(worker.Transaction!);
            if (isOuter)
                Promised.Add(Text(_model.Committed, _model.HasExtra));
            bool isDurable = _random.Next(4) == 0;
            LifeRig.Now(transaction.CommitAsync(isDurable ? CommitMode.Durable : CommitMode.Lazy));

            // One that changed nothing has nothing to wait for.
            if (isOuter && isDurable && worker.Transaction!.End is not null)
                Promised.RemoveRange(0, Promised.Count - 1);
        }
        else
        {
            if (_random.Next(2) == 0)
                transaction.Rollback();
            else
                transaction.Dispose();
            if (isOuter)
                _model.RollBack(worker.Transaction!);
            else
                _model.RollBackInner(worker.Transaction!);
        }

        if (isOuter)
            worker.Transaction = null;
    }

    private void Insert(Worker worker)
    {
        var view = worker.Transaction!;
        var row = NewRow(_random.Next(90));
        bool isDuplicate = view.View.ContainsKey(row.Id) || HasName(view, row);
        bool isTaken = _model.IsDefinitionInTheWay(view) | _model.IsTaken(view, $"row {row.Id}")
            | IsNameTaken(view, row.Name);
        var values = worker.Table.NewRow().Set("id", row.Id).Set("group", row.Group);
        Put(values, row, null);
        if (!Try(isTaken, isDuplicate, "insert", () => worker.Table.Insert(values)))
            return;
        _model.Change(view, $"row {row.Id}", row.Id);
        ChangeName(view, row.Name);
        view.View.Add(row.Id, row);
    }

    private void Update(Worker worker)
    {
        var view = worker.Transaction!;
        if (view.View.Count == 0)
            return;
        var old = Pick(view);
        var row = NewRow(old.Id) with { Group = old.Group, Count = old.Count, Version = old.Version + 1 };
        bool isDuplicate = row.Name != old.Name && HasName(view, row);
        bool isTaken = _model.IsDefinitionInTheWay(view) | _model.IsTaken(view, $"row {row.Id}")
            | (row.Name != old.Name && (IsNameTaken(view, row.Name) || IsNameTaken(view, old.Name)));
        var cursor = worker.Table.Find(old.Id);
        Assert.True(cursor is not null, _what);
        var values = worker.Table.NewRow();
        Put(values, row, old);
        if (!Try(isTaken, isDuplicate, "update", () => cursor.Update(values)))
            return;
        _model.Change(view, $"row {row.Id}", row.Id);
        if (row.Name != old.Name)
        {
            ChangeName(view, old.Name);
            ChangeName(view, row.Name);
        }

        view.View[row.Id] = row;
        Require(cursor, row);
    }

    private void Delete(Worker worker)
    {
        var view = worker.Transaction!;
        if (view.View.Count == 0)
            return;
        var old = Pick(view);
        bool isTaken = _model.IsDefinitionInTheWay(view) | _model.IsTaken(view, $"row {old.Id}")
            | IsNameTaken(view, old.Name);
        var cursor = worker.Table.Find(old.Id);
        Assert.True(cursor is not null, _what);
        if (!Try(isTaken, false, "delete", cursor.Delete))
            return;
        _model.Change(view, $"row {old.Id}", old.Id);
        ChangeName(view, old.Name);
        view.View.Remove(old.Id);
        Assert.Equal(EseError.RecordDeleted, Assert.Throws<EseException>(() => cursor.GetInt64("id")).Error);
        Assert.Null(worker.Table.Find(old.Id));
    }

    private void Add(Worker worker)
    {
        var view = worker.Transaction!;
        if (view.View.Count == 0)
            return;
        var old = Pick(view);
        int delta = _random.Next(-50, 50);
        bool isTaken = _model.IsDefinitionInTheWay(view) | _model.IsTaken(view, $"row {old.Id}", isDelta: true);
        var cursor = worker.Table.Find(old.Id);
        Assert.True(cursor is not null, _what);
        if (!Try(isTaken, false, "add", () => Assert.Equal(old.Count, cursor.EscrowUpdate("count", delta))))
            return;
        _model.Change(view, $"row {old.Id}", old.Id, delta);
        view.View[old.Id] = old with { Count = old.Count + delta };
    }

    // A column and an index that come and go.
    private void Define(Worker worker)
    {
        var view = worker.Transaction!;
        bool hasExtra = view.HasExtra;
        bool isFree = _model.TryDefine(view);
        bool isDone = Try(!isFree, false, "define", () =>
        {
            if (hasExtra)
            {
                worker.Session.DeleteIndex(_database, TableName, "extra");
                worker.Session.DeleteColumn(_database, TableName, "more");
            }
            else
            {
                worker.Session.AddColumn(_database, TableName,
                    new("more", ColumnType.Long) { Default = new byte[] { 7, 0, 0, 0 } });
                worker.Session.CreateIndex(_database, TableName, new("extra", "more", "group"));
            }
        });
        if (!isDone)
            return;
        view.HasExtra = !hasExtra;
        _model.Change(view, "definition");
    }

    private void SeekSome(Worker worker)
    {
        var view = worker.Transaction!.View;
        int id = _random.Next(90);
        Assert.Equal(view.ContainsKey(id), worker.Table.Find(id) is not null);
        var cursor = worker.Table.OpenCursor();
        int end = id + _random.Next(30);
        var found = new List<int>();
        for (bool more = cursor.SeekRange([id], [end]); more; more = cursor.MoveNext())
            found.Add(cursor.GetInt32("id")!.Value);
        Assert.Equal(view.Keys.Where(key => key >= id && key <= end), found);
        found.Clear();
        for (bool more = cursor.MoveLast(); more; more = cursor.MovePrevious())
            found.Add(cursor.GetInt32("id")!.Value);
        Assert.Equal(view.Keys.Where(key => key >= id && key <= end).Reverse(), found);
        var byName = worker.Table.OpenCursor("by-name");
        string name = NewName();
        Assert.Equal(view.Values.FirstOrDefault(row => row.Name == name)?.Id,
            byName.Seek(name) ? byName.GetInt32("id") : null);
    }

    private bool Try(bool isTaken, bool isDuplicate, string what, Action change)
    {
        EseError error = EseError.Success;
        try
        {
            change();
        }
        catch (EseException e) when (e.Error is EseError.WriteConflict or EseError.KeyDuplicate)
        {
            error = e.Error;
        }

        bool isExpected = error switch
        {
            EseError.WriteConflict => isTaken,
            EseError.KeyDuplicate => isDuplicate,
            _ => !isTaken && !isDuplicate,
        };
        Assert.True(isExpected, $"{_what}: {what} gave {error}, taken {isTaken}, duplicate {isDuplicate}");
        string seen = $"{what} {error}";
        Seen[seen] = Seen.GetValueOrDefault(seen) + 1;
        return error == EseError.Success;
    }

    private bool HasName(ModelTransaction view, ModelRow row) =>
        row.Name is not null && view.View.Values.Any(other => other.Name == row.Name && other.Id != row.Id);

    private bool IsNameTaken(ModelTransaction view, string? name) => name is not null
        && _model.IsTaken(view, $"name {name}");

    private void ChangeName(ModelTransaction view, string? name)
    {
        if (name is not null)
            _model.Change(view, $"name {name}");
    }

    private ModelRow Pick(ModelTransaction view) => view.View.Values.ElementAt(_random.Next(view.View.Count));

    private string NewName() => $"N{_random.Next(150)}";

    private ModelRow NewRow(int id) => new(id)
    {
        Name = _random.Next(4) == 0 ? null : NewName(),
        Group = _random.Next(5),
        Tags = [.. Enumerable.Range(0, _random.Next(4)).Select(_ => _random.Next(6))],
        Note = _random.Next(3) == 0 ? null : NewNote(),
        Title = _random.Next(2) == 0 ? null : new string('t', _random.Next(1, 60)),
    };

    private byte[] NewNote()
    {
        int most = _random.Next(8) == 0 ? 30000 : _random.Next(3) == 0 ? 2500 : 100;
        byte[] note = new byte[_random.Next(1, most)];
        if (_random.Next(2) == 0)
            _random.NextBytes(note);
        note[0] = 1;
        return note;
    }

    private sealed class Worker(EngineSession session, EngineDatabase database)
    {
        public EngineSession Session => session;

        public Table Table { get; } = session.OpenTable(database, TableName);

        public Stack<Transaction> Transactions { get; } = new();

        public ModelTransaction? Transaction { get; set; }

        public void Begin(RowModel model)
        {
            Transactions.Push(session.BeginTransaction());
            Transaction = model.Begin();
        }

        public void Enter(RowModel model)
        {
            Transactions.Push(session.BeginTransaction());
            model.Enter(Transaction!);
        }
    }
}
