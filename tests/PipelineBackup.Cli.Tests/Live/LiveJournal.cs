using System.Globalization;

namespace PipelineBackup.Cli.Tests.Live;

/// <summary>
/// What the engine's process told, line by line in the order in which it happened. It outlives that process, so it is
/// the witness of what was promised.
/// </summary>
internal sealed class LiveJournal
{
    private const string Begin = "begin", Commit = "commit", RollBegin = "roll", RollEnd = "rolled";

    private readonly Lock _lock = new();
    private readonly int[] _begun = new int[LiveLedger.Writers], _committed = new int[LiveLedger.Writers];
    private readonly Dictionary<string, (int[] Least, int[] Most)> _rolls = [];
    private long _count;

    /// <summary>How many transactions were committed durably.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>A commit begins.</summary>
    public static string Begins(int writer, int number) => Line(Begin, writer, number);

    /// <summary>A commit is durable.</summary>
    public static string Committed(int writer, int number) => Line(Commit, writer, number);

    /// <summary>The log is about to be rolled for a backup.</summary>
    public static string Rolls(string backup) => $"{RollBegin} {backup}";

    /// <summary>The log was rolled.</summary>
    public static string Rolled(string backup) => $"{RollEnd} {backup}";

    /// <summary>Takes a line.</summary>
    /// <returns>False when it is none of a journal: something else, or cut off.</returns>
    public bool Take(string line)
    {
        string[] words = line.Split(' ');
        lock (_lock)
        {
            switch (words)
            {
                case [Begin, var writer, var number]:
                    _begun[Index(writer)] = Number(number);
                    return true;
                case [Commit, var writer, var number]:
                    _committed[Index(writer)] = Number(number);
                    _count++;
                    return true;
                case [RollBegin, var backup]:
                    _rolls[backup] = ((int[])_committed.Clone(), []);
                    return true;
                case [RollEnd, var backup]:
                    _rolls[backup] = _rolls[backup] with { Most = (int[])_begun.Clone() };
                    return true;
                default:
                    return false;
            }
        }
    }

    /// <summary>What a backup must hold and may hold: each writer's last transaction.</summary>
    /// <param name="backup">The backup; empty for the end of the journal.</param>
    public (IReadOnlyList<int> Least, IReadOnlyList<int> Most) At(string backup)
    {
        lock (_lock)
            return backup.Length > 0 ? _rolls[backup] : (_committed, _begun);
    }

    private static string Line(string what, int writer, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{what} {writer} {number}");

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private static int Index(string word) => Number(word) - 1;
}
