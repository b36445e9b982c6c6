using PipelineBackup.Engine.Tests.Life;

namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>Sessions of several threads at once, with the engine at work beside them.</summary>
public sealed class ThreadTests
{
    private const int Accounts = 20, Start = 1000, Threads = 4, Transfers = 60;

    [Fact]
    public async Task What_threads_move_between_rows_is_never_lost_or_seen_half()
    {
        var rig = new LifeRig();
        string logs = GoldenSets.NewFolder("threads"), path = Path.Combine(logs, "a.edb");
        var options = rig.Options with
        {
            LogDirectory = logs, Disk = LocalDisk.Instance, HasBackgroundWork = true,
            LazyFlushInterval = TimeSpan.FromMilliseconds(20),
        };
        var cancel = TestContext.Current.CancellationToken;
        int conflicts = 0, moved = 0;
        await using (var engine = await EmbeddedEngine.OpenAsync(options, cancel))
        {
            var database = await engine.CreateDatabaseAsync(path, cancellationToken: cancel);
            await FillAsync(engine, database);
            var threads = Enumerable.Range(0, Threads).Select(seed => Task.Run(() => MoveAsync(seed), cancel))
                .ToArray();
            while (!threads.All(thread => thread.IsCompleted))
            {
                using var reader = engine.CreateSession();
                using var snapshot = reader.BeginTransaction();
                Assert.Equal(Accounts * Start, Sum(reader.OpenTable(database, "accounts")));
            }

            await Task.WhenAll(threads);
            await engine.CloseAsync(cancel);

            async Task MoveAsync(int seed)
            {
                var random = new Random(seed);
                using var session = engine.CreateSession();
                var table = session.OpenTable(database, "accounts");
                for (int i = 0; i < Transfers; i++)
                {
                    await using var transaction = session.BeginTransaction();
                    int from = random.Next(Accounts), to = (from + 1 + random.Next(Accounts - 1)) % Accounts,
                        amount = random.Next(50);
                    try
                    {
                        Put(table, from, -amount, random);
                        Put(table, to, amount, random);
                        await transaction.CommitAsync(
                            random.Next(3) == 0 ? CommitMode.Durable : CommitMode.Lazy, cancel);
                        Interlocked.Increment(ref moved);
                    }
                    catch (EseException e) when (e.Error == EseError.WriteConflict)
                    {
                        Interlocked.Increment(ref conflicts);
                    }
                }
            }
        }

        Assert.True(moved > Threads * Transfers / 4, $"{moved} moved, {conflicts} in conflict");
        using var file = DatabaseFile.Open(path);
        var report = new DatabaseCheck(file, file.Header).Run(cancel);
        Assert.Empty(report.Findings);
        Assert.Equal(0, report.LeakedPages);
    }

    private static async Task FillAsync(EmbeddedEngine engine, EngineDatabase database)
    {
        using var session = engine.CreateSession();
        session.CreateTable(database, new("accounts")
        {
            Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("amount", ColumnType.Long),
                new("note", ColumnType.LongBinary)],
            Indexes = [new("primary", "id") { IsPrimary = true }, new("by-amount", "amount")],
        });
        await using var transaction = session.BeginTransaction();
        var table = session.OpenTable(database, "accounts");
        for (int id = 0; id < Accounts; id++)
            table.Insert(table.NewRow().Set("id", id).Set("amount", Start));
        await transaction.CommitAsync();
    }

    private static void Put(Table table, int id, int amount, Random random)
    {
        var row = table.Find(id)!;
        row.Update(table.NewRow().Set("amount", row.GetInt32("amount")!.Value + amount)
            .Set("note", new byte[random.Next(1, 3000)]));
    }

    private static int Sum(Table table)
    {
        int sum = 0;
        var cursor = table.OpenCursor("by-amount");
        while (cursor.MoveNext())
            sum += cursor.GetInt32("amount")!.Value;
        return sum;
    }
}
