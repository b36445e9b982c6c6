using System.Collections.Concurrent;
using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Ese.Tests.Trees;

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
        var disk = recovery.Disk.Copy();
        sabotage?.Invoke(disk);
        Kill(recovery, disk, random, kinds);
        (disk.IgnoresFlush, disk.Drops) = (null, null);
        recovery.Recover(disk);
        RecoveryProof.Prove(recovery, disk, thorough: random.OneIn(8));
    }

    /// <summary>
    /// Kills a recovery that ends before the logs do. Run again it ends as one that nobody disturbed; or it refuses to stop
    /// there any more, and ends there, or at the end of the logs, when it is not told to.
    /// </summary>
    public static void KillStopped(RecoveryCase recovery, Random random, CrashKind[] kinds)
    {
        var logs = recovery.Disk.Files.Where(LogMutation.IsLog).Select(recovery.Disk.ReadAll).ToList();
        var scanner = new LogScanner(collectSegments: true);
        scanner.Append(random.Pick([.. logs]));
        var scan = scanner.Complete();
        var stop = random.OneIn(2)
            ? new RecoveryStop { Generation = scan.Header!.Generation }
            : new RecoveryStop
            {
                Time = random.Pick([.. scan.Segments.Select(segment => segment.Started).Append(scan.Header!.Created)]),
            };
        recovery = recovery with
        {
            Name = $"{recovery.Name}, to {stop}",
            Options = recovery.Options with { StopAt = stop, LeaveOutLaterLogs = true },
        };
        var undisturbed = recovery.Disk.Copy();
        try
        {
            recovery.Recover(undisturbed);
        }
        catch (EseException)
        {
            // Before the database can be made consistent: refused, and nothing is changed.
            Assert.Empty(undisturbed.Changed);
            return;
        }

        var disk = recovery.Disk.Copy();
        bool refused = false;
        try
        {
            Kill(recovery, disk, random, kinds);
            recovery.Recover(disk);
        }
        catch (EseException refusal)
        {
            // There is a log behind the stop now: undo had begun to write it, or it was replayed in part and the header
            // names it. The databases may hold what it holds. A backup set is copied anew then; others go on without stop.
            Assert.NotEqual("", refusal.Hint);
            if (recovery.Options is HardRecoveryOptions)
                return;
            (refused, disk.KillAtStep) = (true, 0);
            recovery.Recover(disk, options => options with { StopAt = null });
        }

        foreach (var (path, reference) in recovery.Databases)
        {
            byte[] mine = disk.ReadAll(path), its = undisturbed.ReadAll(path);
            var (_, size) = RecoveryProof.ProveClean(mine, path);
            byte[] dump = RecoveryProof.Dump(new MemoryPages(size, mine), system: false);
            if (!refused || !dump.AsSpan().SequenceEqual(RecoveryProof.Reference(reference + ".jsonl")))
            {
                RecoveryProof.Same(RecoveryProof.Dump(new MemoryPages(size, its), system: false), dump,
                    $"{recovery.Name}, {path}");
            }
        }

        Assert.Equal("", disk.OpenPaths);
    }

    private static void Kill(RecoveryCase recovery, SimulatedDisk disk, Random random, CrashKind[] kinds)
    {
        long memory = random.Pick([.. Memories(recovery)]);
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
    }

    /// <summary>
    /// Lets a disk lose power that tears pages, as no disk that the format is made for does: the damage is refused, or
    /// the pages are made anew, but never taken for sound.
    /// </summary>
    /// <returns>Whether it recovered all the same; null when the format itself is deceived.</returns>
    public static bool? Tear(RecoveryCase recovery, Random random)
    {
        long memory = random.Pick([.. Memories(recovery)]);
        var disk = recovery.Disk.Copy(unit: 512);
        int steps = StepsOf(recovery, memory);
        disk.KillAtStep = random.OneIn(2) ? random.Next(Math.Max(1, steps - 30), steps + 1) : random.Next(1, steps + 1);
        try
        {
            recovery.Recover(disk, options => options with { MemoryBytes = memory });
        }
        catch (SimulatedCrashException)
        {
            Interrupted++;
        }

        disk.Crash(CrashKind.PowerLoss, random);
        foreach (var (path, _) in recovery.Databases)
        {
            byte[] file = disk.ReadAll(path);
            var headers = HeaderPair.Read(file.AsSpan(0, Math.Min(file.Length, HeaderPair.StartBytes)));
            Assert.True(headers.Copies != HeaderCopies.BothBad, $"{recovery.Name}: both headers of {path} are torn");
            if (IsDeceptive(new(headers.PageSize, file)))
                return null;
        }

        try
        {
            recovery.Recover(disk);
        }
        catch (EseException damage) when (damage.Error is EseError.ReadVerifyFailure or EseError.LogFileCorrupt)
        {
            return false;
        }

        RecoveryProof.Prove(recovery, disk, thorough: true);
        return true;
    }

    // Three bits in the same column of the checksum look like one in a fourth place, which is then "corrected": marks of
    // neighbouring tags, where a page is torn between them. The engine is deceived as well.
    private static bool IsDeceptive(MemoryPages pages) => Enumerable.Range(1, (int)pages.LastPage.Value)
        .Select(number => new PageNumber((uint)number))
        .Any(page => PageInspector.Inspect(pages[page], page).IsMendable);

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
