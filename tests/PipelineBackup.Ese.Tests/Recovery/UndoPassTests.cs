using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

public class UndoPassTests
{
    private readonly RecordMaker _make = new();
    private readonly List<byte[]> _records = [];
    private readonly LosableLog _log;

    public UndoPassTests() => _log = new(_records);

    [Theory]
    [InlineData(4096)]
    [InlineData(16384)]
    public void Killed_anywhere_again_and_again_recovery_leaves_what_was_committed(int pageBytes) =>
        Seeds.Each(400, random => Recover(random, PageSize.Of(pageBytes)));

    [Fact]
    public void Macros_are_given_up_before_sessions_are_rolled_back_level_by_level()
    {
        var (database, _, redo, undo) = Scene();
        redo.Apply(_make.Begin0(5, count: 2));
        redo.Apply(_make.Begin0(3, 8));
        redo.Apply(_make.Macro(LogRecordType.MacroBegin, 5, 77));
        redo.Apply(Insert(5, database, [1, 1], level: 2));
        redo.Apply(Insert(3, database, [1, 2], line: 1, transaction: 8));
        undo.Run(redo.Transactions, redo.Macros);

        Assert.Equal(
            [LogRecordType.MacroAbort, LogRecordType.Undo, LogRecordType.Rollback, LogRecordType.Undo,
                LogRecordType.Rollback, LogRecordType.Rollback],
            Logged().Select(record => (LogRecordType)record[0]));
        Assert.Equal([5, 3, 3, 5, 5, 5], Logged().Select(record => (int)record[1]));
        Assert.Equal(2, undo.Undone);
        Assert.Empty(database.Content());
    }

    [Fact]
    public void The_record_names_node_page_times_and_version_as_engines_have_it()
    {
        var (database, _, redo, undo) = Scene();
        redo.Apply(_make.Begin0(3));
        redo.Apply(Insert(3, database, [1, 1], version: 9));
        ulong before = database.Time;
        redo.Apply(Insert(3, database, [1, 0], version: 10));
        undo.Run(redo.Transactions, redo.Macros);

        var record = RecordMaker.View(Logged()[1]);
        Assert.Equal(
            new NodeChange(
                new(3, 1, UndoneDatabase.Leaf(1), new(before + 3), new(before + 2), new(4), 1, 1, PageChangeFlags.Unique),
                9, RecordMaker.Root, RecordMaker.Tree),
            record.Node);
        Assert.Equal((NodeOperation.Insert, 1), (record.AsUndo().Operation, (int)record.AsUndo().UndoneLevel));
        Assert.Equal([1, 1], record.AsUndo().BookmarkKey.ToArray());
        Assert.Equal(new DbTime(before + 3), database.View(UndoneDatabase.Leaf(1)).DbTime);
    }

    [Fact]
    public void Old_data_are_logged_unless_a_log_has_them()
    {
        var (database, store, redo, undo) = Scene();
        Fill(redo, database, [1, 1], [1, 2]);
        redo.Apply(_make.Begin0(3));
        redo.Apply(Replace(3, database, [1, 1], [9, 9, 9], version: 20));
        redo.Apply(Replace(3, database, [1, 2], [8], version: 21));
        redo.Apply(_make.UndoInfo(RecordMaker.Node(3, 20), NodeOperation.Replace, [1, 1], [5, 5]));
        Assert.True(store.IsHeld(1, UndoneDatabase.Leaf(1)));
        undo.Run(redo.Transactions, redo.Macros);

        Assert.Equal(
            [LogRecordType.UndoInfo, LogRecordType.Undo, LogRecordType.Undo, LogRecordType.Rollback],
            Logged().Select(record => (LogRecordType)record[0]));
        var info = RecordMaker.View(Logged()[0]).AsUndoInfo();
        Assert.Equal((21u, DbTime.Nil), (info.Node.Version, info.Node.Change.Time));
        Assert.Equal((NodeOperation.Replace, 2), (info.Operation, (int)info.MaxSize));
        Assert.Equal([5, 5], info.OldData.ToArray());
        Assert.Equal(0, store.HeldPages);
        Assert.Equal(["0505", "0505"], database.Content().Values);
    }

    [Fact]
    public void Where_keys_repeat_data_tell_nodes_apart()
    {
        var (database, _, redo, undo) = Scene(isUnique: false);
        redo.Apply(_make.Begin0(3));
        redo.Apply(Insert(3, database, [1, 1], data: [1], version: 8, line: 0));
        redo.Apply(Insert(3, database, [1, 1], data: [3], version: 9, line: 1));
        redo.Apply(_make.Commit0(3));
        redo.Apply(_make.Begin0(3, 12));
        redo.Apply(Insert(3, database, [1, 1], data: [2], version: 10, line: 1, transaction: 12));
        undo.Run(redo.Transactions, redo.Macros);
        Assert.Equal(["01", "03"], database.Content().Values);
        Assert.Equal([2], RecordMaker.View(Logged()[0]).AsUndo().BookmarkData.ToArray());
    }

