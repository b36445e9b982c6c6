using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

public sealed class VersionStoreTests : IDisposable
{
    private readonly RecordMaker _make = new();
    private readonly RedoTransactions _transactions = new();
    private readonly ScratchMemory _memory =
        new(new SimulatedDisk().AddDirectory("/s"), "/s/undo.tmp", memoryBytes: 0, blockBytes: 128);

    private readonly VersionStore _store;

    public VersionStoreTests() => _store = new(_memory);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Changes_are_undone_from_the_innermost_level_and_the_newest_on()
    {
        Begin(1, count: 2);
        Insert(1, 10, level: 1);
        Insert(1, 11, level: 2);
        Apply(_make.Commit(1, 1));
        Insert(1, 12, level: 1);
        Apply(_make.Begin(1, from: 1));
        Insert(1, 13, level: 2);
        Insert(1, 14, level: 2);
        Assert.Equal([14u, 13u], TakeLevel(1));
        Assert.Equal([12u, 11u, 10u], TakeLevel(1));
    }

    [Fact]
    public void Old_data_told_late_are_sorted_in_by_level_and_number()
    {
        Begin(1, count: 2);
        Defer(1, 10);
        Insert(1, 11, level: 2);
        Defer(1, 12);
        UndoInfo(1, 12, level: 2);
        UndoInfo(1, 5, level: 1);
        UndoInfo(1, 10, level: 2);
        Insert(1, 14, level: 2);
        UndoInfo(1, 13, level: 200);
        Assert.Equal([14u, 13u, 12u, 11u, 10u], TakeLevel(1));
        Assert.Equal([5u], TakeLevel(1));
    }

    [Fact]
    public void What_was_committed_into_an_outer_transaction_stands_in_its_order()
    {
        Begin(1);
        UndoInfo(1, 3, level: 1);
        Insert(1, 4);
        Apply(_make.Begin(1, from: 1, count: 2));
        UndoInfo(1, 6, level: 3);
        Insert(1, 7, level: 3);
        UndoInfo(1, 5, level: 2);
        Apply(_make.Commit(1, 2), _make.Commit(1, 1));
        Insert(1, 8);
        Assert.Equal([8u, 7u, 6u, 5u, 4u, 3u], TakeLevel(1));
    }

    [Fact]
    public void A_rollback_forgets_inner_levels_only()
    {
        Begin(1);
        Insert(1, 1);
        Apply(_make.Begin(1, from: 1, count: 2));
        Insert(1, 2, level: 3);
        UndoInfo(1, 3, level: 2);
        Replace(1, 4, level: 3, page: 20);
        Assert.True(_store.IsHeld(1, new(20)));
        Apply(_make.Rollback(1, 2));
        Assert.False(_store.IsHeld(1, new(20)));
        Insert(1, 5);
        Assert.Equal([5u, 1u], TakeLevel(1));
    }

    [Fact]
    public void The_end_of_an_outermost_transaction_forgets_everything()
    {
        Begin(1);
        Begin(2);
        Replace(1, 1, page: 20);
        Replace(2, 2, page: 20);
        Replace(2, 3, page: 21);
        Defer(1, 4);
        Apply(_make.Commit0(1));
        Assert.True(_store.IsHeld(1, new(20)));
        Assert.Equal(0, _transactions.Session(1).Versions!.Count);
        Apply(_make.Rollback(2, 1));
        Assert.Equal(0, _store.HeldPages);
        Assert.Equal(0, _transactions.Session(2).Versions!.Count);
    }

    [Fact]
    public void A_page_is_held_until_a_record_tells_the_old_data_of_every_change_on_it()
    {
        Begin(1);
        Replace(1, 1, page: 20);
        FlagDelete(1, 2, page: 20);
        Assert.True(_store.IsHeld(1, new(20)));
        Assert.False(_store.IsHeld(2, new(20)));
        Assert.False(_store.IsHeld(1, new(21)));
        UndoInfo(1, 1);
        UndoInfo(1, 1);
        Assert.True(_store.IsHeld(1, new(20)));
        UndoInfo(1, 2);
        Assert.False(_store.IsHeld(1, new(20)));

        // The first old data stay: those of the record are no others.
        Assert.Equal([2u, 1u], TakeLevel(1));
    }

    [Fact]
    public void Inserted_nodes_and_counters_hold_no_page()
    {
        Begin(1);
        Insert(1, 1);
        _store.Moved(_transactions.Session(1), RecordMaker.Node(1, 2), [1], [], 0, 5, is64Bit: false);
        Assert.Equal(0, _store.HeldPages);
    }

