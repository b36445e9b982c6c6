using System.Text.RegularExpressions;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Logs;

/// <summary>Log files of the golden sets and the corpus, and what the engine's dump says of them.</summary>
internal static partial class LogCorpus
{
    /// <summary>A small vector file of the format's description.</summary>
    public static byte[] Vector(string name) => File.ReadAllBytes(Path.Combine(GoldenSets.Folder, "vectors", name));

    /// <summary>A file of the smallest golden set with a written log.</summary>
    public static string Basic(string name) => Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files", name);

    /// <summary>All files in a set whose names say that they hold log records, the temporary ones left out.</summary>
    public static IEnumerable<string> Logs(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Where(path => LogFileName.TryParse(Path.GetFileName(path), out var name)
            && name.Kind is LogFileKind.Current or LogFileKind.Numbered)
        .Order(StringComparer.Ordinal);

    /// <summary>The dump of one log file.</summary>
    public sealed record Dump(string File, string[] Lines)
    {
        public string Value(string label) => Lines.First(line => line.TrimStart().StartsWith(label, StringComparison.Ordinal))
            .TrimStart()[label.Length..].Trim();

        public ulong Accumulated => Convert.ToUInt64(Value("Accumulated segment checksum:"), 16);

        public LogPosition End
        {
            get
            {
                int[] parts = [.. Number().Matches(Value("Last Lgpos:")).Select(m => Convert.ToInt32(m.Groups[1].Value, 16))];
                return new(new(parts[0]), parts[1], parts[2]);
            }
        }
    }

    /// <summary>The dumps of a set's <c>logdump.txt.gz</c>, in its order; none when the set has no such file.</summary>
    public static IEnumerable<Dump> Dumps(string folder) =>
        EngineLogDumps.Of(folder).Select(dump => new Dump(dump.Name, dump.Lines));

    [GeneratedRegex("(?:0x)?([0-9A-Fa-f]+)")]
    private static partial Regex Number();
}
