using System.Diagnostics;
using PipelineBackup.Engine;
using PipelineBackup.Ese;

namespace PipelineBackup.Benchmarks.EndToEnd;

/// <summary>
/// Sessions that write to a table of the embedded engine, each transaction waited for, and how long that takes.
/// </summary>
internal sealed class EngineLoad(EmbeddedEngine engine, EngineDatabase database, int sessions)
{
    private const int RowBytes = 1000, RowsAtOnce = 200, ChangesAtOnce = 4;

    private int _rows;

    /// <summary>
    /// What a host with so many sessions does: rows are read and changed on the caller's thread, and the pool has but one
    /// thread for each processor.
    /// </summary>
    public void TakeThreads()
    {
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(Math.Max(workers, sessions + Environment.ProcessorCount), completions);
    }

    /// <summary>Makes the table and fills it.</summary>
    /// <param name="bytes">About how large the database becomes.</param>
    public async Task FillAsync(long bytes)
    {
        using var session = engine.CreateSession();
        session.CreateTable(database, new("load")
        {
            Columns = [new("id", ColumnType.Long) { IsNotNull = true }, new("data", ColumnType.LongBinary)],
            Indexes = [new("primary", "id") { IsPrimary = true }],
        });
        using var table = session.OpenTable(database, "load");
        var random = new Random(1);
        while ((long)_rows * RowBytes < bytes)
        {
            await using var transaction = session.BeginTransaction();
            for (int i = 0; i < RowsAtOnce; i++)
                table.Insert(table.NewRow().Set("id", ++_rows).Set("data", Data(random)));
            await transaction.CommitAsync(CommitMode.Lazy);
        }
    }

    /// <summary>Writes until it is told to stop.</summary>
    /// <param name="stop">Tells.</param>
    public async Task<LoadFigures> WriteAsync(CancellationToken stop)
    {
        long started = Stopwatch.GetTimestamp();
        var all = await Task.WhenAll(Enumerable.Range(0, sessions).Select(i => Task.Run(() => WriteAsync(i, stop))));
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var latencies = all.SelectMany(each => each).Order().ToList();
        return new(seconds, latencies.Count, At(latencies, 0), At(latencies, 0.5), At(latencies, 0.99), At(latencies, 1));
    }

    private static double At(List<double> ordered, double part) =>
        ordered.Count == 0 ? 0 : ordered[Math.Min(ordered.Count - 1, (int)(ordered.Count * part))];

    // Each session has rows of its own: nobody waits for another but at the disk.
    private async Task<List<double>> WriteAsync(int index, CancellationToken stop)
    {
        var random = new Random(100 + index);
        var latencies = new List<double>();
        using var session = engine.CreateSession();
        using var table = session.OpenTable(database, "load");
        while (!stop.IsCancellationRequested)
        {
            long begun = Stopwatch.GetTimestamp();
            await using var transaction = session.BeginTransaction();
            for (int i = 0; i < ChangesAtOnce; i++)
            {
                int id = random.Next(_rows / sessions) * sessions + index + 1;
                table.Find(id)?.Update(table.NewRow().Set("data", Data(random)));
            }

            await transaction.CommitAsync(CommitMode.Durable, CancellationToken.None);
            latencies.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        return latencies;
    }

    // Half of it compresses.
    private static byte[] Data(Random random)
    {
        byte[] data = new byte[RowBytes];
        random.NextBytes(data.AsSpan(0, RowBytes / 2));
        return data;
    }
}

/// <summary>What a load did.</summary>
/// <param name="Seconds">How long it ran.</param>
/// <param name="Transactions">Transactions that were durable.</param>
/// <param name="Least">Milliseconds of the shortest.</param>
/// <param name="Median">Milliseconds of one, the median.</param>
/// <param name="P99">Milliseconds of one, of 99 in a hundred.</param>
/// <param name="Longest">Milliseconds of the longest.</param>
internal sealed record LoadFigures(
    double Seconds, int Transactions, double Least, double Median, double P99, double Longest)
{
    /// <summary>Transactions a second.</summary>
    public double Rate => Transactions / Seconds;
}
