using System.Buffers.Binary;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>
/// An engine at work on an <see cref="UndoneDatabase"/>: sessions change nodes in transactions, commit, roll back, and
/// pages are written whenever. At any moment it can be stopped: file and log are then what a crash leaves.
/// </summary>
internal sealed class OpenWork
{
    private const int Sessions = 4, Keys = 14, CounterOffset = 2, MostNodes = 28;

    private readonly Random _random;
    private readonly PlainRedo _redo;
    private readonly RecordMaker _make = new();
    private readonly List<Change>[] _changes = [.. Enumerable.Range(0, Sessions).Select(_ => new List<Change>())];
    private readonly uint[] _transactions = new uint[Sessions];
    private readonly int[] _levels = new int[Sessions];
    private readonly Dictionary<string, byte[]> _content = [];
    private readonly Dictionary<string, int> _owners = [];
    private uint _transaction = 4, _version;

    public OpenWork(Random random, PageSize size, ScratchMemory memory)
    {
        _random = random;
        Database = new(size);
        _redo = new(Database, new(memory));
        _version = (uint)random.Next();
    }

    public UndoneDatabase Database { get; }

    public List<byte[]> Log { get; } = [];

    /// <summary>What recovery has to leave: all that was committed, nothing else.</summary>
    public SortedDictionary<string, string> Expected()
    {
        for (int session = 0; session < Sessions; session++)
            Forget(session, 0);
        return new(_content.ToDictionary(pair => pair.Key, pair => Convert.ToHexString(pair.Value)), StringComparer.Ordinal);
    }

    public void Step()
    {
        int session = _random.Next(Sessions), roll = _random.Next(100);
        if (roll < 10 && Database.Dirty.Count > 0)
            Flush(_random.Pick([.. Database.Dirty]));
        else if (_levels[session] == 0)
            Begin0(session);
        else if (roll < 17 && _levels[session] < 5)
            Begin(session);
        else if (roll < 25)
            Commit(session);
        else if (roll < 30)
            RollBack(session);
        else if (roll < 36)
            MoveNodes(session, (uint)_random.Next(UndoneDatabase.Leaves - 1));
        else
            ChangeNode(session);
    }

    /// <summary>A macro begins and its end is never logged.</summary>
    public void OpenMacro()
    {
        int session = Array.FindIndex(_levels, level => level > 0);
        if (session < 0)
            return;
        ulong time = ++Database.Time;
        Write(_make.Macro(LogRecordType.MacroBegin, session, time));
        var node = Node(session, ++_version, UndoneDatabase.Leaf(0), 0);
        node = node with { Change = node.Change with { Time = new(time), TimeBefore = DbTime.Nil } };
        Write(_make.Made(w => w.Insert(node, [], [0, 0xFF], [1])));
    }

    private void Begin0(int session)
    {
        _transactions[session] = _transaction += 4;
        _levels[session] = _random.Next(1, 3);
        Write(_make.Begin0(session, _transactions[session], _levels[session]));
    }

    private void Begin(int session)
    {
        Write(_make.Begin(session, _levels[session]));
        _levels[session]++;
    }

    private void Commit(int session)
    {
        int level = _random.OneIn(3) ? 0 : _levels[session] - 1;
        _levels[session] = level;
        Write(level == 0 ? _make.Commit0(session, _transaction += 4) : _make.Commit(session, level));
        if (level == 0)
            _changes[session].Clear();
        foreach (var change in _changes[session])
            change.Level = Math.Min(change.Level, level);
        Release(session);
    }

    private void RollBack(int session)
    {
        int level = _levels[session] - 1;
        foreach (var change in _changes[session].Where(change => change.Level > level).Reverse())
        {
            // Old data have to be in the log before they are put back: the page that they were on may be written, and the
            // one that the node was moved to not.
            LogOldData(session, change);
            var page = Database.LeafOf(change.Key);
            var node = Node(session, change.Version, page, Database.Find(page, change.Key).Line);
            node = node with { Change = node.Change with { Flags = PageChangeFlags.Unique } };
            Write(_make.Made(w => w.Undo(node, change.Operation, (byte)change.Level, change.Key, [])));
        }

        Forget(session, level);
        _levels[session] = level;
        Write(_make.Rollback(session, 1));
        Release(session);
    }

