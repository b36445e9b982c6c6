using PipelineBackup.Engine;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Demo;

/// <summary>What a database must hold according to the ledgers, and whether it does.</summary>
/// <remarks>
/// A writer's transactions follow each other, so each writer has one right state up to a position of the log; or two
/// where the kill left a commit unanswered: with all of that transaction, or with nothing of it.
/// </remarks>
/// <param name="ledgers">The ledgers, by writer.</param>
internal sealed class DemoProof(IReadOnlyList<IReadOnlyList<LedgerEntry>> ledgers)
{
    /// <summary>Compares the rows of a database with the ledgers.</summary>
    /// <param name="rows">The rows: the transaction that put each.</param>
    /// <param name="end">Where the log ends that the database comes from; null for all of the log.</param>
    public (bool Ok, string Detail) Judge(IReadOnlyDictionary<int, int?> rows, LogPosition? end)
    {
        int there = 0, open = 0, later = 0;
        var wrong = new List<string>();
        foreach (var (writer, ledger) in ledgers.Index())
        {
            var within = ledger.Where(entry => entry.Committed is { } position && !(position > end)).ToList();
            there += within.Count;
            // One that began to commit behind the end cannot be there; of one that began before nobody knows.
            var unanswered = ledger.Where(entry => entry.Committed is null && !(entry.Begin > end)).ToList();
            open += unanswered.Count;
            later += ledger.Count - within.Count - unanswered.Count;
            var own = rows.Where(row => Math.Abs(row.Key) % DemoTable.Writers == writer).ToDictionary();
            string? without = Difference(State(within), own);
            if (without is not null && (unanswered.Count == 0
                || Difference(State([.. within, .. unanswered]), own) is not null))
                wrong.Add(without);
        }

        string unknown = open > 0 ? $", {Quantity.Count(open)} of unanswered ones whole or not at all" : "";
        string absent = end is null ? "" : $", nothing of {Quantity.Count(later, "later one")}";
        return wrong.Count > 0 ? (false, string.Join("; ", wrong)) : (true,
            $"{Quantity.Count(rows.Count, "row")} compared: all of {Quantity.Count(there, "durable transaction")} is there"
            + $"{unknown}{absent}, nothing uncommitted");
    }

    /// <summary>Opens a database that was closed in order, and reads its rows.</summary>
    /// <param name="path">The file.</param>
    /// <param name="logs">A directory for logs of its own.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <returns>The rows, and what recovery did if there was any.</returns>
    public static async Task<(Dictionary<int, int?> Rows, RecoveryReport? Recovery)> ReadAsync(
        string path, string logs, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(logs);
        await using var engine = await EmbeddedEngine.OpenAsync(new() { LogDirectory = logs }, cancellationToken);
        var database = await engine.AttachDatabaseAsync(path, cancellationToken);
        using var session = engine.CreateSession();
        using var table = DemoTable.Open(session, database);
        return (DemoTable.Read(table), engine.Recovery);
    }

    private static Dictionary<int, int> State(IEnumerable<LedgerEntry> entries)
    {
        var state = new Dictionary<int, int>();
        foreach (var entry in entries)
        {
            foreach (int change in entry.Changes)
            {
                if (change < 0)
                    state.Remove(-change);
                else
                    state[change] = entry.Number;
            }
        }

        return state;
    }

    private static string? Difference(Dictionary<int, int> expected, Dictionary<int, int?> found)
    {
        foreach (var (id, number) in expected)
        {
            if (!found.TryGetValue(id, out int? there))
                return $"row {id} of transaction {number} is missing";
            if (there != number)
                return $"row {id} is of transaction {there?.ToString() ?? "?"}, not {number}, or not what that wrote";
        }

        int? extra = found.Keys.Where(id => !expected.ContainsKey(id)).Select(id => (int?)id).FirstOrDefault();
        return extra is { } stray ? $"row {stray} of transaction {found[stray]} must not be there" : null;
    }
}
