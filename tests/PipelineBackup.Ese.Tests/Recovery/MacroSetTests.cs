namespace PipelineBackup.Ese.Tests.Recovery;

public class MacroSetTests
{
    private readonly RecordMaker _make = new();
    private readonly RedoTransactions _transactions = new();
    private readonly MacroSet _macros = new(mostBytes: 1000);

    public MacroSetTests()
    {
        foreach (int session in (int[])[1, 2])
            _transactions.TryApply(RecordMaker.View(_make.Begin0(session)));
    }

    [Fact]
    public void Records_wait_for_their_macro_by_session_and_time()
    {
        Begin(1, 100);
        Begin(2, 100);
        Begin(1, 101);
        Assert.True(Add(Insert(1, 100, 1)));
        Assert.True(Add(Insert(2, 100, 2)));
        Assert.True(Add(Insert(1, 101, 3)));
        Assert.True(Add(Insert(1, 100, 4)));
        Assert.False(Add(Insert(1, 102, 5)));

        Assert.Equal([1u, 4u], Commit(1, 100));
        Assert.Equal([3u], Commit(1, 101));
        Assert.Equal([2u], Commit(2, 100));
        Assert.Equal(0, _macros.Count);
    }

    [Fact]
    public void What_undo_has_to_know_never_waits()
    {
        Begin(1, ulong.MaxValue);
        Assert.False(Add(_make.UndoInfo(
            RecordMaker.Node(1, 5, time: ulong.MaxValue), NodeOperation.Replace, [1], [2])));
    }

    [Fact]
    public void A_macro_that_is_given_up_leaves_nothing()
    {
        Begin(1, 100);
        Add(Insert(1, 100, 1));
        _macros.Abort(Session(1), RecordMaker.View(_make.Macro(LogRecordType.MacroAbort, 1, 100)));
        _macros.Abort(Session(1), RecordMaker.View(_make.Macro(LogRecordType.MacroAbort, 1, 100)));
        Begin(1, 100);
        Assert.Equal(EseError.LogFileCorrupt, Assert.Throws<EseException>(() => Commit(1, 100)).Error);
    }

    [Fact]
    public void A_commit_without_a_begin_is_corrupt_but_not_in_a_session_that_does_not_count()
    {
        Assert.Equal(EseError.LogFileCorrupt, Assert.Throws<EseException>(() => Commit(1, 100)).Error);
        Begin(7, 100);
        Assert.Equal(0, _macros.Count);
        Assert.Empty(Commit(7, 100));
    }

    [Fact]
    public void A_macro_does_not_begin_twice()
    {
        Begin(1, 100);
        Assert.Equal(EseError.LogCorrupted, Assert.Throws<EseException>(() => Begin(1, 100)).Error);
    }

    [Fact]
    public void The_record_of_a_split_is_corrupt_outside_of_a_macro()
    {
        byte[] split = _make.Made(w => w.Split(
            new() { Change = RecordMaker.Node(1, 0).Change }, [], [], [], default, []));
        Assert.Equal(EseError.LogFileCorrupt, Assert.Throws<EseException>(() => Add(split)).Error);
        Begin(1, 100);
        Assert.True(Add(split));
    }

    [Fact]
    public void The_move_of_a_root_is_found_by_its_own_time()
    {
        byte[] move = _make.Made(w => w.Add(LogRecordType.RootPageMove, new RootMove(new(100), 1, new(7), 1)));
        Begin(1, 100);
        Assert.True(Add(move));
        Assert.Equal(EseError.LogFileCorrupt, Assert.Throws<EseException>(() =>
            Add(_make.Made(w => w.Add(LogRecordType.RootPageMove, new RootMove(new(99), 1, new(7), 1))))).Error);
    }

    [Fact]
    public void Macros_have_a_limit_and_what_is_committed_frees_its_share()
    {
        for (int round = 0; round < 3; round++)
        {
            Begin(1, 100);
            Add(Insert(1, 100, 1, 700));
            Commit(1, 100);
        }

        Begin(1, 100);
        Begin(2, 100);
        Add(Insert(1, 100, 1, 700));
        var error = Assert.Throws<EseException>(() => Add(Insert(2, 100, 1, 700)));
        Assert.Equal(EseError.LogFileCorrupt, error.Error);
    }

    [Fact]
    public void Those_open_are_told_by_session_and_time()
    {
        Begin(2, 5);
        Begin(1, 9);
        Begin(1, 7);
        Assert.Equal([new(1, new(7)), new(1, new(9)), new MacroBracket(2, new(5))], _macros.Open);
        _macros.Clear();
        Assert.Empty(_macros.Open);
    }

    private RedoSession Session(ushort id) => _transactions.Session(id);

    private byte[] Insert(int session, ulong time, uint version, int length = 10) =>
        _make.Made(w => w.Insert(RecordMaker.Node(session, version, time: time), [], [1, 2], new byte[length]));

    private void Begin(ushort session, ulong time) =>
        _macros.Begin(Session(session), RecordMaker.View(_make.Macro(LogRecordType.MacroBegin, session, time)));

    private bool Add(byte[] record) => _macros.TryAdd(
        Session(record[0] == (byte)LogRecordType.RootPageMove ? record[14] : record[1]), RecordMaker.View(record));

    private List<uint> Commit(ushort session, ulong time)
    {
        var macro = _macros.Commit(
            Session(session), RecordMaker.View(_make.Macro(LogRecordType.MacroCommit, session, time)));
        var versions = new List<uint>();
        for (int i = 0; i < macro?.Count; i++)
            versions.Add(macro[i].Node.Version);
        return versions;
    }
}
