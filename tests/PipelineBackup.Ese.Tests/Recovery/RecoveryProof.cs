using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Ese.Tests.Trees;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Whether a database is what the engine made of it.</summary>
internal static class RecoveryProof
{
    private static readonly ConcurrentDictionary<string, byte[]> s_references = new();

    /// <summary>All databases of a case: clean, sound, and with the content of the reference.</summary>
    /// <param name="recovery">The case.</param>
    /// <param name="disk">Where they are.</param>
    /// <param name="thorough">Whether every tree and index is checked too.</param>
    public static void Prove(RecoveryCase recovery, SimulatedDisk disk, bool thorough = true)
    {
        Assert.Equal("", disk.OpenPaths);
        foreach (var (path, reference) in recovery.Databases)
        {
            byte[] file = disk.ReadAll(path);
            var header = ProveClean(file, path);
            var pages = new MemoryPages(header.PageSize, file);
            Same(Reference(reference + ".jsonl"), Dump(pages, system: false), path);
            string system = reference + (GoldenSets.HasCorpus ? "-sys.jsonl.gz" : "-sys.jsonl");
            if (File.Exists(system))
                Same(Reference(system), Dump(pages, system: true), path + " (system tables)");
            if (!thorough)
                continue;
            var report = new DatabaseCheck(pages, header.Header).Run();
            Assert.True(report.Findings.Count == 0,
                $"{path}: {string.Join("; ", report.Findings.Take(5))} ({report.Findings.Count} findings)");
        }
    }

    /// <summary>Both headers whole and equal, clean, in need of no log.</summary>
    public static (DatabaseHeader Header, PageSize PageSize) ProveClean(byte[] file, string path)
    {
        var headers = HeaderPair.Read(file.AsSpan(0, Math.Min(file.Length, HeaderPair.StartBytes)));
        var header = headers.Require(path);
        Assert.True(header.State == DatabaseState.CleanShutdown, $"{path} is {header.State}");
        Assert.True(headers.Copies == HeaderCopies.Identical, $"{path}: {headers.Copies}");
        Assert.Equal((0, 0, 0), (header.MinRequired.Value, header.MaxRequired.Value, header.MaxCommitted.Value));
        Assert.Equal(0, file.Length % headers.PageSize.Bytes);
        return (header, headers.PageSize);
    }

    /// <summary>The dump of a database in memory.</summary>
    public static byte[] Dump(IPageFile pages, bool system)
    {
        using var output = new MemoryStream();
        DatabaseDump.Write(pages, output, new() { SystemTables = system });
        return output.ToArray();
    }

    /// <summary>A file of the corpus, unpacked when it is compressed.</summary>
    public static byte[] Reference(string path) => s_references.GetOrAdd(path, _ =>
    {
        if (!path.EndsWith(".gz", StringComparison.Ordinal))
            return File.ReadAllBytes(path);
        using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        gzip.CopyTo(plain);
        return plain.ToArray();
    });

    /// <summary>Fails with the first line that differs.</summary>
    public static void Same(byte[] expected, byte[] actual, string what)
    {
        if (expected.AsSpan().SequenceEqual(actual))
            return;
        string[] want = Encoding.UTF8.GetString(expected).Split('\n');
        string[] have = Encoding.UTF8.GetString(actual).Split('\n');
        // A frame: of the rows there is their hash alone, at the end of each table.
        if (!want.Any(IsRow))
            have = [.. have.Where(line => !IsRow(line))];
        for (int i = 0; i < Math.Min(want.Length, have.Length); i++)
            Assert.True(want[i] == have[i], $"{what}, line {i}:\n{Cut(want[i])}\n{Cut(have[i])}");
        Assert.True(want.Length == have.Length, $"{what}: {want.Length} lines are expected, {have.Length} are there");
    }

    private static bool IsRow(string line) => line.StartsWith("{\"type\":\"row\"", StringComparison.Ordinal);

    private static string Cut(string line) => line.Length <= 400 ? line : line[..400] + " …";
}
