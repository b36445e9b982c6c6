using System.Text;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Recovery;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Interop;

/// <summary>
/// Databases and logs that the engine of Windows wrote are recovered, changed in rows and definitions, killed, changed
/// again, backed up and restored by this engine.
/// </summary>
public sealed class TakenOverTests
{
    private static readonly string s_home = Path.GetFullPath("/clean");

    // All of them where many seeds are asked for.
    private static readonly string[] s_usual =
    [
        "clean-8192", "clean-misc-4096", "dirty-E00-32768", "dirty-basic-4096", "dirty-efv8020-4096", "dirty-lv-4096",
        "dirty-misc-4096", "dirty-multidb-4096", "dirty-sigkill1-4096", "dirty-undoddl-4096", "snapshot-4096",
        "extbackup-32768/rollforward", "extbackup-4096/restore", "extmulti-4096/rollforward-both", "jetbackup-4096/restore-full-incr",
    ];

    public static TheoryData<string> Dirty => Some(RecoveryCases.Soft);

    public static TheoryData<string> Restored => Some(RecoveryCases.Hard);

    public static TheoryData<string> Clean =>
        Some(GoldenSets.EngineSets.Where(set => set.StartsWith("clean-", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(Dirty))]
    public void A_set_that_was_left_dirty(string name)
    {
        var recovery = RecoveryCases.Get(name);
        var disk = recovery.Disk.Copy();
        if (recovery.Options.AllowMissingCurrentLog)
            recovery.Recover(disk);
        Use(recovery, disk);
    }

    [Theory]
    [MemberData(nameof(Restored))]
    public void A_backup_that_was_restored(string name)
    {
        var recovery = RecoveryCases.Get(name);
        var disk = recovery.Disk.Copy();
        recovery.Recover(disk);
        Use(recovery, disk);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Clean))]
    public void A_database_without_its_logs(string set)
    {
        var disk = new SimulatedDisk();
        disk.AddDirectory(s_home);
        string path = Path.Combine(s_home, "db1.edb");
        disk.Put(path, File.ReadAllBytes(Path.Combine(GoldenSets.Engine(set), "files", "db1.edb")));
        Use(new(disk, s_home, "edb", path));
    }

    [Theory]
    [InlineData("V1_srum_srv2022_A", "SRUDB.dat", "SRU")]
    [InlineData("V3_srum_win11_dirty", "SRUDB.dat", "SRU")]
    public void A_database_of_a_real_machine(string set, string database, string baseName)
    {
        var disk = RecoveryCase.Load(GoldenSets.Real(set), RecoveryCase.Home);
        string path = Path.Combine(RecoveryCase.Home, database);
        new SoftRecovery(new()
        {
            BaseName = baseName,
            LogDirectory = RecoveryCase.Home,
            DatabaseDirectory = RecoveryCase.Home,
            ScratchDirectory = RecoveryCase.Scratch,
            Disk = disk,
        }).Run(TestContext.Current.CancellationToken);
        Use(new(disk, RecoveryCase.Home, baseName, path));
    }

    private static TheoryData<string> Some(IEnumerable<string> sets) =>
        [.. sets.Where(set => Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS") is not null || s_usual.Contains(set))];

    private static void Use(RecoveryCase recovery, SimulatedDisk disk)
    {
        string[] paths = [.. recovery.Databases.Select(database => database.Path)];
        var set = new TakenOverSet(disk, recovery.Options.LogDirectory, recovery.Options.BaseName, paths);
        set.Recover();
        foreach (var (path, reference) in recovery.Databases)
        {
            if (GoldenSets.HasCorpus)
                set.RequireDump(path, File.ReadAllLines(reference + ".jsonl", Encoding.UTF8));
        }

        Use(set, isRecovered: true);
        Assert.DoesNotContain(disk.Files, file => paths.Any(path => file == Path.ChangeExtension(path, ".jfm")));
    }

    private static void Use(TakenOverSet set, bool isRecovered = false)
    {
        if (!isRecovered)
            set.Recover();
        set.Change(isKilled: false);
        set.Change(isKilled: true);
        set.BackUp();
        Assert.True(set.Changed > 30, $"{set.Changed} changes, {set.Refused} tables refused");
    }
}
