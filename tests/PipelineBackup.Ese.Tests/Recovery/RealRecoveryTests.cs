using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Ese.Tests.Trees;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Databases and logs of real machines.</summary>
public sealed class RealRecoveryTests
{
    [Fact]
    public void A_database_of_Windows_11_recovers_past_a_stale_log()
    {
        string set = GoldenSets.Real("V3_srum_win11_dirty");
        var disk = RecoveryCase.Load(set, RecoveryCase.Home);
        string database = Path.Combine(RecoveryCase.Home, "SRUDB.dat");
        long lost = Check(disk.ReadAll(database)).LeakedPages;
        Recover(disk, "SRU");
        Prove(disk, "SRUDB.dat", "V3_srum_win11_dirty.recovered", lost);
    }

    [Fact]
    public void An_earlier_database_becomes_the_later_one_by_its_logs()
    {
        string earlier = GoldenSets.Real("V7a_kinect_car4_clean_v7"), later = GoldenSets.Real("V7b_kinect_car4copy_dirty_v7");
        var disk = RecoveryCase.Load(earlier, RecoveryCase.Home, only: name => name == "storage.ide");
        RecoveryCase.Load(later, RecoveryCase.Home, disk, name => name != "storage.ide");
        Recover(disk, "edb");
        Prove(disk, "storage.ide", "V7b_kinect_car4copy_dirty_v7.recovered");
    }

    [Fact]
    public void A_database_with_legacy_logs_recovers()
    {
        var disk = RecoveryCase.Load(GoldenSets.Real("V7b_kinect_car4copy_dirty_v7"), RecoveryCase.Home);
        Recover(disk, "edb");
        Prove(disk, "storage.ide", "V7b_kinect_car4copy_dirty_v7.recovered");
    }

    [Fact]
    public void A_dirty_database_without_logs_is_refused_and_left_as_it_is()
    {
        var disk = RecoveryCase.Load(GoldenSets.Real("V5_16k_rev300_dirty_nolog"), RecoveryCase.Home);
        Assert.Throws<EseException>(() => Recover(disk, "edb"));
        Assert.Empty(disk.Changed);
        Assert.Equal("", disk.OpenPaths);
    }

    [Theory]
    [InlineData("V1_srum_srv2022_A", "SRU")]
    [InlineData("V2_srum_srv2022_B", "SRU")]
    [InlineData("V7a_kinect_car4_clean_v7", "edb")]
    public void A_clean_database_is_left_as_it_is(string set, string baseName)
    {
        var disk = RecoveryCase.Load(GoldenSets.Real(set), RecoveryCase.Home);
        var report = Recover(disk, baseName);
        Assert.Equal(EseError.Success, report.Result);
        Assert.DoesNotContain(report.Databases, database => database.Outcome != RecoveryOutcome.AlreadyClean);
        Assert.Empty(disk.Changed);
    }

    private static RecoveryReport Recover(SimulatedDisk disk, string baseName) => new SoftRecovery(new()
    {
        BaseName = baseName,
        LogDirectory = RecoveryCase.Home,
        DatabaseDirectory = RecoveryCase.Home,
        ScratchDirectory = RecoveryCase.Scratch,
        Disk = disk,
    }).Run();

    // Pages that belong to a tree and are of no use, lost long before: Windows leaves some after a crash, and no log
    // brings them back.
    private static void Prove(SimulatedDisk disk, string name, string reference, long lost = 0)
    {
        byte[] file = disk.ReadAll(Path.Combine(RecoveryCase.Home, name));
        var (_, size) = RecoveryProof.ProveClean(file, name);
        var pages = new MemoryPages(size, file);
        RecoveryProof.Same(RecoveryProof.Reference(GoldenSets.RealDump(reference)), RecoveryProof.Dump(pages, system: false), name);
        var report = Check(file);
        Assert.Equal(lost, report.LeakedPages);
        Assert.Empty(report.Findings);
    }

    private static CheckReport Check(byte[] file)
    {
        var headers = HeaderPair.Read(file.AsSpan(0, HeaderPair.StartBytes));
        return new DatabaseCheck(new MemoryPages(headers.PageSize, file), headers.Require("the database")).Run();
    }
}
