namespace PipelineBackup.Cli.Tests.Live;

/// <summary>What a change does to a row of the ledger.</summary>
internal enum LiveChangeKind
{
    /// <summary>It comes.</summary>
    Insert,

    /// <summary>It gets another text.</summary>
    Update,

    /// <summary>It goes.</summary>
    Delete,
}

/// <summary>A change of a row of the ledger: what each writer's transactions do is fixed from the beginning.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Number">Number of the transaction that the row came with.</param>
/// <param name="Part">Number of the row in that.</param>
/// <param name="Text">Its text from then on.</param>
internal readonly record struct LiveChange(LiveChangeKind Kind, int Number, int Part, string Text)
{
    private const int Updated = 20, Deleted = 60, RolledBackOf = 9;

    /// <summary>Whether a transaction does all it should and is then rolled back.</summary>
    /// <param name="number">Its number.</param>
    public static bool IsRolledBack(int number) => number % RolledBackOf == 5;

    /// <summary>The changes of a transaction.</summary>
    /// <param name="writer">Whose.</param>
    /// <param name="number">Its number, from 1.</param>
    public static IEnumerable<LiveChange> Of(int writer, int number)
    {
        for (int part = 0; part < Parts(number); part++)
            yield return new(LiveChangeKind.Insert, number, part, TextOf(writer, number, part));
        if (number > Updated && number % 4 == 1 && !IsRolledBack(number - Updated))
            yield return new(LiveChangeKind.Update, number - Updated, 0, TextOf(writer, number, Parts(number)));
        if (number > Deleted && number % 3 == 0 && !IsRolledBack(number - Deleted))
        {
            for (int part = 0; part < Parts(number - Deleted); part++)
                yield return new(LiveChangeKind.Delete, number - Deleted, part, "");
        }
    }

    /// <summary>The rows of a writer once all its transactions up to one are committed, or rolled back.</summary>
    /// <param name="writer">Who.</param>
    /// <param name="last">The last one.</param>
    public static SortedDictionary<(int Number, int Part), string> RowsAfter(int writer, int last)
    {
        var rows = new SortedDictionary<(int, int), string>();
        for (int number = 1; number <= last; number++)
        {
            foreach (var change in IsRolledBack(number) ? [] : Of(writer, number))
            {
                if (change.Kind == LiveChangeKind.Delete)
                    rows.Remove((change.Number, change.Part));
                else
                    rows[(change.Number, change.Part)] = change.Text;
            }
        }

        return rows;
    }

    private static int Parts(int number) => 2 + number % 5;

    private static string TextOf(int writer, int number, int part)
    {
        const int Shortest = 20, Spread = 600;
        uint hash = (uint)(writer * 7919 + number * 104729 + part * 1299709) * 2654435761u;
        return string.Create(Shortest + (int)(hash >> 8) % Spread, hash, static (text, seed) =>
        {
            for (int i = 0; i < text.Length; i++)
            {
                seed = seed * 1664525 + 1013904223;
                text[i] = (char)('a' + (seed >> 24) % 26);
            }
        });
    }
}
