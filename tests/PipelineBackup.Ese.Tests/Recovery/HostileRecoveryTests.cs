using PipelineBackup.Ese.Tests.Logs;
using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Ese.Tests.Trees;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>
/// Logs, pages and headers that lie with every checksum right: recovery ends, says so, and touches nothing that is
/// not its own.
/// </summary>
public sealed class HostileRecoveryTests
{
    private const long MostGrowth = 64 << 20, MostAllocated = 2L << 30;

    [Fact]
    public void Logs_that_lie_harm_nobody()
    {
        var answers = new HashSet<EseError>();
        Seeds.Each(150, random => answers.Add(
            Survive(RecoveryCases.Get(random.Pick([.. RecoveryCases.All])), random, LogMutation.Mutate)));
        // Lies that are all found out at the door would prove little.
        Assert.True(answers.Contains(EseError.Success) && answers.Count >= 5, string.Join(", ", answers));
    }

    [Fact]
    public void Pages_that_lie_harm_nobody() => Seeds.Each(100, random =>
    {
        var recovery = RecoveryCases.Get(random.Pick([.. RecoveryCases.All]));
        Survive(recovery, random, (disk, chance) =>
        {
            foreach (var (path, _) in recovery.Databases)
                ChangePages(disk, path, chance);
            if (chance.OneIn(3))
                LogMutation.Mutate(disk, chance);
        });
    });

    [Fact]
    public void Headers_that_lie_harm_nobody() => Seeds.Each(100, random =>
    {
        var recovery = RecoveryCases.Get(random.Pick([.. RecoveryCases.All]));
        Survive(recovery, random, (disk, chance) =>
        {
            for (int i = chance.Next(1, 3); i > 0; i--)
                ChangeHeaders(recovery, disk, chance);
        });
    });

    private static EseError Survive(RecoveryCase recovery, Random random, Action<SimulatedDisk, Random> change)
    {
        var disk = recovery.Disk.Copy();
        change(disk, random);
        disk = disk.Copy();
        disk.Capacity = disk.Used + MostGrowth;
        var before = disk.Files.ToHashSet();
        var answer = EseError.Success;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            recovery.Recover(disk, options => options with
            {
                MemoryBytes = random.Pick([.. KillSimulation.Memories(recovery)]),
                SkipUndo = random.OneIn(8),
            });
        }
        catch (EseException exception)
        {
            answer = exception.Error;
        }
        catch (IOException)
        {
        }
        catch (UnauthorizedAccessException)
        {
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{recovery.Name}: {exception}", exception);
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.True(allocated < MostAllocated, $"{recovery.Name}: {allocated >> 20} MiB were allocated");
        Assert.True(disk.OpenFiles == 0, $"{recovery.Name}: {disk.OpenPaths}");
        foreach (string path in disk.Changed)
            Assert.True(recovery.MayWrite(path) || IsNewDatabase(path), $"{recovery.Name}: {path} was changed");
        return answer;

        bool IsNewDatabase(string path) => !before.Contains(path)
            && Path.GetDirectoryName(path) == recovery.Options.DatabaseDirectory;
    }

    private static void ChangePages(SimulatedDisk disk, string path, Random random)
    {
        byte[] file = disk.ReadAll(path);
        var size = HeaderPair.Read(file.AsSpan(0, Math.Min(file.Length, HeaderPair.StartBytes))).PageSize;
        var pages = new MemoryPages(size, file);
        if (Enumerable.Range(1, (int)pages.LastPage.Value).Any(number => !pages.View(new((uint)number)).IsZero))
            PageMutation.Mutate(pages, random);
        disk.Put(path, file);
    }

    private static void ChangeHeaders(RecoveryCase recovery, SimulatedDisk disk, Random random)
    {
        string database = random.Pick([.. recovery.Databases]).Path;
        string[] logs = [.. disk.Files.Where(LogMutation.IsLog)];
        string[] checkpoints = [.. disk.Files.Where(path => Path.GetExtension(path) == ".chk")];
        string path = random.Next(4) switch
        {
            0 => database,
            1 when checkpoints.Length > 0 => random.Pick(checkpoints),
            _ => random.Pick(logs),
        };
        byte[] file = disk.ReadAll(path);
        if (path == database)
        {
            int size = HeaderPair.Read(file.AsSpan(0, Math.Min(file.Length, HeaderPair.StartBytes))).PageSize.Bytes;
            LogMutation.ChangeHeader(file.AsSpan(0, size), DatabaseHeader.Size, random);
            if (random.OneIn(2))
                file.AsSpan(0, size).CopyTo(file.AsSpan(size));
            if (random.OneIn(6))
                LogMutation.ChangeHeader(file.AsSpan(file.Length - size, size), 148, random);
        }
        else
        {
            LogMutation.ChangeHeader(file.AsSpan(0, LogBytes.Segment), 1200, random);
            if (Path.GetExtension(path) == ".chk")
                file.AsSpan(0, LogBytes.Segment).CopyTo(file.AsSpan(LogBytes.Segment));
        }

        disk.Put(path, file);
    }
}
