using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Backup;

public sealed class KilledClosingTests
{
    private static readonly string s_second = Path.Combine(LifeRig.Data, "b.edb");

    /// <summary>Some databases were clean by then and others were not: a copy of either is replayed past it.</summary>
    [Fact]
    public void A_backup_from_before_the_engine_was_killed_while_closing_is_continued_by_one_from_behind_it()
    {
        int killed = 0;
        for (int step = 1; Take(step); step++)
            killed++;
        Assert.True(killed > 10, $"closing took {killed} steps of the disk");
    }

    private static bool Take(int step)
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var rows = new WrittenRows(engine, LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database)), new(step));
        LifeRig.Now(engine.CreateDatabaseAsync(s_second));
        rows.Steps(200);
        var full = BackupRig.Take(engine, new());
        rows.Steps(200);
        rows.Close();
        rig.Disk.KillAtStep = rig.Disk.Steps + step;
        bool isKilled = Record.Exception(() => LifeRig.Now(engine.CloseAsync())) is not null;
        rig.Disk.Crash(CrashKind.AllLost, new(1));

        var again = rig.Open();
        var database = LifeRig.Now(again.AttachDatabaseAsync(LifeRig.Database));
        LifeRig.Now(again.AttachDatabaseAsync(s_second));
        var expected = WrittenRows.Read(again, database);
        var differential = BackupRig.Take(again, ChangedPagesTests.Follows(full, BackupKind.Differential));
        LifeRig.Now(again.CloseAsync());
        var (restored, _) = BackupRig.Restore(full, differential);
        foreach (var file in full.Databases.Keys)
            restored.RequireSoundDatabase(BackupRig.PathOf(file), $"killed at step {step} of closing", mayLeak: true);
        Assert.Equal(expected, WrittenRows.Read(restored, BackupRig.PathOf(full.Databases.Keys.First()), 4096));
        return isKilled;
    }
}
