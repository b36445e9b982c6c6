using PipelineBackup.Engine.Tests.Backup;
using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Snapshots;

/// <summary>The disk dies at every step of a snapshot, or one step fails: nothing that was committed is lost.</summary>
public sealed class SnapshotCrashTests
{
    private const int First = 1_000_000;

    [Theory]
    [InlineData(nameof(CrashKind.Kill))]
    [InlineData(nameof(CrashKind.PowerLoss))]
    [InlineData(nameof(CrashKind.AllLost))]
    public void A_crash_at_any_step_loses_nothing(string kind)
    {
        var (from, to) = Run(0, 0, out var whole, out _);
        Assert.Contains(whole.Events, each => each.Id == EngineEvent.LogsDeleted);
        Assert.True(to - from > 20, $"{to - from} steps");
        for (int step = from + 1; step <= to + 1; step++)
        {
            Run(step, 0, out var rig, out var image);
            rig.Disk.Crash(Enum.Parse<CrashKind>(kind), new(step));
            Judge(rig.Disk, rig, $"killed at step {step}");
            if (image is not null)
                Judge(image, rig, $"frozen, killed at step {step}");
        }
    }

    [Fact]
    public void A_step_that_fails_loses_nothing_and_leaves_nothing_frozen()
    {
        var (from, to) = Run(0, 0, out _, out _);
        for (int step = from + 1; step <= to; step++)
        {
            Run(0, step, out var rig, out var image);
            Assert.False(rig.Engine.IsFrozen, $"failed at step {step}: still frozen");
            Assert.Null(rig.Host.Snapshot);
            LifeRig.Now(rig.Engine.DisposeAsync());
            rig.Disk.Crash(CrashKind.AllLost, new(step));
            Judge(rig.Disk, rig, $"failed at step {step}");
            if (image is not null)
                Judge(image, rig, $"frozen, failed at step {step}");
        }
    }

    // Everything was durable before; what comes while frozen and behind it are rows with numbers of their own.
    private static (int From, int To) Run(int killAt, int failAt, out SnapshotRig made, out SimulatedDisk? image)
    {
        var rig = made = new SnapshotRig();
        image = null;
        rig.Rows[0].Steps(700);
        rig.Rows[0].Close();
        rig.Engine.WriteBackAll();
        int from = rig.Disk.Steps;
        (rig.Disk.KillAtStep, rig.Disk.FailAtStep) = (killAt, failAt);
        SnapshotSession? session = null;
        try
        {
            session = rig.Host.PrepareSnapshot(SnapshotOptions.ContinueAfterThaw);
            LifeRig.Now(session.FreezeAsync());
            int steps = rig.Disk.Steps;
            Insert(rig, First, 20);
            Assert.Equal(steps, rig.Disk.Steps);
            image = rig.Disk.Copy();
            LifeRig.Now(session.ThawAsync());
            Insert(rig, First + 20, 20);
            rig.Engine.WorkNow();
            LifeRig.Now(session.TruncateLogAsync(SnapshotTruncation.AllDatabases));
            LifeRig.Now(session.EndAsync());
            Insert(rig, First + 40, 5);
            rig.Engine.WorkNow();
        }
        catch (Exception e) when (e is SimulatedCrashException or EseException or IOException && killAt + failAt > 0)
        {
            // As it was meant.
        }

        if (failAt > 0)
            LifeRig.Now(session!.DisposeAsync());
        return (from, rig.Disk.Steps);
    }

    private static void Insert(SnapshotRig rig, int first, int count)
    {
        using var session = rig.Engine.CreateSession();
        var table = session.OpenTable(rig.Database, "rows");
        for (int id = first; id < first + count; id++)
        {
            using var transaction = session.BeginTransaction();
            table.Insert(table.NewRow().Set("id", id).Set("text", new string('n', 50)));
            LifeRig.Now(transaction.CommitAsync(CommitMode.Lazy));
        }
    }

    private static void Judge(SimulatedDisk disk, SnapshotRig rig, string what)
    {
        var opened = LifeRig.Open(new LifeRig(disk).Options);
        var database = LifeRig.Now(opened.AttachDatabaseAsync(LifeRig.Database));
        var rows = WrittenRows.Read(opened, database);
        var mark = database.Header.PreviousFull;
        LifeRig.Now(opened.CloseAsync());
        new LifeRig(disk).RequireSound(LifeRig.Database, what, mayLeak: true);
        Assert.True(rig.Rows[0].Committed.SequenceEqual(rows.Where(row => row.Key < First)), $"{what}: rows are lost");
        int[] later = [.. rows.Keys.Where(id => id >= First)];
        Assert.True(later.SequenceEqual(Enumerable.Range(First, later.Length)), $"{what}: a commit is missing before others");
        Assert.True(!mark.IsSet || mark.HighGeneration.Value > 0 && mark.Mark.Generation == mark.HighGeneration.Next, what);
    }
}