    private void ChangeNode(int session)
    {
        byte leaf = (byte)_random.Next(UndoneDatabase.Leaves), which = (byte)_random.Next(Keys);
        byte[] key = [leaf, which];
        string name = Convert.ToHexString(key);
        bool isCounter = which < 2, isThere = _content.ContainsKey(name);

        // A counter moves for all at once; it stands there from the first transaction on.
        int owner = _owners.GetValueOrDefault(name, session);
        if (owner != session)
            return;
        if (isCounter && isThere)
        {
            Move(session, key);
            return;
        }

        if (isCounter && _levels[session] > 1)
            return;
        var page = Database.LeafOf(key);
        var (line, hasNode) = Database.Find(page, key);
        if (!hasNode && Database.View(page).NodeCount >= MostNodes)
            return;
        _owners[name] = session;
        byte[] data = Data();
        if (isThere && _random.OneIn(3))
            LogChange(session, page, line, key, NodeOperation.FlagDelete, null);
        else if (isThere)
            LogChange(session, page, line, key, NodeOperation.Replace, data);
        else if (hasNode)
            InsertAgain(session, page, line, key, data);
        else
            LogChange(session, page, line, key, NodeOperation.Insert, data);
        if (!isCounter)
            return;

        // Others move it from now on, so it has to be there for good.
        _levels[session] = 0;
        Write(_make.Commit0(session, _transaction += 4));
        _changes[session].Clear();
        Release(session);
    }

    private void LogChange(int session, PageNumber page, int line, byte[] key, NodeOperation operation, byte[]? data)
    {
        var node = Node(session, ++_version, page, line);
        int old = _content.GetValueOrDefault(Convert.ToHexString(key), []).Length;
        Remember(session, page, key, operation, data);
        Write(_make.Made(writer =>
        {
            switch (operation)
            {
                case NodeOperation.Insert:
                    writer.Insert(node, key.AsSpan(0, 1), key.AsSpan(1), data);
                    break;
                case NodeOperation.Replace:
                    writer.Replace(node, old, data);
                    break;
                default:
                    writer.Add(LogRecordType.FlagDelete, node);
                    break;
            }
        }));
    }

    private void InsertAgain(int session, PageNumber page, int line, byte[] key, byte[] data)
    {
        var node = Node(session, ++_version, page, line);
        Assert.Equal(PageRule.None, Database.View(page).Node(line, out var was));
        byte[] old = was.Data.ToArray();
        Remember(session, page, key, NodeOperation.Insert, data);
        _version++;
        Remember(session, page, key, NodeOperation.Replace, data);
        _changes[session][^1].Old = old;
        uint replacing = _version;
        Write(_make.Made(w => w.FlagInsertReplace(node, replacing, key, data)));
    }

    private void Move(int session, byte[] key)
    {
        int delta = _random.Next(-1000, 1000);
        var page = Database.LeafOf(key);
        var node = Node(session, ++_version, page, Database.Find(page, key).Line);
        Remember(session, page, key, NodeOperation.Delta, null);
        _changes[session][^1].Delta = delta;
        Write(_make.Made(w => w.Delta(node, delta, CounterOffset, key, [])));
        AddTo(key, delta);
    }

    /// <summary>The upper nodes of a leaf go to the right, and the border in the root with them.</summary>
    private void MoveNodes(int session, uint leaf)
    {
        PageNumber from = UndoneDatabase.Leaf(leaf), to = UndoneDatabase.Leaf(leaf + 1);
        var source = Database.View(from);
        if (source.NodeCount < 2)
            return;
        int first = _random.Next(1, source.NodeCount);
        Assert.Equal(PageRule.None, source.Node(first, out var border));
        byte[] key = border.KeyToArray();

        // As engines do: a deleted node that may come back is not left behind, so nothing is moved.
        for (int line = first; line < source.NodeCount; line++)
        {
            Assert.Equal(PageRule.None, source.Node(line, out var node));
            if (node.IsDeleted && _owners.ContainsKey(Convert.ToHexString(node.KeyToArray())))
                return;
        }

        if (Database.View(to).NodeCount + source.NodeCount - first > MostNodes)
            return;
        ulong time = ++Database.Time;
        var change = RecordMaker.Node(
            session, 0, 0, from.Value, time, source.DbTime.Value, _transactions[session], more: 0).Change;
        var merge = new MergeChange(change with { Flags = PageChangeFlags.Unique }, to, Database.View(to).DbTime,
            PageNumber.None, DbTime.Nil, RecordMaker.Root, Database.View(RecordMaker.Root).DbTime, RecordMaker.Root,
            RecordMaker.Tree, 0, 0, 0, (ushort)first, MergeFlags.None, MergeType.PartialRight);
        byte[] image = source.Bytes.ToArray();
        Write(_make.Macro(LogRecordType.MacroBegin, session, time));
        Write(_make.Made(w => w.Merge(merge, key, BeforeImageFlags.None, image)));
        Write(_make.Macro(LogRecordType.MacroCommit, session, time));
    }

