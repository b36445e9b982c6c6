using System.Globalization;
using System.Text;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Demo;

/// <summary>A transaction of a writer, as its ledger has it.</summary>
/// <param name="Number">Its number; that of a writer's later transactions is higher.</param>
/// <param name="Begin">Where the log ended before its commit was asked for.</param>
/// <param name="Changes">The ids of the rows that it put; those that it deleted are negative.</param>
internal sealed record LedgerEntry(int Number, LogPosition Begin, IReadOnlyList<int> Changes)
{
    /// <summary>Where the log has its commit; null unless the engine said that it is durable.</summary>
    public LogPosition? Committed { get; init; }
}

/// <summary>
/// What one writer asked for and what the engine acknowledged, in a file that outlives the process: each line is handed
/// to the system before the writer goes on.
/// </summary>
/// <remarks>
/// A line is <c>T number begin id id -id …</c> before a commit is asked for, <c>D number position</c> when it was
/// acknowledged. A last line that the kill cut off counts for nothing.
/// </remarks>
/// <param name="path">The file, which is made.</param>
internal sealed class DemoLedger(string path) : IDisposable
{
    private readonly FileStream _file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);

    /// <summary>A commit is about to be asked for.</summary>
    /// <param name="entry">The transaction.</param>
    public void Try(LedgerEntry entry) => Write(string.Create(CultureInfo.InvariantCulture,
        $"T {entry.Number} {entry.Begin.Value:X16} {string.Join(' ', entry.Changes)}\n"));

    /// <summary>The engine said that it is durable.</summary>
    /// <param name="number">Number of the transaction.</param>
    /// <param name="position">Where the log has its commit.</param>
    public void Done(int number, LogPosition position) =>
        Write(string.Create(CultureInfo.InvariantCulture, $"D {number} {position.Value:X16}\n"));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads a ledger.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The transactions in their order; only the last one may lack its acknowledgement.</returns>
    public static IReadOnlyList<LedgerEntry> Read(string path)
    {
        var entries = new List<LedgerEntry>();
        foreach (string line in File.ReadAllText(path).Split('\n')[..^1])
        {
            string[] words = line.Split(' ');
            int number = int.Parse(words[1], CultureInfo.InvariantCulture);
            if (words[0] == "T")
            {
                entries.Add(new(number, ParsePosition(words[2]),
                    [.. words[3..].Select(word => int.Parse(word, CultureInfo.InvariantCulture))]));
            }
            else
            {
                entries[^1] = entries[^1] with { Committed = ParsePosition(words[2]) };
            }
        }

        return entries;
    }

    /// <summary>A position as ledgers and reports of backups have it.</summary>
    /// <param name="text">Generation, sector and offset in hexadecimal digits, with or without colons.</param>
    public static LogPosition ParsePosition(string text) => new(ulong.Parse(
        text.Replace(":", "", StringComparison.Ordinal), NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private void Write(string line) => _file.Write(Encoding.ASCII.GetBytes(line));
}
