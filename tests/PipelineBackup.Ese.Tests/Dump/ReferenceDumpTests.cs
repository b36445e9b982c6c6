using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace PipelineBackup.Ese.Tests.Dump;

/// <summary>What the real engine says of a database, byte for byte.</summary>
public sealed class ReferenceDumpTests
{
    public static TheoryData<string, string> RealSets => new()
    {
        { "V1_srum_srv2022_A", "SRUDB.dat" },
        { "V2_srum_srv2022_B", "SRUDB.dat" },
        { "V4_8k_compressed", "decompress_test.edb" },
        { "V6_roslyn_v7_512", "storage.ide" },
        { "V7a_kinect_car4_clean_v7", "storage.ide" },
    };

    // The expected dumps lack their row lines: the SHA-256 of those stands at the end of each table.
    [Theory]
    [InlineData("clean-4096", false)]
    [InlineData("clean-4096", true)]
    [InlineData("clean-32768", false)]
    [InlineData("clean-32768", true)]
    public void A_small_set_dumps_as_the_engine_does(string set, bool system)
    {
        byte[] dump = Dump(Path.Combine(GoldenSets.Small(set), "files", "db1.edb"), system);
        var lines = Encoding.UTF8.GetString(dump).Split('\n');
        var frame = lines.Where(line => !line.StartsWith("{\"type\":\"row\"", StringComparison.Ordinal));
        string expected = Path.Combine(GoldenSets.Folder, "dumps", set + (system ? "-sys.jsonl" : ".jsonl"));
        Same(File.ReadAllBytes(expected), Encoding.UTF8.GetBytes(string.Join('\n', frame)));
        RowHashesMatch(lines);
    }

    [Fact]
    public void Clean_databases_of_the_engine_dump_as_the_engine_does()
    {
        GoldenSets.RequireCorpus();
        int sets = 0;
        foreach (string set in GoldenSets.EngineSets.Where(set => set.StartsWith("clean-", StringComparison.Ordinal)))
        {
            string folder = GoldenSets.Engine(set), database = Path.Combine(folder, "files", "db1.edb");
            Same(File.ReadAllBytes(Path.Combine(folder, "expected-db1.edb.jsonl")), Dump(database, system: false));
            Same(Unzip(Path.Combine(folder, "expected-db1.edb-sys.jsonl.gz")), Dump(database, system: true));
            sets++;
        }

        Assert.True(sets >= 6, $"{sets} clean sets");
    }

    [Theory]
    [MemberData(nameof(RealSets))]
    public void A_database_of_a_real_machine_dumps_as_the_engine_does(string set, string database)
    {
        string folder = GoldenSets.Real(set);
        Same(Unzip(GoldenSets.RealDump(set)), Dump(Path.Combine(folder, database), system: false));
    }

    [Theory]
    [InlineData("dirty-basic-4096")]
    [InlineData("dirty-lv-4096")]
    [InlineData("dirty-smo-4096")]
    public void A_database_replayed_without_undo_dumps_as_the_engine_does_after_it(string set)
    {
        // Nothing was left to undo in these; their pages are those of a database in use, deleted nodes among them.
        string folder = GoldenSets.Engine(set), database = Path.Combine(folder, "redo-only", "db1.edb");
        Same(File.ReadAllBytes(Path.Combine(folder, "expected-db1.edb.jsonl")), Dump(database, system: false));
    }

    private static byte[] Dump(string database, bool system)
    {
        using var file = DatabaseFile.Open(database);
        using var output = new MemoryStream();
        var report = DatabaseDump.Write(file, output, new() { SystemTables = system });
        Assert.Equal(output.Length, report.Bytes);
        return output.ToArray();
    }

    private static void RowHashesMatch(string[] lines)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string line in lines)
        {
            if (line.StartsWith("{\"type\":\"row\"", StringComparison.Ordinal))
                hash.AppendData(Encoding.UTF8.GetBytes(line));
            else if (line.StartsWith("{\"type\":\"tableend\"", StringComparison.Ordinal))
                Assert.Contains(Convert.ToHexStringLower(hash.GetHashAndReset()), line, StringComparison.Ordinal);
        }
    }

    private static byte[] Unzip(string path)
    {
        using var file = File.OpenRead(path);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var plain = new MemoryStream();
        gzip.CopyTo(plain);
        return plain.ToArray();
    }

    private static void Same(byte[] expected, byte[] actual)
    {
        if (expected.AsSpan().SequenceEqual(actual))
            return;
        string[] want = Encoding.UTF8.GetString(expected).Split('\n');
        string[] have = Encoding.UTF8.GetString(actual).Split('\n');
        for (int i = 0; i < Math.Min(want.Length, have.Length); i++)
            Assert.Equal(want[i], have[i]);
        Assert.Equal(want.Length, have.Length);
    }
}