    [Fact]
    public void A_node_is_found_where_a_split_put_it()
    {
        var (database, store, redo, undo) = Scene();
        Fill(redo, database, [1, 1]);
        redo.Apply(_make.Begin0(3));
        redo.Apply(Replace(3, database, [1, 1], [9], version: 20));

        // The separator between the leaves 0 and 1 goes up: what 1 had is in 0 now.
        var root = database.Editor(RecordMaker.Root);
        root.Delete(0);
        Assert.True(root.TryInsert(0, [1, 5], 0, BitConverter.GetBytes(UndoneDatabase.Leaf(0).Value), LineFlags.None));
        database.Editor(UndoneDatabase.Leaf(1)).Delete(0);
        Assert.True(database.Editor(UndoneDatabase.Leaf(0)).TryInsert(0, [1, 1], 0, [9], LineFlags.Versioned));
        Assert.True(store.IsHeld(1, UndoneDatabase.Leaf(1)));
        Assert.False(store.IsHeld(1, UndoneDatabase.Leaf(0)));
        undo.Run(redo.Transactions, redo.Macros);
        Assert.Equal("0505", Assert.Single(database.Content()).Value);
        Assert.Equal(0, store.HeldPages);
    }

    [Fact]
    public void A_node_that_is_gone_fails_undo_before_anything_is_logged_for_it()
    {
        var (database, _, redo, undo) = Scene();
        redo.Apply(_make.Begin0(3));
        redo.Apply(Insert(3, database, [1, 1]));
        database.Editor(UndoneDatabase.Leaf(1)).Delete(0);
        AssertRollbackError(() => undo.Run(redo.Transactions, redo.Macros));
        Assert.Empty(Logged());
    }

    [Fact]
    public void A_page_of_another_tree_fails_undo()
    {
        var (database, _, redo, undo) = Scene();
        redo.Apply(_make.Begin0(3));
        redo.Apply(Insert(3, database, [1, 1]));
        database.Editor(UndoneDatabase.Leaf(1)).Bytes[24]++;
        AssertRollbackError(() => undo.Run(redo.Transactions, redo.Macros));
    }

    [Fact]
    public void Old_data_that_do_not_fit_fail_undo_and_leave_the_page()
    {
        var (database, _, redo, undo) = Scene();
        redo.Apply(_make.Begin0(3));
        redo.Apply(Insert(3, database, [1, 1], data: new byte[3000]));
        redo.Apply(_make.Commit0(3));
        redo.Apply(_make.Begin0(3, 12));
        redo.Apply(Replace(3, database, [1, 1], [9], version: 20, transaction: 12));

        // Somebody took the room that the transaction had left.
        Assert.True(database.Editor(UndoneDatabase.Leaf(1)).TryInsert(1, [1, 2], 0, new byte[3000], LineFlags.None));
        byte[] page = database.View(UndoneDatabase.Leaf(1)).Bytes.ToArray();
        AssertRollbackError(() => undo.Run(redo.Transactions, redo.Macros));
        Assert.Equal(page, database.View(UndoneDatabase.Leaf(1)).Bytes.ToArray());
        Assert.Empty(Logged());
    }

    [Fact]
    public void Room_that_a_transaction_left_is_kept_back_no_longer_once_it_is_undone()
    {
        var (database, _, redo, undo) = Scene();
        redo.Apply(_make.Begin0(3));
        redo.Apply(Insert(3, database, [1, 1], data: new byte[3900]));
        redo.Apply(_make.Commit0(3));
        redo.Apply(_make.Begin0(3, 12));
        redo.Apply(Replace(3, database, [1, 1], [9], version: 20, transaction: 12));
        database.Editor(UndoneDatabase.Leaf(1)).SetUncommittedFree(3899);
        undo.Run(redo.Transactions, redo.Macros);
        Assert.Equal(0, database.View(UndoneDatabase.Leaf(1)).UncommittedFreeBytes);
        Assert.Equal(3900 * 2, Assert.Single(database.Content()).Value.Length);
    }

    [Fact]
    public void A_database_that_is_left_out_is_left_alone()
    {
        var (database, store, redo, _) = Scene();
        redo.Apply(_make.Begin0(3));
        redo.Apply(Insert(3, database, [1, 1]));
        var undo = new UndoPass(store, _ => null, _log);
        undo.Run(redo.Transactions, redo.Macros);
        Assert.Equal(0, undo.Undone);
        Assert.Single(database.Content());
    }