    private NodeChange Node(int session, uint version, PageNumber page, int line) => RecordMaker.Node(
        session, version, _levels[session], page.Value, ++Database.Time, Database.View(page).DbTime.Value,
        _transactions[session], line);

    private void Remember(int session, PageNumber page, byte[] key, NodeOperation operation, byte[]? data)
    {
        string name = Convert.ToHexString(key);
        _changes[session].Add(new(_version, page, key, operation)
        {
            Level = _levels[session], Old = _content.GetValueOrDefault(name, []),
        });
        if (operation == NodeOperation.Delta)
            return;
        if (data is null)
            _content.Remove(name);
        else
            _content[name] = data;
    }

    private void Forget(int session, int level)
    {
        var changes = _changes[session];
        for (; changes.Count > 0 && changes[^1].Level > level; changes.RemoveAt(changes.Count - 1))
        {
            var change = changes[^1];
            string name = Convert.ToHexString(change.Key);
            if (change.Operation == NodeOperation.Delta)
                AddTo(change.Key, -change.Delta);
            else if (change.Operation == NodeOperation.Insert)
                _content.Remove(name);
            else
                _content[name] = change.Old;
        }
    }

    private void AddTo(byte[] key, int delta)
    {
        byte[] data = (byte[])_content[Convert.ToHexString(key)].Clone();
        var counter = data.AsSpan(CounterOffset);
        BinaryPrimitives.WriteInt32LittleEndian(counter, BinaryPrimitives.ReadInt32LittleEndian(counter) + delta);
        _content[Convert.ToHexString(key)] = data;
    }

    /// <summary>Nodes that no open change of a session is about are free for others.</summary>
    private void Release(int session)
    {
        var still = _changes[session].Select(change => Convert.ToHexString(change.Key)).ToHashSet();
        foreach (string name in _owners.Keys.Where(name => _owners[name] == session && !still.Contains(name)).ToList())
            _owners.Remove(name);
    }

    /// <summary>Writes a page, once the log has what undo would need.</summary>
    private void Flush(PageNumber page)
    {
        for (int session = 0; session < Sessions; session++)
        {
            foreach (var change in _changes[session].Where(change => change.Page == page))
                LogOldData(session, change);
        }

        Database.Write(page);
    }

    private void LogOldData(int session, Change change)
    {
        if (!change.NeedsUndoInfo)
            return;
        change.IsLogged = true;
        var node = RecordMaker.Node(session, change.Version, change.Level, change.Page.Value, DbTime.Nil.Value,
            DbTime.Nil.Value, _transactions[session]);
        byte[] old = change.Operation == NodeOperation.Replace ? change.Old : [];
        Write(_make.UndoInfo(node, change.Operation, change.Key, old));
    }

    private void Write(byte[] record)
    {
        Log.Add(record);
        _redo.Apply(record);
    }

    private byte[] Data()
    {
        byte[] data = new byte[_random.Next(6, 100)];
        _random.NextBytes(data);
        return data;
    }

    private sealed record Change(uint Version, PageNumber Page, byte[] Key, NodeOperation Operation)
    {
        public int Level { get; set; }

        public byte[] Old { get; set; } = [];

        public int Delta { get; set; }

        public bool IsLogged { get; set; }

        public bool NeedsUndoInfo => !IsLogged && (Operation is NodeOperation.Replace or NodeOperation.FlagDelete);
    }
}
