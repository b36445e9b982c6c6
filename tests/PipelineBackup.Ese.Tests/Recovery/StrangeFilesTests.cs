using PipelineBackup.Ese.Tests.Logs;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>
/// Files among the logs that do not belong there: recovery gives the same result all the same, or refuses and leaves
/// the databases as they are.
/// </summary>
public sealed class StrangeFilesTests
{
    [Fact]
    public void Older_newer_and_foreign_logs_do_no_harm()
    {
        int recovered = 0, refused = 0;
        Seeds.Each(150, random =>
        {
            var recovery = RecoveryCases.Get(random.Pick([.. RecoveryCases.All]));
            var disk = recovery.Disk.Copy();
            string told = "";
            for (int i = random.Next(1, 4); i > 0; i--)
                told += Intrude(recovery, disk, random);
            var before = recovery.Databases.ToDictionary(each => each.Path, each => disk.ReadAll(each.Path));
            try
            {
                recovery.Recover(disk);
            }
            catch (EseException refusal)
            {
                refused++;
                foreach (var (path, content) in before)
                    Assert.True(content.AsSpan().SequenceEqual(disk.ReadAll(path)), $"{recovery.Name},{told}: {path} was changed, then {refusal}");
                return;
            }

            recovered++;
            try
            {
                RecoveryProof.Prove(recovery, disk, thorough: random.OneIn(8));
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"{recovery.Name},{told}: {exception.Message}", exception);
            }
        });
        Assert.True(recovered > 30, $"{recovered} recovered, {refused} refused");
    }

    // Something that a careless hand, another program or an old run may have left.
    private static string Intrude(RecoveryCase recovery, SimulatedDisk disk, Random random)
    {
        string[] own = [.. recovery.Disk.Files.Where(LogMutation.IsLog)];
        string[] folders = [.. own.Select(path => Path.GetDirectoryName(path)!).Append(recovery.Options.LogDirectory).Distinct()];
        string folder = random.Pick(folders), baseName = recovery.Options.BaseName;
        byte[] source = random.OneIn(2) ? disk.ReadAll(random.Pick(own)) : Foreign(recovery, random);
        int generation = random.Next(4) switch
        {
            0 => random.Next(1, 6),
            1 => random.Next(1, 60),
            2 => random.Next(1, 1 << 20),
            _ => Highest(own, disk) + random.Next(1, 3),
        };
        string name = random.Next(8) switch
        {
            0 => $"{baseName}tmp.log",
            1 => $"{baseName}.log.bak",
            2 => $"{baseName}{generation:X5}.log",
            3 => $"{baseName}.jtx",
            4 => $"{baseName}res00001.jrs",
            5 => $"x{baseName[1..]}{generation:X8}.log",
            _ => $"{baseName}{generation:X8}.log",
        };
        byte[] content = random.Next(5) switch
        {
            0 => Renumbered(source, generation),
            1 => source[..(source.Length / 2 / LogBytes.Segment * LogBytes.Segment)],
            2 => new byte[source.Length],
            _ => source,
        };
        // What is there stays there: this is about what is added.
        string path = Path.Combine(folder, name);
        if (disk.FileExists(path))
            return "";
        disk.Put(path, content);
        return $" {path}";
    }

    private static byte[] Foreign(RecoveryCase recovery, Random random)
    {
        string[] others = [.. RecoveryCases.Soft.Where(name => name != recovery.Name)];
        var other = RecoveryCases.Get(random.Pick(others));
        return other.Disk.ReadAll(random.Pick([.. other.Disk.Files.Where(LogMutation.IsLog)]));
    }

    private static int Highest(string[] logs, SimulatedDisk disk) =>
        logs.Max(path => BitConverter.ToInt32(disk.ReadAll(path), 4));

    private static byte[] Renumbered(byte[] log, int generation)
    {
        byte[] copy = [.. log];
        BitConverter.TryWriteBytes(copy.AsSpan(4), generation);
        LogBytes.StampHeader(copy);
        return copy;
    }
}
