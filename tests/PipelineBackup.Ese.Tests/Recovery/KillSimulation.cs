using System.Collections.Concurrent;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Recoveries that are killed, lose power, fail, and are run again.</summary>
internal static class KillSimulation
{
    private static readonly ConcurrentDictionary<(string, long), int> s_steps = new();

    /// <summary>How many times something was really cut short.</summary>
    public static int Interrupted { get; private set; }

    /// <summary>Kills a recovery up to three times, then lets it end, and proves the result.</summary>
    /// <param name="recovery">What is recovered.</param>
    /// <param name="random">Chance.</param>
    /// <param name="kinds">What may happen to that which was not flushed.</param>
    /// <param name="sabotage">Makes the disk lie until the last run.</param>
    public static void Kill(
        RecoveryCase recovery, Random random, CrashKind[] kinds, Action<SimulatedDisk>? sabotage = null)
    {
        long memory = random.Pick([.. Memories(recovery)]);
        var disk = recovery.Disk.Copy();
        sabotage?.Invoke(disk);
        int steps = StepsOf(recovery, memory);
        for (int lives = random.Next(1, 4); lives > 0; lives--)
        {
            // The end, where headers, checkpoint and log meet, is worth as much as all the rest.
            int step = random.OneIn(3) ? random.Next(Math.Max(1, steps - 30), steps + 1) : random.Next(1, steps + 1);
            disk.KillAtStep = Math.Max(1, step);
            try
            {
                recovery.Recover(disk, options => options with { MemoryBytes = memory });
            }
            catch (SimulatedCrashException)
            {
                Interrupted++;
            }

            var kind = random.Pick(kinds);
            disk.Crash(kind, random);
            ProveOrder(recovery, disk, $"killed at step {step} of {steps}, {kind}");
        }

        (disk.IgnoresFlush, disk.Drops) = (null, null);
        recovery.Recover(disk);
        RecoveryProof.Prove(recovery, disk, thorough: random.OneIn(8));
    }

    /// <summary>Lets calls fail, once or from then on, and recovers again on a disk that has become well.</summary>
    public static void Fail(RecoveryCase recovery, Random random)
    {
        var disk = recovery.Disk.Copy();
        long memory = Memories(recovery)[0];
        int steps = StepsOf(recovery, memory);
        int reads = random.Next(1, 400);
        switch (random.Next(4))
        {
            case 0:
                disk.FailAtRead = reads;
                break;
            case 1:
                disk.Capacity = disk.Used + random.Next(1 << 20);
                break;
            case 2:
                (disk.FailAtStep, disk.FailsOn) = (random.Next(1, steps + 1), true);
                break;
            default:
                disk.FailAtStep = random.Next(1, steps + 1);
                break;
        }

        try
        {
            recovery.Recover(disk, options => options with { MemoryBytes = memory });
        }
        catch (IOException)
        {
            Interrupted++;
        }
        catch (EseException exception) when (exception.InnerException is IOException)
        {
            Interrupted++;
        }

        Assert.Equal("", disk.OpenPaths);
        (disk.FailAtStep, disk.FailsOn, disk.FailAtRead, disk.Capacity) = (0, false, 0, long.MaxValue);
        if (random.OneIn(2))
            disk.Crash(CrashKind.PowerLoss, random);
        recovery.Recover(disk);
        RecoveryProof.Prove(recovery, disk, thorough: random.OneIn(8));
    }

    /// <summary>How much memory a recovery may be given: as little as it takes, some, plenty.</summary>
    public static IReadOnlyList<long> Memories(RecoveryCase recovery) => recovery.Options is HardRecoveryOptions
        ? [160L * recovery.Disk.Unit, 1 << 23, 128 << 20]
        : [16L * recovery.Disk.Unit, 64L * recovery.Disk.Unit, 1 << 22, 128 << 20];

    /// <summary>Steps of a recovery that nobody disturbs.</summary>
    public static int StepsOf(RecoveryCase recovery, long memory) => s_steps.GetOrAdd((recovery.Name, memory), _ =>
    {
        var disk = recovery.Disk.Copy();
        recovery.Recover(disk, options => options with { MemoryBytes = memory });
        return disk.Steps;
    });

    private static void ProveOrder(RecoveryCase recovery, SimulatedDisk disk, string when)
    {
        string fault = WriteAhead.Judge(recovery, disk);
        Assert.True(fault.Length == 0, $"{recovery.Name}, {when}: {fault}");
    }
}
