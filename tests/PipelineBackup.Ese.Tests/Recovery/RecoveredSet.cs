using System.IO.Compression;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>A set of the corpus, copied to be recovered, and what the engine made of it.</summary>
internal sealed class RecoveredSet
{
    /// <summary>Copies the files of a set.</summary>
    /// <param name="set">The folder of the set.</param>
    /// <param name="files">The folder with its files.</param>
    public RecoveredSet(string set, string files)
    {
        Set = set;
        Folder = GoldenSets.NewFolder("recovery");
        foreach (string file in Directory.GetFiles(files))
            File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)));
    }

    /// <summary>The folder of the set.</summary>
    public string Set { get; }

    /// <summary>The copy.</summary>
    public string Folder { get; }

    /// <summary>A dirty set of the engine.</summary>
    /// <param name="name">Its name.</param>
    public static RecoveredSet Engine(string name)
    {
        string set = GoldenSets.Engine(name);
        return new(set, Path.Combine(set, "files"));
    }

    /// <summary>What recovery of the copy is told.</summary>
    /// <param name="baseName">First three characters of the logs.</param>
    public RecoveryOptions Options(string baseName = "edb") => new()
    {
        BaseName = baseName,
        LogDirectory = Folder,
        DatabaseDirectory = Folder,
    };

    /// <summary>Recovers the copy.</summary>
    public RecoveryReport Recover() => new SoftRecovery(Options()).Run();

    /// <summary>A database of the copy is clean, sound, and holds what the engine's holds.</summary>
    /// <param name="name">File name of the database.</param>
    public void AssertEqual(string name)
    {
        string path = Path.Combine(Folder, name);
        AssertClean(path);
        Same(File.ReadAllBytes(Path.Combine(Set, $"expected-{name}.jsonl")), Dump(path, system: false));
        Same(Unzip(Path.Combine(Set, $"expected-{name}-sys.jsonl.gz")), Dump(path, system: true));
    }

    /// <summary>A database is clean and sound.</summary>
    /// <param name="path">The file.</param>
    public static void AssertClean(string path)
    {
        using var file = DatabaseFile.Open(path);
        Assert.Equal(HeaderCopies.Identical, file.Headers.Copies);
        Assert.Equal(DatabaseState.CleanShutdown, file.Header.State);
        Assert.Equal(default, file.Header.MinRequired);
        Assert.Equal(default, file.Header.MaxRequired);
        Assert.Equal(default, file.Header.MaxCommitted);
        Assert.Equal(default, file.Header.Recovering);
        Assert.Equal(file.Header.Consistent, file.Header.Detach);
        var report = new DatabaseCheck(file, file.Header).Run();
        Assert.True(report.Findings.Count == 0, string.Join('\n', report.Findings.Take(10)));
    }

    /// <summary>Dumps a database.</summary>
    /// <param name="path">The file.</param>
    /// <param name="system">Whether the engine's own tables.</param>
    public static byte[] Dump(string path, bool system)
    {
        using var file = DatabaseFile.Open(path);
        using var output = new MemoryStream();
        DatabaseDump.Write(file, output, new() { SystemTables = system });
        return output.ToArray();
    }

    /// <summary>Two dumps are the same.</summary>
    public static void Same(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        int at = expected.CommonPrefixLength(actual);
        if (at == expected.Length && at == actual.Length)
            return;
        int from = Math.Max(0, at - 200);
        Assert.Fail($"differs at {at}:\n{Text(expected[from..])}\n{Text(actual[from..])}");
    }

    /// <summary>Unpacks a file.</summary>
    public static byte[] Unzip(string path)
    {
        using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        gzip.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static string Text(ReadOnlySpan<byte> bytes) =>
        System.Text.Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 500)]);
}
