using PipelineBackup.Engine;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Tests.Live;

/// <summary>The database of the demonstration: a ledger that several writers fill, and some ballast.</summary>
internal static class LiveLedger
{
    /// <summary>Name of its file.</summary>
    public const string FileName = "ledger.edb";

    /// <summary>How many write.</summary>
    public const int Writers = 4;

    private const string Ledger = "ledger", Progress = "writers", Ballast = "ballast";
    private const int BallastRows = 12_000, BallastBytes = 1000, BallastPart = 500;

    /// <summary>Makes the tables, and fills that which nobody changes.</summary>
    public static async Task CreateAsync(EmbeddedEngine engine, EngineDatabase database)
    {
        using var session = engine.CreateSession();
        session.CreateTable(database, new(Ledger)
        {
            Columns = [Number("writer"), Number("number"), Number("part"), new("text", ColumnType.LongText)],
            Indexes =
            [
                new("primary", "writer", "number", "part") { IsPrimary = true }, new("by-number", "number", "part"),
            ],
        });
        session.CreateTable(database, new(Progress)
        {
            Columns = [Number("writer"), Number("last")], Indexes = [new("primary", "writer") { IsPrimary = true }],
        });
        session.CreateTable(database, new(Ballast)
        {
            Columns = [Number("id"), new("bytes", ColumnType.LongBinary)],
            Indexes = [new("primary", "id") { IsPrimary = true }],
        });
        using var ballast = session.OpenTable(database, Ballast);
        byte[] bytes = new byte[BallastBytes];
        for (int id = 0; id < BallastRows;)
        {
            await using var transaction = session.BeginTransaction();
            for (int i = 0; i < BallastPart; i++, id++)
            {
                new Random(id).NextBytes(bytes);
                ballast.Insert(ballast.NewRow().Set("id", id).Set("bytes", bytes));
            }

            await transaction.CommitAsync(CommitMode.Lazy);
        }
    }

    /// <summary>One transaction after the other, each committed durably, until it is told to end.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="database">The database.</param>
    /// <param name="writer">Who writes.</param>
    /// <param name="tell">Told before each commit begins, and when it is durable.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task WriteAsync(EmbeddedEngine engine, EngineDatabase database, int writer,
        Action<string> tell, CancellationToken cancellationToken)
    {
        using var session = engine.CreateSession();
        using var ledger = session.OpenTable(database, Ledger);
        using var progress = session.OpenTable(database, Progress);
        for (int number = 1; !cancellationToken.IsCancellationRequested; number++)
        {
            await using var transaction = session.BeginTransaction();
            foreach (var change in LiveChange.Of(writer, number))
                Do(ledger, writer, change);
            if (progress.Find(writer) is { } row)
                row.Update(progress.NewRow().Set("last", number));
            else
                progress.Insert(progress.NewRow().Set("writer", writer).Set("last", number));
            if (LiveChange.IsRolledBack(number))
            {
                transaction.Rollback();
                continue;
            }

            tell(LiveJournal.Begins(writer, number));
            await transaction.CommitAsync(CommitMode.Durable, CancellationToken.None);
            tell(LiveJournal.Committed(writer, number));
        }
    }

    /// <summary>Proves each row against what the journal allows.</summary>
    /// <param name="database">The database, attached.</param>
    /// <param name="least">Of each writer the last transaction that must be there.</param>
    /// <param name="most">Of each writer the last one that may be there.</param>
    /// <returns>Whether all is as it should be, and in words what was compared or is wrong.</returns>
    public static (bool Ok, string Detail) Prove(
        EngineDatabase database, IReadOnlyList<int> least, IReadOnlyList<int> most)
    {
        using var session = database.Engine.CreateSession();
        using var progress = session.OpenTable(database, Progress);
        long rows = 0, transactions = 0;
        for (int writer = 1; writer <= Writers; writer++)
        {
            int last = progress.Find(writer) is { } row ? (int)row.GetInt64("last")!.Value : 0;
            if (last < least[writer - 1])
                return (false, $"writer {writer}: transaction {least[writer - 1]} was committed durably and is lost");
            if (last > most[writer - 1])
                return (false, $"writer {writer}: transaction {last} is there and cannot have been committed");
            var expected = LiveChange.RowsAfter(writer, last);
            if (Compare(session, database, writer, expected) is { } wrong)
                return (false, $"writer {writer}, up to transaction {last}: {wrong}");
            rows += expected.Count;
            transactions += last;
        }

        if (CountBallast(session, database) is var ballast && ballast != BallastRows)
            return (false, $"{ballast} rows of ballast instead of {BallastRows}");
        return (true, $"{Quantity.Count(rows + BallastRows, "row")} of {Quantity.Count(transactions)} transactions "
            + "compared, none lost, none half there, none too many");
    }

    private static void Do(Table ledger, int writer, LiveChange change)
    {
        if (change.Kind == LiveChangeKind.Insert)
        {
            ledger.Insert(ledger.NewRow().Set("writer", writer).Set("number", change.Number).Set("part", change.Part)
                .Set("text", change.Text));
            return;
        }

        var row = ledger.Find(writer, change.Number, change.Part)
            ?? throw new InvalidOperationException($"row {writer}/{change.Number}/{change.Part} is not there");
        if (change.Kind == LiveChangeKind.Delete)
            row.Delete();
        else
            row.Update(ledger.NewRow().Set("text", change.Text));
    }

    private static string? Compare(EngineSession session, EngineDatabase database, int writer,
        SortedDictionary<(int Number, int Part), string> expected)
    {
        using var ledger = session.OpenTable(database, Ledger);
        var cursor = ledger.OpenCursor();
        using var next = expected.GetEnumerator();
        for (bool isRow = cursor.SeekRange([writer], [writer]); isRow; isRow = cursor.MoveNext())
        {
            var key = ((int)cursor.GetInt64("number")!.Value, (int)cursor.GetInt64("part")!.Value);
            if (!next.MoveNext() || next.Current.Key != key)
                return $"row {key} should not be there, or one before it is missing";
            if (cursor.GetString("text") != next.Current.Value)
                return $"row {key} has another text";
        }

        return next.MoveNext() ? $"row {next.Current.Key} is missing" : null;
    }

    private static int CountBallast(EngineSession session, EngineDatabase database)
    {
        using var ballast = session.OpenTable(database, Ballast);
        var cursor = ballast.OpenCursor();
        byte[] bytes = new byte[BallastBytes];
        int count = 0;
        while (cursor.MoveNext())
        {
            new Random((int)cursor.GetInt64("id")!.Value).NextBytes(bytes);
            if (!cursor.GetBytes("bytes").SequenceEqual(bytes))
                return -1;
            count++;
        }

        return count;
    }

    private static NewColumn Number(string name) => new(name, ColumnType.Long) { IsNotNull = true };
}
