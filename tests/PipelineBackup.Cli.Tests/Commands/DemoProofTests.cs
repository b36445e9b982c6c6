using PipelineBackup.Cli.Demo;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Tests.Commands;

/// <summary>The proof of the demonstration finds what is not as it was promised.</summary>
public class DemoProofTests
{
    private const int First = DemoTable.Writers, Second = 2 * DemoTable.Writers;

    // One writer: a row put and acknowledged, then another one, then one that nobody answered.
    private static readonly IReadOnlyList<LedgerEntry> s_ledger =
    [
        new(1, new(10), [First]) { Committed = new LogPosition(11) },
        new(2, new(20), [Second]) { Committed = new LogPosition(21) },
        new(3, new(30), [-First]),
    ];

    [Theory]
    [InlineData(15, true, First, 1)]
    [InlineData(21, true, First, 1, Second, 2)]
    [InlineData(99, true, First, 1, Second, 2)]
    [InlineData(99, true, Second, 2)]
    [InlineData(15, false, First, 1, Second, 2)]
    [InlineData(15, false)]
    [InlineData(15, false, First, 2)]
    [InlineData(15, false, First, null)]
    [InlineData(25, false, Second, 2)]
    [InlineData(99, false, First, 1)]
    [InlineData(99, false, First, 1, Second, 2, -First, DemoTable.Uncommitted)]
    public void Rows_are_right_or_found_out(int end, bool isRight, params int?[] rows)
    {
        var found = rows.Chunk(2).ToDictionary(pair => pair[0]!.Value, pair => pair[1]);
        var (ok, detail) = new DemoProof([s_ledger]).Judge(found, new LogPosition((ulong)end));
        Assert.True(ok == isRight, detail);
    }

    [Fact]
    public void A_ledger_is_read_back_without_the_line_that_was_cut_off()
    {
        string path = Path.Combine(GoldenSets.NewFolder(), "ledger.txt");
        using (var ledger = new DemoLedger(path))
        {
            ledger.Try(s_ledger[0]);
            ledger.Done(1, new(11));
            ledger.Try(s_ledger[2]);
        }

        File.AppendAllText(path, "D 3 00000");
        var read = DemoLedger.Read(path);
        Assert.Equal([(1, new(11), First), (3, null, -First)],
            read.Select(entry => (entry.Number, entry.Committed, entry.Changes[0])));
    }
}