    [Fact]
    public void An_undo_record_takes_the_change_it_names_with_its_old_data()
    {
        Begin(1);
        Replace(1, 1, page: 20, key: [1], old: [7, 8, 9]);
        _store.Moved(_transactions.Session(1), RecordMaker.Node(1, 2), [2], [], 6, -5, is64Bit: true);
        Insert(1, 3);
        Assert.True(Take(1, 1, [1], out byte[] old));
        Assert.Equal([7, 8, 9], old);
        Assert.Equal(0, _store.HeldPages);
        Assert.True(_store.TryTake(_transactions.Session(1), RecordMaker.Node(1, 2), [2], [], out var inverse));
        Assert.Equal((NodeOperation.Delta64, 6, -5L), (inverse.Operation, inverse.Offset, inverse.Delta));
        Assert.Equal([3u], TakeLevel(1));
    }

    [Fact]
    public void An_undo_record_of_an_unknown_change_takes_nothing()
    {
        Assert.False(Take(1, 1, [1], out _));
        Begin(1);
        Replace(1, 1, page: 20, key: [1]);
        Assert.False(Take(1, 2, [1], out _));
        Assert.False(Take(1, 1, [1, 2], out _));
        Assert.False(Take(2, 1, [1], out _));
        Assert.False(_store.TryTake(_transactions.Session(1), RecordMaker.Node(1, 1) with { Root = new(9) }, [1], [], out _));
        Assert.True(Take(1, 1, [1], out _));
        Assert.False(Take(1, 1, [1], out _));

        Defer(1, 4);
        Assert.False(Take(1, 4, [1], out _));
        Assert.Empty(TakeLevel(1));
    }

    [Fact]
    public void Old_data_of_a_transaction_that_is_over_are_left_alone()
    {
        UndoInfo(1, 1);
        Begin(1, transaction: 8);
        UndoInfo(1, 2, transaction: 4);
        Assert.Empty(TakeLevel(1));
    }

    [Fact]
    public void A_record_that_tells_old_data_of_an_insertion_is_corrupt()
    {
        Begin(1);
        var record = RecordMaker.View(_make.UndoInfo(RecordMaker.Node(1, 1), NodeOperation.Insert, [1], []));
        EseError error = EseError.Success;
        try
        {
            _store.UndoInfo(_transactions.Session(1), record.AsUndoInfo());
        }
        catch (EseException e)
        {
            error = e.Error;
        }

        Assert.Equal(EseError.LogCorrupted, error);
    }

    [Fact]
    public void A_change_of_which_no_log_tells_the_old_data_cannot_be_undone()
    {
        Begin(1);
        Insert(1, 1);
        Defer(1, 2);
        Assert.Equal(EseError.RollbackError, Assert.Throws<EseException>(() => TakeLevel(1)).Error);
    }

    [Fact]
    public void Numbers_that_wrap_around_keep_their_order()
    {
        Begin(1);
        Insert(1, uint.MaxValue - 1);
        UndoInfo(1, uint.MaxValue);
        Insert(1, 2);
        UndoInfo(1, 1);
        Assert.Equal([2u, 1u, uint.MaxValue, uint.MaxValue - 1], TakeLevel(1));
    }

    [Fact]
    public void Any_sequence_is_as_a_plain_list_would_have_it() => Seeds.Each(300, random => new VersionModel(random).Run());

    private void Begin(int session, uint transaction = 4, int count = 1) => Apply(_make.Begin0(session, transaction, count));

    private void Apply(params byte[][] records)
    {
        foreach (byte[] record in records)
            _transactions.TryApply(RecordMaker.View(record));
    }

    private void Insert(ushort session, uint version, int level = 1) => _store.Inserted(
        _transactions.Session(session), RecordMaker.Node(session, version, level), version, [1, 2], []);

    private void Replace(ushort session, uint version, int level = 1, uint page = 2, byte[]? key = null, byte[]? old = null) =>
        _store.Replaced(_transactions.Session(session), RecordMaker.Node(session, version, level), version, key ?? [1], [],
            old ?? [5], new(page));

    private void FlagDelete(ushort session, uint version, uint page) =>
        _store.FlagDeleted(_transactions.Session(session), RecordMaker.Node(session, version), [1], [], new(page));

    private void Defer(ushort session, uint version) => _store.Deferred(_transactions.Session(session), version);

    private void UndoInfo(ushort session, uint version, int level = 1, uint transaction = 4) => _store.UndoInfo(
        _transactions.Session(session),
        RecordMaker.View(_make.UndoInfo(RecordMaker.Node(session, version, level, transaction: transaction),
            NodeOperation.Replace, [1], [5])).AsUndoInfo());

    private bool Take(ushort session, uint version, byte[] key, out byte[] old)
    {
        bool isKnown = _store.TryTake(
            _transactions.Session(session), RecordMaker.Node(session, version), key, [], out var inverse);
        old = inverse.OldData.ToArray();
        return isKnown;
    }

    private List<uint> TakeLevel(ushort id)
    {
        var session = _transactions.Session(id);
        var taken = new List<uint>();
        while (_store.TryNewest(session, out var version))
        {
            taken.Add(version.Version);
            session.Versions!.Forget(version.Version);
        }

        session.RollBackTo(session.Level - 1);
        return taken;
    }
}
