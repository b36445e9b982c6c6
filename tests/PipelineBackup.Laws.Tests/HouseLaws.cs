using System.Text.RegularExpressions;

namespace PipelineBackup.Laws;

/// <summary>The rules of the house that names and texts show. Each law gives its violations, one line each.</summary>
internal static partial class HouseLaws
{
    /// <summary>The most lines of a file without a reason.</summary>
    public const int MostLines = 400;

    private const string Conduit = "src/PipelineBackup/Flow/Conduit.cs";

    // Files that are longer, each with the reason why it is better left in one piece.
    private static readonly Dictionary<string, string> s_long = new()
    {
        ["src/PipelineBackup.Ese/Trees/TreeCursor.cs"] = "one cursor over one buffer: moving, seeking and the checks of each step",
        ["src/PipelineBackup.Ese/Primitives/EseError.cs"] = "one list of all error numbers, in their order",
    };

    // Put together here, so that this file does not break its own law.
    private static readonly string[] s_private =
        ["/wo" + "rk/", "/tmp/da" + "ta", "/tmp/w" + "t/", "far" + "m-", "shared/to" + "ols"];

    /// <summary>Dataflow appears in one file only: the one that owns completion and failure.</summary>
    public static IEnumerable<string> Dataflow(SourceTree tree) =>
        from file in tree.Code("src", "plugins", "benchmarks")
        where file.Key != Conduit
        from word in DataflowWord().Matches(file.Value).Select(match => match.Value).Distinct()
        select $"{file.Key} names {word}, which belongs into {Conduit}";

    /// <summary>No file or folder is named for belonging nowhere.</summary>
    public static IEnumerable<string> Names(SourceTree tree) =>
        tree.Files.Keys.SelectMany(path => path.Split('/')).Where(name => Drawer().IsMatch(name)).Distinct()
            .Select(name => $"'{name}' says nothing of what is in it");

    /// <summary>Nothing names a place or tool of the machine that it was written on.</summary>
    public static IEnumerable<string> Places(SourceTree tree) =>
        from file in tree.Files
        from place in s_private
        where file.Value.Contains(place, StringComparison.Ordinal)
        select $"{file.Key} names '{place}'";

    /// <summary>A file that outgrows a few screens is split, or listed with its reason.</summary>
    public static IEnumerable<string> Lengths(SourceTree tree) =>
        from file in tree.Code()
        let lines = file.Value.AsSpan().TrimEnd('\n').Count('\n') + 1
        where lines > MostLines && !s_long.ContainsKey(file.Key)
        select $"{file.Key} has {lines} lines, more than {MostLines}";

    [GeneratedRegex(
        @"\b(Transform|TransformMany|Action|Buffer|Batch|BatchedJoin|Broadcast|Join|WriteOnce)Block\b"
        + @"|\bLinkTo\b|\bTasks\.Dataflow\b")]
    private static partial Regex DataflowWord();

    [GeneratedRegex(@"(Utils?|Utilities|Helpers?|Managers?|Common)(?![a-z])")]
    private static partial Regex Drawer();
}
