using System.Collections.Concurrent;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>A set of the real engine on a simulated disk, how it is recovered, and what the engine made of it.</summary>
internal sealed record RecoveryCase
{
    private static readonly ConcurrentDictionary<string, byte[]> s_files = new();

    /// <summary>Where everything is that soft recovery works on.</summary>
    public static string Home { get; } = Path.GetFullPath("/set");

    /// <summary>Where temporary files go.</summary>
    public static string Scratch { get; } = Path.GetFullPath("/scratch");

    /// <summary>The set, and for what it is used.</summary>
    public required string Name { get; init; }

    /// <summary>The disk as the engine left it; never changed, only copied.</summary>
    public required SimulatedDisk Disk { get; init; }

    /// <summary>What recovery is told.</summary>
    public required RecoveryOptions Options { get; init; }

    /// <summary>The databases that are recovered, each with the beginning of the paths of its reference dumps.</summary>
    public required IReadOnlyList<(string Path, string Reference)> Databases { get; init; }

    /// <summary>Paths of files that recovery may write: databases and their flush maps, logs, checkpoint, scratch.</summary>
    public bool MayWrite(string path)
    {
        string? folder = Path.GetDirectoryName(path);
        string name = Path.GetFileName(path);
        if (folder == Scratch)
            return true;
        if (Databases.Any(each => each.Path == path || Path.ChangeExtension(each.Path, ".jfm") == path))
            return true;
        string logs = Options.LogDirectory;
        if (Options is HardRecoveryOptions { TargetLogDirectory: { } target })
            logs = target;
        return (folder == logs || folder == (Options.CheckpointDirectory ?? logs))
            && name.StartsWith(Options.BaseName, StringComparison.OrdinalIgnoreCase)
            && (Path.GetExtension(name) is ".log" or ".chk" or ".jtx"
                || name.Contains(".log.left-out", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Recovers what is on a disk.</summary>
    /// <param name="disk">The disk; a copy of <see cref="Disk"/>, as a rule.</param>
    /// <param name="change">Changes the options.</param>
    public RecoveryReport Recover(SimulatedDisk disk, Func<RecoveryOptions, RecoveryOptions>? change = null)
    {
        var options = Options with { Disk = disk };
        options = change?.Invoke(options) ?? options;
        return options is HardRecoveryOptions hard ? new HardRecovery(hard).Run() : new SoftRecovery(options).Run();
    }

    /// <summary>A disk with the files of a folder.</summary>
    /// <param name="folder">Where they are.</param>
    /// <param name="to">Where they are on the disk.</param>
    /// <param name="disk">The disk; null for a new one.</param>
    /// <param name="only">Which of them; null for all.</param>
    public static SimulatedDisk Load(
        string folder, string to, SimulatedDisk? disk = null, Func<string, bool>? only = null)
    {
        disk ??= new SimulatedDisk();
        disk.AddDirectory(to).AddDirectory(Scratch);
        foreach (string file in Directory.EnumerateFiles(folder).Where(file => only?.Invoke(Path.GetFileName(file)) ?? true))
            disk.Put(Path.Combine(to, Path.GetFileName(file)), s_files.GetOrAdd(file, File.ReadAllBytes));
        return disk;
    }
}
