using PipelineBackup.Ese.Tests.Simulation;
using PipelineBackup.Ese.Tests.Trees;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Each damage of the corpus gets the engine's answer, and harms nothing that the damage had not harmed.</summary>
public sealed class DamagedRecoveryTests
{
    // Found out before anything is done: nothing may have been written.
    private static readonly string[] s_refusedAtOnce =
    [
        "hard-genhigh-below-header", "hard-genhigh-below-trailer", "hard-db-missing", "hard-db-trailer-bad",
        "hard-db-trailer-cut", "hard-hdr-both-bad", "hard-log-missing-mid", "hdr-both-bad",
    ];

    public static TheoryData<string> Names => DamagedCase.Names;

    [Theory]
    [MemberData(nameof(Names), DisableDiscoveryEnumeration = true)]
    public void It_is_answered_as_the_engine_does(string name)
    {
        var damaged = DamagedCase.Read(name);
        var recovery = damaged.Make(damaged: true);
        var disk = recovery.Disk.Copy();
        var before = recovery.Disk.Files.ToDictionary(path => path, recovery.Disk.ReadAll);
        EseException? failure = null;
        try
        {
            recovery.Recover(disk);
        }
        catch (EseException exception)
        {
            failure = exception;
        }

        // The engine reports success here and leaves a corrupt database: the trailer is enforced instead.
        var expected = name == "hard-genhigh-below-trailer" ? EseError.EndingRestoreLogTooLow : damaged.Error;
        Assert.True(expected == (failure?.Error ?? EseError.Success), $"{expected} is expected, not {failure}");
        Assert.Equal("", disk.OpenPaths);
        Assert.DoesNotContain(disk.Changed, path => !recovery.MayWrite(path));
        if (failure is null)
        {
            ProveContent(damaged, recovery, disk);
            return;
        }

        Assert.NotEqual("", failure.Hint);
        foreach (var (path, content) in before.Where(each => Path.GetExtension(each.Key) is ".log" or ".chk"))
            Assert.True(disk.FileExists(path) && content.AsSpan().SequenceEqual(disk.ReadAll(path)), $"{path} was changed");
        if (s_refusedAtOnce.Contains(name))
            Assert.Empty(disk.Changed);
    }

    [Theory]
    [MemberData(nameof(Names), DisableDiscoveryEnumeration = true)]
    public void What_failed_half_way_goes_on_once_the_damage_is_mended(string name)
    {
        var damaged = DamagedCase.Read(name);
        if (damaged.Error == EseError.Success || damaged.IsHard)
            return;
        var recovery = damaged.Make(damaged: true);
        var sound = damaged.Make(damaged: false);
        var disk = recovery.Disk.Copy();
        Assert.Throws<EseException>(() => recovery.Recover(disk));
        foreach (string path in sound.Disk.Files.Where(path => path != damaged.Database))
            disk.Put(path, sound.Disk.ReadAll(path));
        if (disk.FileExists(damaged.Database))
            Mend(disk, damaged.Database, recovery.Disk.ReadAll(damaged.Database), sound.Disk.ReadAll(damaged.Database));
        var options = sound.Options with { Disk = disk };
        new SoftRecovery(options).Run();
        RecoveryProof.Prove(sound, disk);
    }

    private static void ProveContent(DamagedCase damaged, RecoveryCase recovery, SimulatedDisk disk)
    {
        if (!disk.FileExists(damaged.Database))
        {
            Assert.Null(damaged.DumpError);
            return;
        }

        if (damaged.DumpError == EseError.Success)
        {
            // A lost flush that no log names stays: the rows are there, the space of the tree is not accounted for.
            RecoveryProof.Prove(recovery, disk, thorough: !damaged.Name.StartsWith("lostflush-untouched", StringComparison.Ordinal));
            return;
        }

        // Pages that no log names stay as damaged as they were.
        byte[] file = disk.ReadAll(damaged.Database);
        var (header, size) = RecoveryProof.ProveClean(file, damaged.Database);
        Assert.NotEmpty(new DatabaseCheck(new MemoryPages(size, file), header).Run().Findings);
    }

    // Puts back what the damage had changed: what recovery did meanwhile stays, but for those pages.
    private static void Mend(SimulatedDisk disk, string path, byte[] damaged, byte[] sound)
    {
        const int page = 4096;
        byte[] now = disk.ReadAll(path);
        if (now.Length < sound.Length)
            Array.Resize(ref now, sound.Length);
        for (int at = 0; at + page <= sound.Length; at += page)
        {
            bool same = at + page <= damaged.Length
                && damaged.AsSpan(at, page).SequenceEqual(sound.AsSpan(at, page));
            if (!same)
                sound.AsSpan(at, page).CopyTo(now.AsSpan(at));
        }

        disk.Put(path, now);
    }
}
