using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Recovery;

namespace PipelineBackup.Engine.Tests.Restores;

/// <summary>Backup sets of the engine of Windows are restored as that engine restored them, with and without a target.</summary>
public sealed class RealSetRestoreTests
{
    private static readonly string s_set = Path.GetFullPath("/merged"), s_work = Path.GetFullPath("/work");

    public static TheoryData<string> Sets =>
        [.. RecoveryCases.Hard.Where(set => set.StartsWith("ext", StringComparison.Ordinal))];

    public static TheoryData<string> Forward =>
        [.. RecoveryCases.Hard.Where(set => set.Contains("rollforward", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task A_set_becomes_what_the_engine_made_of_it(string set)
    {
        var recovery = RecoveryCases.Get(set);
        var disk = recovery.Disk.Copy();
        var hard = (HardRecoveryOptions)recovery.Options;
        var report = await new EngineHost().RestoreExternalAsync(Options(hard, disk), TestContext.Current.CancellationToken);
        Assert.Equal(EseError.Success, report.Result);
        RecoveryProof.Prove(recovery, disk, thorough: false);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Forward))]
    public async Task A_set_is_rolled_forward_with_an_engine_that_took_its_logs_over(string set)
    {
        var recovery = RecoveryCases.Get(set);
        var disk = recovery.Disk.Copy();
        var hard = (HardRecoveryOptions)recovery.Options;
        disk.AddDirectory(s_work);
        var host = new EngineHost();

        // The databases are lost, the logs are not.
        var engine = LifeRig.Open(new()
        {
            Host = host,
            InstanceName = "live",
            LogDirectory = hard.LogDirectory,
            Map = [.. hard.Map.Select(entry => new DatabaseMapping(entry.Logged, Path.Combine(s_work, "gone-" + Path.GetFileName(entry.Path))))],
            IgnoreMissingDatabases = true,
            HasBackgroundWork = false,
            Disk = disk,
        });
        var options = Options(hard, disk) with { LogDirectory = s_work, CheckpointDirectory = null, TargetInstance = "live" };
        var report = await host.RestoreExternalAsync(options, TestContext.Current.CancellationToken);
        Assert.Equal(EseError.TargetInstanceRunning, report.Result);
        Assert.Equal(engine.Log.DurableHeader.Generation, report.End.Generation.Next);
        RecoveryProof.Prove(recovery, disk.Copy());
        foreach (var (path, _) in recovery.Databases)
            LifeRig.Now(engine.AttachDatabaseAsync(path, TestContext.Current.CancellationToken));
        LifeRig.Now(engine.CloseAsync());
    }

    // As documented: the logs of all backups of the set in one directory.
    private static ExternalRestoreOptions Options(HardRecoveryOptions hard, Ese.Tests.Simulation.SimulatedDisk disk)
    {
        disk.AddDirectory(s_set);
        foreach (string log in hard.BackupLogDirectories.SelectMany(disk.ListFiles).Where(path => path.EndsWith(".log", StringComparison.Ordinal)))
            disk.Put(Path.Combine(s_set, Path.GetFileName(log)), disk.ReadAll(log));
        return new()
        {
            BackupLogDirectory = s_set,
            LogDirectory = hard.LogDirectory,
            CheckpointDirectory = hard.CheckpointDirectory,
            Map = hard.Map,
            Disk = disk,
        };
    }
}
