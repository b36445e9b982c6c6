using System.Globalization;
using System.Text.RegularExpressions;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Whatever the real engine left recovers to what the real engine made of it.</summary>
public sealed partial class CorpusRecoveryTests
{
    public static TheoryData<string> Soft => [.. RecoveryCases.Soft];

    public static TheoryData<string> Hard => [.. RecoveryCases.Hard];

    [Theory]
    [MemberData(nameof(Soft), DisableDiscoveryEnumeration = true)]
    public void A_killed_database_recovers_as_the_engine_does_it(string name)
    {
        var recovery = RecoveryCases.Get(name);
        var disk = recovery.Disk.Copy();
        var report = recovery.Recover(disk);
        Assert.Equal(EseError.Success, report.Result);
        Assert.All(report.Databases, database => Assert.Equal(RecoveryOutcome.Recovered, database.Outcome));
        Assert.Equal(recovery.Databases.Count, report.Databases.Count);
        Assert.True(report.Records > 0 && report.LogBytes > 0 && report.PagesRedone > 0 && report.PagesWritten > 0, $"{report}");
        RecoveryProof.Prove(recovery, disk);
        ProveHeaders(recovery, disk, report);
        ProveManners(recovery, disk);
    }

    [Theory]
    [MemberData(nameof(Hard), DisableDiscoveryEnumeration = true)]
    public void A_backup_set_restores_as_the_engine_does_it(string name)
    {
        var recovery = RecoveryCases.Get(name);
        var disk = recovery.Disk.Copy();
        var report = recovery.Recover(disk);
        Assert.Equal(EseError.Success, report.Result);
        Assert.Equal(recovery.Databases.Count, report.Databases.Count(each => each.Outcome == RecoveryOutcome.Recovered));
        Assert.All(report.Databases, each =>
            Assert.True(each.Outcome is RecoveryOutcome.Recovered or RecoveryOutcome.Skipped, $"{each}"));
        Assert.Equal(name.Contains("subset", StringComparison.Ordinal),
            report.Databases.Any(each => each.Outcome == RecoveryOutcome.Skipped));
        RecoveryProof.Prove(recovery, disk);
        ProveHeaders(recovery, disk, report);
        ProveManners(recovery, disk);
    }

    [Theory]
    [MemberData(nameof(Soft), DisableDiscoveryEnumeration = true)]
    public void What_is_recovered_stays_as_it_is(string name)
    {
        var recovery = RecoveryCases.Get(name);
        var disk = recovery.Disk.Copy();
        recovery.Recover(disk);
        var before = Contents(disk);
        var report = recovery.Recover(disk);
        Assert.All(report.Databases, database => Assert.Equal(RecoveryOutcome.AlreadyClean, database.Outcome));
        Assert.Equal((0L, 0L), (report.PagesWritten, report.PagesRedone));
        foreach (var (path, content) in Contents(disk).Where(each => recovery.Databases.Any(its => its.Path == each.Key)))
            Assert.True(content.AsSpan().SequenceEqual(before[path]), $"{path} was changed");
        RecoveryProof.Prove(recovery, disk, thorough: false);
    }

    [Fact]
    public void Replay_without_undo_leaves_it_for_a_later_recovery()
    {
        foreach (string name in RecoveryCases.Soft)
        {
            var recovery = RecoveryCases.Get(name);
            var disk = recovery.Disk.Copy();
            var report = recovery.Recover(disk, options => options with { SkipUndo = true });
            Assert.Equal(EseError.RecoveredWithoutUndo, report.Result);
            Assert.All(report.Databases, database => Assert.Equal(RecoveryOutcome.Replayed, database.Outcome));
            recovery.Recover(disk);
            RecoveryProof.Prove(recovery, disk, thorough: false);
        }
    }

    [Fact]
    public void Little_memory_makes_it_slower_and_nothing_else()
    {
        foreach (string name in RecoveryCases.All)
        {
            var recovery = RecoveryCases.Get(name);
            var disk = recovery.Disk.Copy();
            recovery.Recover(disk, options => options with { MemoryBytes = KillSimulation.Memories(recovery)[0] });
            RecoveryProof.Prove(recovery, disk, thorough: false);
            Assert.DoesNotContain(disk.Files, path => Path.GetDirectoryName(path) == RecoveryCase.Scratch);
        }
    }

    private static Dictionary<string, byte[]> Contents(SimulatedDisk disk) =>
        disk.Files.ToDictionary(path => path, disk.ReadAll);

    // Nothing but the database, logs and checkpoint was touched; nothing temporary is left; all of it is safe.
    private static void ProveManners(RecoveryCase recovery, SimulatedDisk disk)
    {
        Assert.DoesNotContain(disk.Changed, path => !recovery.MayWrite(path));
        Assert.DoesNotContain(disk.Files, path => Path.GetDirectoryName(path) == RecoveryCase.Scratch);
        disk.Crash(CrashKind.AllLost, new(1));
        RecoveryProof.Prove(recovery, disk, thorough: false);
    }

    // Undo may take other steps than the engine's; where there is none the counters are the same.
    private static void ProveHeaders(RecoveryCase recovery, SimulatedDisk disk, RecoveryReport report)
    {
        foreach (var (path, reference) in recovery.Databases)
        {
            string text = reference + "-header.txt";
            if (!File.Exists(text))
                continue;
            var (header, _) = RecoveryProof.ProveClean(disk.ReadAll(path), path);
            string dump = File.ReadAllText(text);
            Assert.Equal(Number(LastObject(), dump), header.LastObject.Value);
            ulong time = Number(DbTimeLine(), dump);
            if (report.Undone == 0)
                Assert.Equal(time, header.DbTime.Value);
            Assert.Equal(Number(Attach(), dump), (ulong)header.Attach.Generation.Value);
        }
    }

    private static ulong Number(Regex line, string dump)
    {
        string text = line.Match(dump).Groups[1].Value;
        return text.StartsWith("0x", StringComparison.Ordinal)
            ? Convert.ToUInt64(text, 16)
            : ulong.Parse(text, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^ *dbtime: (\d+)", RegexOptions.Multiline)]
    private static partial Regex DbTimeLine();

    [GeneratedRegex(@"^ *Last Objid: (\d+)", RegexOptions.Multiline)]
    private static partial Regex LastObject();

    [GeneratedRegex(@"^ *Last Attach: \((0x[0-9A-F]+)", RegexOptions.Multiline)]
    private static partial Regex Attach();
}
