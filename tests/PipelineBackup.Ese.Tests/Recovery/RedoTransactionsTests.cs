namespace PipelineBackup.Ese.Tests.Recovery;

public class RedoTransactionsTests
{
    private readonly RecordMaker _make = new();
    private readonly RedoTransactions _transactions = new();

    [Fact]
    public void Nothing_of_a_session_counts_before_its_first_outermost_begin()
    {
        Apply(_make.Begin(3, from: 1), _make.Commit(3, 1), _make.Commit0(3), _make.Rollback(3, 1), _make.Refresh(3, 12));
        Assert.False(_transactions.Session(3).HasBegun);
        Assert.Equal(0, _transactions.Session(3).Level);
        Assert.Equal(new TransactionId(8), _transactions.Newest);

        Apply(_make.Begin0(3, 20));
        Assert.True(_transactions.Session(3).HasBegun);
        Assert.Equal((1, new TransactionId(20)), (_transactions.Session(3).Level, _transactions.Session(3).Transaction));
        Assert.True(_transactions.Session(3).Begin.IsSet);
    }

    [Fact]
    public void Levels_begin_together_and_end_one_by_one_or_together()
    {
        Apply(_make.Begin0(1, count: 3), _make.Begin(1, from: 3, count: 2));
        Assert.Equal(5, Level(1));
        Apply(_make.Commit(1, 4));
        Assert.Equal(4, Level(1));
        Apply(_make.Rollback(1, 2));
        Assert.Equal(2, Level(1));
        Apply(_make.Commit0(1));
        Assert.Equal(0, Level(1));
    }

    [Fact]
    public void A_renewed_transaction_is_on_its_first_level()
    {
        Apply(_make.Begin0(1, count: 3), _make.Refresh(1, 40));
        Assert.Equal((1, new TransactionId(40)), (Level(1), _transactions.Session(1).Transaction));
    }

    [Fact]
    public void Sessions_do_not_meddle_with_each_other_and_stand_in_order()
    {
        Apply(_make.Begin0(9), _make.Begin0(2, 8), _make.Begin(9, from: 1), _make.Commit0(2, 12));
        Assert.Equal([2, 9], _transactions.Sessions.Select(session => (int)session.Id));
        Assert.Equal((0, 2), (Level(2), Level(9)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    public void A_begin_from_another_level_is_refused(int from)
    {
        Apply(_make.Begin0(1, count: 2));
        var error = Assert.Throws<EseException>(() => Apply(_make.Begin(1, from)));
        Assert.Equal(EseError.LogCorrupted, error.Error);
    }

    [Fact]
    public void Levels_cannot_be_more_than_two_numbers_of_four_bits()
    {
        Apply(_make.Begin0(1, count: 15), _make.Begin(1, from: 15, count: 15));
        Assert.Equal(30, Level(1));
        Assert.Throws<EseException>(() => Apply(_make.Begin(1, from: 15, count: 15)));
        Apply(_make.Commit(1, 255), _make.Commit(1, 30));
        Assert.Equal(30, Level(1));
        Apply(_make.Rollback(1, 255));
        Assert.Equal(0, Level(1));
        Apply(_make.Rollback(1, 255), _make.Commit0(1), _make.Commit(1, 0));
        Assert.Equal(0, Level(1));
    }

    [Fact]
    public void A_new_run_knows_no_session()
    {
        Apply(_make.Begin0(1));
        _transactions.EndAll();
        Assert.Empty(_transactions.Sessions);
        Assert.False(_transactions.Session(1).HasBegun);
    }

    [Fact]
    public void Other_records_are_left_alone()
    {
        Assert.False(_transactions.TryApply(RecordMaker.View(_make.Macro(LogRecordType.MacroBegin, 1, 5))));
        Assert.False(_transactions.TryApply(RecordMaker.View(_make.Made(w => w.Bare(LogRecordType.ShutdownMark)))));
        Assert.Empty(_transactions.Sessions);
    }

    [Fact]
    public void The_newest_transaction_survives_that_their_numbers_wrap_around()
    {
        Apply(_make.Begin0(1, 0xFFFFFFF8), _make.Commit0(1, 4));
        Assert.Equal(new TransactionId(4), _transactions.Newest);
        Apply(_make.Begin0(1, 0xFFFFFFF0), _make.Commit0(1, uint.MaxValue));
        Assert.Equal(new TransactionId(4), _transactions.Newest);
    }

    private int Level(ushort session) => _transactions.Session(session).Level;

    private void Apply(params byte[][] records)
    {
        foreach (byte[] record in records)
            Assert.True(_transactions.TryApply(RecordMaker.View(record)));
    }
}
