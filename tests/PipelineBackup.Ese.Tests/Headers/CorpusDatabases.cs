using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Headers;

/// <summary>Every database the real engine left here: small sets always, the corpus where it is.</summary>
internal static class CorpusDatabases
{
    private static readonly string[] s_small =
        ["clean-4096", "clean-32768", "dirty-basic-4096", "dirty-empty-4096", "extbackup-4096", "jetbackup-4096"];

    /// <summary>Paths of the small sets' databases.</summary>
    public static IEnumerable<string> Small => s_small.SelectMany(set => In(GoldenSets.Small(set)));

    /// <summary>Paths of all databases, the small sets' and the corpus'.</summary>
    public static IEnumerable<string> All => Small
        .Concat(GoldenSets.EngineSets.SelectMany(set => In(GoldenSets.Engine(set))))
        .Concat(GoldenSets.RealSets.SelectMany(set => In(GoldenSets.Real(set))));

    /// <summary>Databases of all sets that have a flush map beside them, with the map's path.</summary>
    public static IEnumerable<(string Database, string Map)> WithMap => All
        .Select(path => (path, Path.ChangeExtension(path, ".jfm")))
        .Where(pair => File.Exists(pair.Item2));

    /// <summary>A copy of the first bytes of a file.</summary>
    public static byte[] Start(string path, int bytes = HeaderPair.StartBytes)
    {
        using var file = File.OpenHandle(path);
        byte[] start = new byte[bytes];
        return start[..RandomAccess.Read(file, start, 0)];
    }

    /// <summary>Makes a header page's checksum right again.</summary>
    public static void Seal(Span<byte> page) => BitConverter.TryWriteBytes(page, HeaderChecksum.Compute(page));

    /// <summary>How many seeds a fuzz test runs.</summary>
    public static int Seeds =>
        int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), out int seeds) ? seeds : 300;

    /// <summary>Paths of the databases in a folder.</summary>
    public static IEnumerable<string> In(string folder) => Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Where(path => Path.GetExtension(path) is ".edb" or ".dat" or ".db" or ".ide")
        .Order(StringComparer.Ordinal);
}
