using System.Collections.Concurrent;
using System.Formats.Tar;
using System.IO.Compression;
using PipelineBackup.Golden;

[assembly: AssemblyFixture(typeof(GoldenSets.Scratch))]

namespace PipelineBackup.Golden;

/// <summary>
/// Files that the real engine wrote. The small sets of <c>tests/Golden</c> are always there; the corpus, a folder beside
/// the project (or wherever <c>PIPELINEBACKUP_CORPUS</c> points), only on some machines: tests on it skip without it.
/// Each set is unpacked once a process; tests never write into it.
/// </summary>
internal static class GoldenSets
{
    private static readonly ConcurrentDictionary<string, Lazy<string>> s_unpacked = new();
    private static readonly Lazy<string> s_scratch = new(MakeScratch);

    /// <summary>Root of the project: the folder of the solution.</summary>
    public static string ProjectRoot { get; } = FindRoot();

    /// <summary>Folder of the small sets.</summary>
    public static string Folder => Path.Combine(ProjectRoot, "tests", "Golden");

    private static string Corpus => Environment.GetEnvironmentVariable("PIPELINEBACKUP_CORPUS")
        ?? Path.GetFullPath(Path.Combine(ProjectRoot, "..", "shared", "data"));

    /// <summary>Whether the corpus is on this machine.</summary>
    public static bool HasCorpus => Directory.Exists(Path.Combine(Corpus, "engine"));

    /// <summary>The unpacked folder of a small set, for instance <c>clean-4096</c>.</summary>
    public static string Small(string set) => Unpack(Path.Combine(Folder, set + ".tar.gz"));

    /// <summary>Names of all sets that the engine wrote for the corpus; empty without it.</summary>
    public static IEnumerable<string> EngineSets => Names("engine");

    /// <summary>Names of all sets of real machines in the corpus; empty without it.</summary>
    public static IEnumerable<string> RealSets => Names("real");

    /// <summary>The unpacked folder of a corpus set of the engine. Skips the test without a corpus.</summary>
    public static string Engine(string set) => FromCorpus("engine", set);

    /// <summary>The unpacked folder of a corpus set of a real machine. Skips the test without a corpus.</summary>
    public static string Real(string set) => FromCorpus("real", set);

    /// <summary>The engine's dump of the database of a real machine, compressed. Skips the test without a corpus.</summary>
    public static string RealDump(string set)
    {
        RequireCorpus();
        return Path.Combine(Corpus, "real", "expected", set + ".jsonl.gz");
    }

    /// <summary>Skips the running test unless the corpus is there.</summary>
    public static void RequireCorpus() =>
        Assert.SkipUnless(HasCorpus, "the corpus of the real engine is not on this machine (set PIPELINEBACKUP_CORPUS to its folder)");

    /// <summary>A fresh empty folder, deleted when the tests are over.</summary>
    public static string NewFolder(string purpose = "test") =>
        Directory.CreateDirectory(Path.Combine(s_scratch.Value, $"{purpose}-{Guid.NewGuid():N}")).FullName;

    private static IEnumerable<string> Names(string kind) => HasCorpus
        ? Directory.EnumerateFiles(Path.Combine(Corpus, kind), "*.tar.gz")
            .Select(file => Path.GetFileName(file)[..^".tar.gz".Length]).Order(StringComparer.Ordinal)
        : [];

    private static string FromCorpus(string kind, string set)
    {
        RequireCorpus();
        return Unpack(Path.Combine(Corpus, kind, set + ".tar.gz"));
    }

    // Most archives hold one folder with the set's name, some hold the files at the top.
    private static string Unpack(string archive) => s_unpacked.GetOrAdd(archive, path => new(() =>
    {
        string target = NewFolder("set");
        using var file = File.OpenRead(path);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        TarFile.ExtractToDirectory(gzip, target, overwriteFiles: false);
        string inner = Path.Combine(target, Path.GetFileName(path)[..^".tar.gz".Length]);
        return Directory.Exists(inner) ? inner : target;
    })).Value;

    private static string MakeScratch()
    {
        string path = Directory.CreateTempSubdirectory("pipelinebackup-tests-").FullName;

        // For runs that only look which tests there are.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Delete(path);
        return path;
    }

    private static void Delete(string path)
    {
        try
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
        }
        catch (IOException)
        {
            // Left for the system's own clean-up of its temporary folder.
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "PipelineBackup.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("the tests run from a folder below the solution");
    }

    /// <summary>
    /// Deletes what tests left when the last of them is over: when the process ends it is late, for the runner takes
    /// what takes longer then for a thread that does not end.
    /// </summary>
    internal sealed class Scratch : IDisposable
    {
        /// <summary>Deletes it.</summary>
        public void Dispose()
        {
            if (s_scratch.IsValueCreated)
                Delete(s_scratch.Value);
        }
    }
}