    [Theory]
    [InlineData(NodeOperation.ReadLock)]
    [InlineData(NodeOperation.None)]
    [InlineData((NodeOperation)0xFFFF)]
    public void Operations_that_change_no_node_cannot_be_taken_back(NodeOperation operation)
    {
        byte[] page = new byte[4096];
        var editor = new PageEditor(page);
        editor.Initialize(new(2), new(7), PageFlags.Leaf, new(1));
        Assert.True(editor.TryInsert(0, [1], 0, [1, 2, 3, 4], LineFlags.None));
        Assert.Equal(EseError.RollbackError, Error(page, new() { Operation = operation }, 0));
        Assert.Equal(EseError.RollbackError, Error(page, new() { Operation = NodeOperation.Replace }, 0));
        Assert.Equal(EseError.BadLineCount, Error(page, new() { Operation = NodeOperation.Insert }, 1));
        Assert.Equal(EseError.BadLineCount, Error(page, new() { Operation = NodeOperation.Insert }, -1));
        Assert.Equal(EseError.DatabaseCorrupted, Error(page, new() { Operation = NodeOperation.Delta, Offset = 1 }, 0));
        Assert.Equal(EseError.DatabaseCorrupted, Error(page, new() { Operation = NodeOperation.Delta64 }, 0));
        Assert.Equal(EseError.Success, Error(page, new() { Operation = NodeOperation.Delta, Delta = long.MinValue }, 0));
    }

    private static EseError Error(byte[] page, InverseOperation inverse, int line)
    {
        try
        {
            inverse.Apply(new(page), line);
            return EseError.Success;
        }
        catch (EseException e)
        {
            return e.Error;
        }
    }

    private static void AssertRollbackError(Action action)
    {
        var error = Assert.Throws<EseException>(action);
        Assert.Equal(EseError.RollbackError, error.Error);
        Assert.NotEmpty(error.Hint);
    }

    private static void Recover(Random random, PageSize size)
    {
        var disk = new SimulatedDisk().AddDirectory("/s");
        using var memory = new ScratchMemory(disk, "/s/undo.tmp", memoryBytes: 0, blockBytes: 256);
        var work = new OpenWork(random, size, memory);
        for (int steps = random.Next(20, 250); steps > 0; steps--)
            work.Step();
        if (random.OneIn(3))
            work.OpenMacro();
        var expected = work.Expected();
        var database = work.Database.Crashed();

        for (int life = 1; ; life++)
        {
            var run = new UndoRun(random, database, work.Log, life > 6 ? int.MaxValue : random.Next(work.Log.Count * 2));
            if (run.TryFinish(out long undone))
            {
                Assert.Equal(expected, database.Content());
                Assert.True(life == 1 || undone >= 0);
                break;
            }

            database = database.Crashed();
        }

        // Once more over what is recovered: nothing is left to do.
        int records = work.Log.Count;
        Assert.True(new UndoRun(random, database, work.Log, int.MaxValue).TryFinish(out long more));
        Assert.Equal((0, records), (more, work.Log.Count));
        Assert.Equal(expected, database.Content());
    }

    private (UndoneDatabase, VersionStore, PlainRedo, UndoPass) Scene(bool isUnique = true)
    {
        var database = new UndoneDatabase(PageSize.Of(4096), isUnique);
        var store = new VersionStore(new(new SimulatedDisk(), "/undo.tmp", 1 << 20));
        return (database, store, new(database, store),
            new(store, slot => slot == RecordMaker.Database ? database : null, _log));
    }

    private List<byte[]> Logged()
    {
        _log.Flush();
        return _records;
    }

    private void Fill(PlainRedo redo, UndoneDatabase database, params byte[][] keys)
    {
        redo.Apply(_make.Begin0(9));
        for (int i = 0; i < keys.Length; i++)
            redo.Apply(Insert(9, database, keys[i], version: (uint)i + 1, data: [5, 5], line: i));
        redo.Apply(_make.Commit0(9));
    }

    private byte[] Insert(int session, UndoneDatabase database, byte[] key, int level = 1, uint version = 10,
        byte[]? data = null, int line = 0, uint transaction = 4)
    {
        var node = Node(session, database, key, version, level, line, transaction);
        return _make.Made(w => w.Insert(node, [], key, data ?? [7]));
    }

    private byte[] Replace(int session, UndoneDatabase database, byte[] key, byte[] data, uint version, uint transaction = 4)
    {
        var page = UndoneDatabase.Leaf(key[0]);
        int line = database.Find(page, key).Line;
        Assert.Equal(PageRule.None, database.View(page).Node(line, out var old));
        int length = old.Data.Length;
        var node = Node(session, database, key, version, 1, line, transaction);
        return _make.Made(w => w.Replace(node, length, data));
    }

    private static NodeChange Node(
        int session, UndoneDatabase database, byte[] key, uint version, int level, int line, uint transaction)
    {
        var page = UndoneDatabase.Leaf(key[0]);
        return RecordMaker.Node(session, version, level, page.Value, database.Time + 1, database.View(page).DbTime.Value,
            transaction, line, database.IsUnique ? PageChangeFlags.Unique : PageChangeFlags.None);
    }
}
