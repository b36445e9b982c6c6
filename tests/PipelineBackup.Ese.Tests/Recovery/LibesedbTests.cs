using System.Text;
using System.Text.Json.Nodes;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>
/// What recovery makes can be read by others: <c>esedbexport</c> of libesedb (Debian's <c>libesedb-utils</c>) exports
/// each table with as many rows as the engine found in it.
/// </summary>
public sealed class LibesedbTests
{
    public static TheoryData<string> Sets => [.. RecoveryCases.All];

    [Theory]
    [MemberData(nameof(Sets), DisableDiscoveryEnumeration = true)]
    public void It_reads_what_was_recovered(string name)
    {
        Esedbexport.Require();
        var recovery = RecoveryCases.Get(name);
        var disk = recovery.Disk.Copy();
        recovery.Recover(disk);
        foreach (var (path, reference) in recovery.Databases)
        {
            byte[] file = disk.ReadAll(path);
            var header = HeaderPair.Read(file.AsSpan(0, Math.Min(file.Length, HeaderPair.StartBytes))).Require(path);
            // Format 1568.290 is younger than most builds of it: it then cannot read the engine's own files either.
            Assert.SkipUnless(header.Version.UpdateMajor < 290 || ReadsPresentFormat(),
                "this esedbexport cannot read a clean database of this format that the engine itself wrote");
            Compare(file, RecoveryProof.Reference(reference + ".jsonl"));
        }
    }

    [Theory]
    [InlineData("V3_srum_win11_dirty", null, "SRUDB.dat", "SRU")]
    [InlineData("V7b_kinect_car4copy_dirty_v7", null, "storage.ide", "edb")]
    [InlineData("V7b_kinect_car4copy_dirty_v7", "V7a_kinect_car4_clean_v7", "storage.ide", "edb")]
    public void It_reads_recovered_databases_of_real_machines(string set, string? earlier, string database, string baseName)
    {
        Esedbexport.Require();
        var disk = RecoveryCase.Load(GoldenSets.Real(set), RecoveryCase.Home);
        if (earlier is not null)
            RecoveryCase.Load(GoldenSets.Real(earlier), RecoveryCase.Home, disk, name => name == database);
        new SoftRecovery(new()
        {
            BaseName = baseName,
            LogDirectory = RecoveryCase.Home,
            DatabaseDirectory = RecoveryCase.Home,
            ScratchDirectory = RecoveryCase.Scratch,
            Disk = disk,
        }).Run();
        Compare(disk.ReadAll(Path.Combine(RecoveryCase.Home, database)),
            RecoveryProof.Reference(GoldenSets.RealDump(set + ".recovered")));
    }

    private static void Compare(byte[] database, byte[] reference)
    {
        var (said, exported) = Esedbexport.Run(database);
        Assert.True(exported is not null, said);
        var expected = Encoding.UTF8.GetString(reference).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith("{\"type\":\"tableend\"", StringComparison.Ordinal))
            .Select(line => JsonNode.Parse(line)!)
            .ToDictionary(line => (string)line["table"]!, line => (int)line["rows"]!);
        foreach (var (table, rows) in expected)
            Assert.True(exported.TryGetValue(table, out var its) && its.Length - 1 == rows, $"{table}: {rows} rows, {its?.Length - 1} exported");
    }

    private static bool ReadsPresentFormat()
    {
        string clean = Path.Combine(GoldenSets.Small("clean-4096"), "files", "db1.edb");
        return Esedbexport.Run(File.ReadAllBytes(clean)).Tables is not null;
    }
}
